// Sessions that watch many tubes: what they get is what they would get by looking at each tube, whatever the number from which
// on they have an index; closing them goes on in slices; work beyond the usual is counted.

import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Engine } from "../../src/core/engine.ts";
import { MOVES_PER_CALL, STEPS_PER_COMMAND, WATCHES_PER_CALL } from "../../src/core/limits.ts";
import * as out from "../../src/core/outbox.ts";
import type { Session } from "../../src/core/session.ts";
import { TubeTable } from "../../src/core/tube_table.ts";
import type { Tube } from "../../src/core/tube.ts";
import { Random } from "../support/random.ts";
import { freshSeed } from "../support/runtime.ts";
import { checkInvariants } from "../simulation/invariants.ts";

const NOW = 1_700_000_000_000;
const encoder = new TextEncoder();
const BODY = encoder.encode("x\r\n");

/** An engine whose replies are collected as text. */
class Scene {
  readonly engine: Engine;
  readonly sessions: (Session | null)[] = [];
  readonly replies: string[] = [];
  /** Ids of the jobs that were granted, by session. */
  readonly held = new Map<Session, number[]>();
  now = NOW;

  constructor(mostUnindexedWatches: number) {
    this.engine = new Engine({ mostUnindexedWatches });
  }

  collect(): void {
    const { outbox, jobs } = this.engine;
    for (let i = 0; i < outbox.length; i++) {
      const kind = outbox.kind(i);
      const isRow = kind === out.RESERVED_JOB || kind === out.FOUND_JOB;
      const number = isRow ? jobs.id.get(outbox.number(i)) : kind === out.USING ? 0 : outbox.number(i);
      const session = outbox.session(i);
      if (kind === out.RESERVED_JOB) this.held.set(session, [...this.held.get(session) ?? [], number]);
      this.replies.push(`${this.sessions.indexOf(session)}: ${kind} ${number}`);
    }
    outbox.clear();
  }

  put(session: Session, pri: number, delay: number, ttr: number): void {
    this.engine.beginPut(session, BODY.length - 2, this.now);
    this.engine.fillPut(session, BODY, 0, BODY.length);
    this.engine.put(session, pri, delay, ttr, this.now);
  }

  watch(session: Session, tube: string): void {
    this.engine.watch(session, encoder.encode(tube), 0, tube.length);
  }

  /** One random step; the same for each scene with the same random numbers. */
  step(random: Random): void {
    const { engine, sessions } = this;
    const slot = random.below(6);
    const [action, a, b] = [random.below(16), random.below(12), random.below(4)];
    const tube = encoder.encode(`tube${a}`);
    const session = sessions[slot] ??= engine.open();
    const ids = this.held.get(session) ?? [];
    if (action === 15) {
      engine.close(session, this.now);
      sessions[slot] = null;
      this.held.delete(session);
    } else if (action === 14) {
      this.now += 400 * b;
      engine.tick(this.now);
    } else if (!session.isBlocked) this.command(session, action, tube, b, ids);
    while (engine.hasWork) engine.work(this.now);
    this.collect();
  }

  private command(session: Session, action: number, tube: Uint8Array, b: number, ids: number[]): void {
    const { engine, now } = this;
    switch (action) {
      case 0:
      case 1:
      case 2:
        return engine.watch(session, tube, 0, tube.length);
      case 3:
        return engine.ignore(session, tube, 0, tube.length);
      case 4:
        return engine.use(session, tube, 0, tube.length);
      case 5:
      case 6:
        return this.put(session, b, action === 6 ? b : 0, 1 + b);
      case 7:
        return engine.reserve(session, now);
      case 8:
      case 9:
        return engine.reserveWithTimeout(session, action === 9 ? 0 : b, now);
      case 10:
        return ids.length === 0 ? undefined : engine.delete(session, ids.pop()!);
      case 11:
        return ids.length === 0 ? undefined : engine.release(session, ids.pop()!, b, 0, now);
      case 12:
        return engine.pauseTube(session, tube, 0, tube.length, b, now);
      default:
        return b === 0 ? engine.truncate(session, tube, 0, tube.length, 2) : engine.kick(session, b, now);
    }
  }
}

