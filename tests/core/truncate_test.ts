// Truncating a tube: what is gone at once, what stays, and what comes free later. RUNNERBEAN_MANY_JOBS sets how many jobs the
// large tube has; 1000000 shows the time of a call that README names.

import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Engine } from "../../src/core/engine.ts";
import { BURIED, DELAYED, READY, STATES_ALL } from "../../src/core/jobs.ts";
import { MOVES_PER_CALL, RENUMBER_TRUNCATES_AT } from "../../src/core/limits.ts";
import * as out from "../../src/core/outbox.ts";
import type { Session } from "../../src/core/session.ts";
import { checkInvariants } from "../simulation/invariants.ts";

const MANY_JOBS = Number(process.env.RUNNERBEAN_MANY_JOBS ?? 20_000);
const NOW = 1_700_000_000_000;
const TUBE = name("t");

function name(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A queue with one session, whose calls answer their last reply. */
class Scene {
  readonly engine: Engine;
  readonly session: Session;
  readonly truncations: out.Truncation[] = [];
  dropped = 0;

  constructor(engine: Engine = new Engine()) {
    this.engine = engine;
    this.session = engine.open();
    this.ask((engine, session) => engine.use(session, TUBE, 0, 1));
    this.ask((engine, session) => engine.watch(session, TUBE, 0, 1));
  }

  /** Kind and number of the last reply. */
  ask(call: (engine: Engine, session: Session) => void, session: Session = this.session): number[] {
    const { outbox } = this.engine;
    call(this.engine, session);
    for (let i = 0; i < outbox.recordCount; i++) {
      if (outbox.recordKind(i) === out.RECORD_DROPPED) this.dropped++;
      if (outbox.recordKind(i) === out.RECORD_TRUNCATE) {
        this.truncations.push(outbox.truncates[outbox.recordNumber(i)]);
      }
    }
    const last = outbox.length - 1;
    const reply = last < 0 ? [] : [outbox.kind(last), outbox.number(last)];
    outbox.clear();
    return reply;
  }

  put(delay: number = 0, pri: number = 0): number {
    const [kind, id] = this.ask((engine, session) => {
      assert(engine.beginPut(session, 3, NOW));
      engine.fillPut(session, name("abc\r\n"), 0, 5);
      engine.put(session, pri, delay, 60, NOW);
    });
    assertEquals(kind, out.INSERTED);
    return id;
  }

  reserve(id: number): void {
    const [kind] = this.ask((engine, session) => engine.reserveJob(session, id, NOW));
    assertEquals(kind, out.RESERVED_JOB);
  }

  bury(id: number): void {
    this.reserve(id);
    assertEquals(this.ask((engine, session) => engine.bury(session, id, 0)), [out.BURIED_JOB, 0]);
  }

  truncate(states: number = STATES_ALL, tube: Uint8Array = TUBE): number[] {
    return this.ask((engine, session) => engine.truncate(session, tube, 0, tube.length, states));
  }

  /** Calls of work() until nothing is left to be done. */
  work(): number {
    let calls = 0;
    for (; this.engine.hasWork; calls++) this.ask((engine) => engine.work(NOW));
    checkInvariants(this.engine);
    return calls;
  }

  gauges(): number[] {
    const { ready, urgent, delayed, reserved, buried } = this.engine.counters;
    return [ready, urgent, delayed, reserved, buried];
  }
}

describe("a truncate", () => {
  it("removes jobs of the states that are asked for, and counts them", () => {
    for (const states of [1 << READY, 1 << DELAYED, 1 << BURIED, 1 << READY | 1 << BURIED, STATES_ALL]) {
      const scene = new Scene();
      const of: Record<number, number[]> = {
        [READY]: [scene.put(), scene.put(0, 5000), scene.put()],
        [DELAYED]: [scene.put(9), scene.put(4)],
        [BURIED]: [scene.put()],
      };
      scene.bury(of[BURIED][0]);
      const killed = [READY, DELAYED, BURIED].filter((state) => (states & 1 << state) !== 0);
      const count = killed.reduce((sum, state) => sum + of[state].length, 0);
      assertEquals(scene.truncate(states), [out.TRUNCATED, count]);
      for (const state of [READY, DELAYED, BURIED]) {
        const isThere = !killed.includes(state);
        for (const id of of[state]) {
          assertEquals(scene.engine.jobs.find(id) !== 0, isThere);
          const [kind] = scene.ask((engine, session) => engine.peek(session, id));
          assertEquals(kind, isThere ? out.FOUND_JOB : out.NOT_FOUND);
        }
      }
      const left = (state: number, is: number): number => killed.includes(state) ? 0 : is;
      const gauges = [left(READY, 3), left(READY, 2), left(DELAYED, 2), 0, left(BURIED, 1)];
      assertEquals(scene.gauges(), gauges);
      scene.work();
      assertEquals(scene.gauges(), gauges);
      assertEquals([scene.engine.jobs.rowCount, scene.dropped], [6 - count, count]);
    }
  });

  it("leaves reserved jobs, which live on when they are released, and what comes after it", () => {
    const scene = new Scene();
    const held = [scene.put(), scene.put()];
    for (const id of held) scene.reserve(id);
    const dead = scene.put();
    assertEquals(scene.truncate(), [out.TRUNCATED, 1]);
    assertEquals(scene.truncations.map(({ spared }) => [...spared].sort()), [held]);
    const [kind] = scene.ask((engine, session) => engine.release(session, held[0], 0, 0, NOW));
    assertEquals(kind, out.RELEASED);
    const after = scene.put();
    for (const id of [...held, after]) assert(scene.engine.jobs.find(id) !== 0, `job ${id}`);
    assertEquals(scene.engine.jobs.find(dead), 0);
    scene.work();
    assertEquals(scene.engine.jobs.count, 3);
  });

  it("says nothing to the journal when there is nothing, and knows no tube that is not there", () => {
    const scene = new Scene();
    assertEquals(scene.truncate(), [out.TRUNCATED, 0]);
    assertEquals(scene.truncate(STATES_ALL, name("none")), [out.NOT_FOUND, 0]);
    assertEquals(scene.truncations, []);
    assert(!scene.engine.hasWork);
  });

  it("may follow another one before that is cleared away, also in a new tube of the same name", () => {
    const scene = new Scene();
    const keeper = scene.put();
    scene.bury(keeper);
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 300; i++) scene.put(i % 3, i % 7);
      assertEquals(scene.truncate(1 << READY | 1 << DELAYED), [out.TRUNCATED, 300]);
      scene.ask((engine) => engine.work(NOW));
    }
    assertEquals([scene.engine.jobs.count, scene.engine.counters.buried], [1, 1]);
    // Nobody uses or watches the tube any more: with its last jobs it goes, and comes anew.
    const { engine, session } = scene;
    scene.put();
    scene.ask(() => engine.use(session, name("default"), 0, 7));
    scene.ask(() => engine.ignore(session, TUBE, 0, 1));
    assertEquals(scene.truncate(), [out.TRUNCATED, 2]);
    assertEquals([engine.tubes.find(TUBE, 0, 1), engine.jobs.count], [undefined, 0]);
    scene.ask(() => engine.use(session, TUBE, 0, 1));
    const fresh = scene.put();
    assert(engine.jobs.find(fresh) !== 0);
    scene.work();
    assertEquals([engine.jobs.rowCount, engine.tubes.find(TUBE, 0, 1)!.ready.length], [1, 1]);
  });

  it("gives the slots of tubes that are gone again", () => {
    const scene = new Scene();
    const { engine, session } = scene;
    for (let i = 0; i < 200; i++) {
      const tube = name(`tube-${i}`);
      scene.ask(() => engine.use(session, tube, 0, tube.length));
      scene.put();
      scene.ask(() => engine.use(session, TUBE, 0, 1));
      const [kind] = scene.ask(() => engine.deleteTube(session, tube, 0, tube.length));
      assertEquals(kind, out.TUBE_DELETED);
      if (i % 3 === 0) scene.work();
    }
    scene.work();
    const fresh = name("fresh");
    const [, slot] = scene.ask(() => engine.use(session, fresh, 0, fresh.length));
    assert(slot < 8, `slot ${slot}`);
  });

  it("takes no longer for many jobs, and clears them away a few at a time", () => {
    const scene = new Scene();
    for (let i = 0; i < MANY_JOBS; i++) scene.put(i % 4 === 3 ? 60 : 0, i % 3);
    const used = scene.engine.usedBytes;
    const began = performance.now();
    assertEquals(scene.truncate(), [out.TRUNCATED, MANY_JOBS]);
    const ms = performance.now() - began;
    assertEquals([scene.engine.jobs.count, scene.engine.usedBytes], [0, used]);
    const calls = scene.work();
    console.log(
      `a truncate of ${MANY_JOBS} jobs took ${ms.toFixed(3)} ms, ${calls} calls of work() cleared it`,
    );
    assertEquals(calls, Math.ceil(MANY_JOBS / MOVES_PER_CALL));
    assertEquals([scene.engine.usedBytes, scene.engine.jobs.rowCount], [0, 0]);
  });

  it("counts truncates anew long before their number is too large for its column", () => {
    const scene = new Scene();
    scene.put();
    const kept = scene.put(5);
    scene.engine.jobs.truncates = RENUMBER_TRUNCATES_AT;
    const late = scene.put();
    assertEquals(scene.truncate(1 << READY), [out.TRUNCATED, 2]);
    scene.work();
    assertEquals(scene.engine.jobs.truncates, 0);
    assertEquals([scene.engine.jobs.find(late), scene.engine.jobs.count], [0, 1]);
    assertEquals(scene.truncate(), [out.TRUNCATED, 1]);
    assertEquals(scene.engine.jobs.find(kept), 0);
    scene.work();
  });

  it("is refused when more jobs are reserved than the journal has room to spare", () => {
    const engine = new Engine();
    engine.limitChanges(2);
    const scene = new Scene(engine);
    for (let i = 0; i < 5; i++) scene.reserve(scene.put());
    scene.put();
    assertEquals(scene.truncate(), [out.OUT_OF_MEMORY, 0]);
    assertEquals(scene.engine.jobs.count, 6);
    const { first } = scene.session.held;
    const id = scene.engine.jobs.id.get(first);
    scene.ask((engine, session) => engine.delete(session, id));
    assertEquals(scene.truncate(), [out.TRUNCATED, 1]);
    scene.work();
  });
});

describe("delete-tube", () => {
  const deleteTube = (scene: Scene, tube: Uint8Array): number[] =>
    scene.ask((engine, session) => engine.deleteTube(session, tube, 0, tube.length));

  it("is refused while the tube is used, watched or has a reserved job, and for default", () => {
    const scene = new Scene();
    const { engine, session } = scene;
    const id = scene.put();
    assertEquals(deleteTube(scene, TUBE), [out.IN_USE, 0]);
    scene.ask(() => engine.use(session, name("default"), 0, 7));
    assertEquals(deleteTube(scene, TUBE), [out.IN_USE, 0]);
    scene.reserve(id);
    scene.ask(() => engine.ignore(session, TUBE, 0, 1));
    assertEquals(deleteTube(scene, TUBE), [out.IN_USE, 0]);
    scene.ask(() => engine.release(session, id, 0, 0, NOW));
    assertEquals(deleteTube(scene, TUBE), [out.TUBE_DELETED, 0]);
    assertEquals(deleteTube(scene, TUBE), [out.NOT_FOUND, 0]);
    assertEquals(deleteTube(scene, name("default")), [out.IN_USE, 0]);
    scene.work();
    assertEquals([engine.jobs.rowCount, engine.tubes.list.length], [0, 1]);
  });
});

describe("requeue", () => {
  const bodyOf = (scene: Scene, id: number): string => {
    let text = "";
    const take = (bytes: Uint8Array, from: number, to: number): void => {
      text += new TextDecoder().decode(bytes.subarray(from, to));
    };
    const copy = { copy: take, keep: (bytes: Uint8Array, length: number) => take(bytes, 0, length) };
    scene.engine.readBody(scene.engine.jobs.find(id), copy);
    return text;
  };
  const requeue = (scene: Scene, id: number, tube: string | null, delay: number = 0): number[] => {
    const bytes = tube === null ? null : name(tube);
    return scene.ask((engine, session) =>
      engine.requeue(session, id, bytes, 0, bytes?.length ?? 0, 7, delay, 0, NOW)
    );
  };

  it("moves a job of any state, with new values, to another tube", () => {
    const scene = new Scene();
    const ids = [scene.put(), scene.put(5), scene.put(), scene.put()];
    scene.bury(ids[2]);
    scene.reserve(ids[3]);
    for (const id of ids) assertEquals(requeue(scene, id, "other", id % 2), [out.REQUEUED, 0]);
    const { jobs } = scene.engine;
    const other = scene.engine.tubes.find(name("other"), 0, 5)!;
    for (const id of ids) {
      const row = jobs.find(id);
      assertEquals([jobs.pri.get(row), jobs.ttr.get(row), jobs.tube.get(row)], [7, 1, other.slot]);
      assertEquals(jobs.state.get(row), id % 2 === 1 ? DELAYED : READY);
      assertEquals(bodyOf(scene, id), "abc\r\n");
    }
    assertEquals(other.totalJobs, 4);
    scene.work();
    const stranger = scene.engine.open();
    scene.reserve(ids[1]);
    const [kind] = scene.ask(
      (engine) => engine.requeue(stranger, ids[1], null, 0, 0, 0, 0, 1, NOW),
      stranger,
    );
    assertEquals(kind, out.NOT_FOUND);
  });

  it("gives a job another body, and serves who waits for it", () => {
    const scene = new Scene();
    const id = scene.put(60);
    const worker = scene.engine.open();
    scene.ask((engine) => engine.watch(worker, TUBE, 0, 1));
    scene.ask((engine) => engine.reserve(worker, NOW));
    const text = "x".repeat(100_000);
    assert(scene.engine.beginReplacement(scene.session, text.length));
    scene.engine.fillPut(scene.session, name(`${text}\r\n`), 0, text.length + 2);
    const [kind, row] = requeue(scene, id, null);
    assertEquals([kind, scene.engine.jobs.id.get(row)], [out.RESERVED_JOB, id]);
    assertEquals(bodyOf(scene, id), `${text}\r\n`);
    scene.work();
  });

  it("keeps nothing of a body for a job that is not there, and has none beyond the limit of memory", () => {
    const scene = new Scene(new Engine({ maxMemoryBytes: 10_000 }));
    const before = scene.engine.usedBytes;
    assert(scene.engine.beginReplacement(scene.session, 100));
    assertEquals(requeue(scene, 77, null), [out.NOT_FOUND, 0]);
    assertEquals(scene.engine.usedBytes, before);
    assert(!scene.engine.beginReplacement(scene.session, 10_000));
    scene.work();
  });
});