describe("a session that watches many tubes", () => {
  const seed = freshSeed("watches");

  it("is answered the same with an index and without, whatever happens to its tubes", () => {
    for (let run = 0; run < 12; run++) {
      const thresholds = [Infinity, 0, 1, 4];
      const answers = thresholds.map((threshold) => {
        const random = new Random(seed + run);
        const scene = new Scene(threshold);
        for (let i = 0; i < 500; i++) {
          scene.step(random);
          if (i % 10 === 0) checkInvariants(scene.engine);
        }
        return scene.replies;
      });
      assert(answers[0].length > 100, "something was answered");
      for (let i = 1; i < answers.length; i++) {
        assertEquals(answers[i], answers[0], `an index from ${thresholds[i]} watches on, seed ${seed + run}`);
      }
    }
  });

  it("waits without joining the queues of its tubes, and is served in its turn", () => {
    const scene = new Scene(2);
    const [producer, few, many, late] = Array.from({ length: 4 }, () => scene.engine.open());
    scene.sessions.push(producer, few, many, late);
    for (let i = 0; i < 50; i++) scene.watch(many, `w${i}`);
    for (const session of [few, late]) scene.watch(session, "w7");
    for (const session of [few, many, late]) scene.engine.reserve(session, NOW);
    const tube = scene.engine.tubes.find(encoder.encode("w7"), 0, 2)!;
    assertEquals([tube.waiters.count, tube.waitingCount], [2, 3]);
    scene.collect();
    scene.replies.length = 0;
    scene.engine.use(producer, tube.name, 0, 2);
    scene.collect();
    for (let i = 0; i < 3; i++) scene.put(producer, 0, 0, 60);
    scene.collect();
    checkInvariants(scene.engine);
    const granted = scene.replies.filter((reply) => reply.includes(`: ${out.RESERVED_JOB} `));
    assertEquals(granted, [
      `1: ${out.RESERVED_JOB} 1`,
      `2: ${out.RESERVED_JOB} 2`,
      `3: ${out.RESERVED_JOB} 3`,
    ]);
  });

  for (const isWaiting of [false, true]) {
    it(`is closed in slices${isWaiting ? ", while it waits" : ""}`, () => {
      const scene = new Scene(1024);
      const session = scene.engine.open();
      const count = 3 * WATCHES_PER_CALL + 17;
      for (let i = 0; i < count; i++) scene.watch(session, `w${i}`);
      scene.engine.outbox.clear();
      if (isWaiting) scene.engine.reserve(session, NOW);
      scene.engine.close(session, NOW);
      const { list } = scene.engine.tubes;
      let slices = 0;
      for (let before = list.length; scene.engine.hasWork; before = list.length) {
        assert(count + 1 - list.length > 0, "the call itself takes some");
        scene.engine.work(NOW);
        assert(before - list.length <= WATCHES_PER_CALL, "no call takes more");
        slices++;
      }
      assertEquals([list.length, slices], [1, 3]);
      assertEquals([scene.engine.memory.watches, scene.engine.memory.sessions, scene.engine.memory.tubes], [
        0,
        0,
        1,
      ]);
      checkInvariants(scene.engine);
    });
  }

  for (const [watches, jobs] of [[1025, 0], [0, 100], [40, 17], [1025, 100]]) {
    it(`shares the slices with others closed at once: ${watches} watches and ${jobs} jobs each`, () => {
      const scene = new Scene(1024);
      const { engine } = scene;
      const producer = engine.open();
      const sessions = Array.from({ length: 20 }, () => engine.open());
      for (const [n, session] of sessions.entries()) {
        for (let i = 0; i < watches; i++) scene.watch(session, `w${n}-${i}`);
        for (let i = 0; i < jobs; i++) {
          scene.put(producer, 0, 0, 60);
          engine.reserve(session, NOW);
        }
      }
      engine.outbox.clear();
      let [leftWatches, leftJobs] = [engine.memory.watches, engine.counters.reserved];
      const checkSlice = (): void => {
        assert(leftWatches - engine.memory.watches <= WATCHES_PER_CALL, "watches of one turn");
        assert(leftJobs - engine.counters.reserved <= MOVES_PER_CALL, "jobs of one turn");
        [leftWatches, leftJobs] = [engine.memory.watches, engine.counters.reserved];
      };
      for (const session of sessions) engine.close(session, NOW);
      checkSlice();
      let slices = 0;
      for (; engine.hasWork; slices++) {
        engine.work(NOW);
        checkSlice();
      }
      const least = Math.ceil(20 * Math.max((watches + 1) / WATCHES_PER_CALL, jobs / MOVES_PER_CALL));
      assert(slices <= 2 * least + 1, `${slices} slices where ${least} would do`);
      assertEquals([engine.counters.reserved, engine.memory.watches, engine.memory.sessions], [0, 1, 1]);
      assertEquals(engine.counters.ready, 20 * jobs);
      checkInvariants(engine);
    });
  }

  it("is closed at once with few watches and jobs, however many others are", () => {
    const scene = new Scene(1024);
    const { engine } = scene;
    const producer = engine.open();
    const sessions = Array.from({ length: 1000 }, () => engine.open());
    for (const session of sessions) {
      scene.put(producer, 0, 0, 60);
      engine.reserve(session, NOW);
    }
    engine.outbox.clear();
    for (const session of sessions) engine.close(session, NOW);
    assertEquals([engine.counters.reserved, engine.memory.sessions, engine.hasWork], [0, 1, false]);
    checkInvariants(engine);
  });

  it("has what its commands cost counted, with few, many and very many watches", () => {
    for (const [count, least, most] of [[1, 0, 0], [1000, 1000, 1000], [5000, 0, 0]]) {
      const { engine } = new Scene(1024);
      const session = engine.open();
      for (let i = 1; i < count; i++) {
        const tube = encoder.encode(`w${i}`);
        engine.watch(session, tube, 0, tube.length);
      }
      engine.takeEffort();
      engine.reserveWithTimeout(session, 0, NOW);
      const effort = engine.takeEffort();
      assert(effort >= least && effort <= most, `${count} watches: ${effort} steps`);
    }
  });

  it("and a kick have a cost by what they do", () => {
    const scene = new Scene(1024);
    const session = scene.engine.open();
    for (let i = 0; i < MOVES_PER_CALL; i++) scene.put(session, 0, 100, 60);
    scene.engine.takeEffort();
    scene.engine.kick(session, MOVES_PER_CALL, NOW);
    assert(scene.engine.takeEffort() >= MOVES_PER_CALL * STEPS_PER_COMMAND);
  });
});

describe("the table of tubes", () => {
  it("finds what is in it, while it grows and shrinks", () => {
    const seed = freshSeed("tube table");
    const random = new Random(seed);
    const table = new TubeTable();
    const inside = new Set<Tube>();
    const has = (tube: Tube): boolean => {
      let each = table.first(tube.hash);
      while (each !== null && each !== tube) each = each.nextInTable;
      return each === tube;
    };
    for (const chance of [0.9, 0.2, 0.6, 0.05]) {
      for (let i = 0; i < 3000; i++) {
        if (random.chance(chance) || inside.size === 0) {
          // Few hashes, so that some are equal; some with the highest bit.
          const tube = { hash: random.below(2 ** 32) >>> random.pick([0, 0, 20]), nextInTable: null } as Tube;
          table.add(tube);
          inside.add(tube);
        } else {
          const tube = [...inside][random.below(Math.min(20, inside.size))];
          table.remove(tube);
          inside.delete(tube);
          assert(!has(tube), "what is taken out is not found");
        }
      }
      for (const tube of inside) assert(has(tube), "what is in is found");
    }
  });
});
