// Memory that runs out: a scripted workload is run again and again, and each time another allocation fails, one alone or that and
// all after it. The queue answers OUT_OF_MEMORY or degrades, stays whole, and loses no job that it had said INSERTED to.

import { afterEach, describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { allocations } from "../../src/core/allocation.ts";
import { Engine } from "../../src/core/engine.ts";
import * as out from "../../src/core/outbox.ts";
import type { Session } from "../../src/core/session.ts";
import { checkInvariants } from "../simulation/invariants.ts";

const NOW = 1_700_000_000_000;
const encoder = new TextEncoder();
const SIZES = [0, 10, 200, 3000, 60_000, 400_000];

/** Lets so many allocations through; then one fails, or all do. */
function failFrom(nth: number, isForGood: boolean): () => number {
  let count = 0;
  allocations.onTake = () => {
    count++;
    if (count === nth || (isForGood && count > nth)) throw new RangeError("Array buffer allocation failed");
  };
  return () => count;
}

/** Runs the workload; what was acknowledged is compared with what the queue holds. */
class Workload {
  readonly engine = new Engine();
  readonly alive = new Set<number>();
  readonly refused = new Set<string>();
  private readonly producer: Session = this.engine.open();
  private readonly worker: Session = this.engine.open();
  private readonly held: number[] = [];
  private now = NOW;

  constructor(isObserved: boolean) {
    this.engine.outbox.isObserved = isObserved;
  }

  run(): void {
    const { engine, producer, worker } = this;
    for (let i = 0; i < 60; i++) {
      const tube = encoder.encode(`t${i % 7}`);
      this.call("watch", () => engine.watch(worker, tube, 0, tube.length));
      this.call("use", () => engine.use(producer, tube, 0, tube.length));
      this.put(SIZES[i % SIZES.length], (i * 37) % 11, i % 5 === 0 ? 1 + i % 3 : 0);
    }
    // Priorities and deadlines out of order, so that heaps are needed; ids far apart, so that the index grows.
    for (let i = 0; i < 700; i++) {
      if (i % 3 === 0) engine.inside.nextId += 16 * (i % 50);
      this.put(2, (i * 7919) % 101, i % 4 === 0 ? (i * 31) % 17 + 1 : 0);
    }
    for (let i = 0; i < 120; i++) {
      this.call("reserve", () => engine.reserveWithTimeout(worker, 0, this.now));
      const id = this.held.pop();
      if (id === undefined) continue;
      if (i % 6 === 0) this.call("release", () => engine.release(worker, id, (i * 13) % 7, i % 3, this.now));
      else if (i % 6 === 1) this.call("bury", () => engine.bury(worker, id, i % 5));
      else if (i % 6 === 2) this.call("touch", () => engine.touch(worker, id, this.now));
      else if (i % 6 === 3) this.remove(id);
    }
    this.call("kick", () => engine.kick(producer, 100, this.now));
    const elsewhere = encoder.encode("elsewhere");
    for (const id of [...this.alive].slice(0, 20)) {
      this.call("requeue", () => engine.requeue(worker, id, elsewhere, 0, 9, id % 3, id % 2, 5, this.now));
      this.call("kick-job", () => engine.kickJob(worker, id, this.now));
    }
    this.now += 20_000;
    this.call("tick", () => engine.tick(this.now));
    this.now += 400_000;
    this.call("tick", () => engine.tick(this.now));
    this.call("close", () => engine.close(worker, this.now));
    while (engine.hasWork) this.call("work", () => engine.work(this.now));
    checkInvariants(engine);
  }

  /** Memory is there again: everything can be taken out. */
  drain(): void {
    const { engine } = this;
    for (const id of [...this.alive]) this.remove(id);
    assertEquals([engine.jobs.count, engine.usedBytes], [0, 0]);
    checkInvariants(engine);
  }

  check(): void {
    assertEquals(this.engine.jobs.count, this.alive.size, "jobs that were acknowledged");
    for (const id of this.alive) assert(this.engine.jobs.find(id) !== 0, `job ${id} is lost`);
  }

  private remove(id: number): void {
    this.call("delete", () => this.engine.delete(this.producer, id));
    this.call("delete", () => this.engine.isDraining || this.engine.delete(this.worker, id));
    if (this.engine.jobs.find(id) === 0) this.alive.delete(id);
  }

  private put(bytes: number, pri: number, delay: number): void {
    const { engine, producer } = this;
    const body = new Uint8Array(bytes + 2);
    body.set([13, 10], bytes);
    if (!engine.beginPut(producer, bytes, this.now)) return void this.refused.add("put");
    for (let at = 0; at < body.length; at += 100_000) {
      if (engine.fillPut(producer, body, at, Math.min(body.length, at + 100_000))) continue;
      engine.abandonPut(producer);
      return void this.refused.add("body");
    }
    this.call("put", () => engine.put(producer, pri, delay, 1 + pri % 3, this.now));
  }

  private call(what: string, run: () => unknown): void {
    run();
    const { outbox, jobs } = this.engine;
    for (let i = 0; i < outbox.length; i++) {
      const kind = outbox.kind(i);
      if (kind === out.OUT_OF_MEMORY) this.refused.add(what);
      if (kind === out.INSERTED) this.alive.add(outbox.number(i));
      if (kind === out.RESERVED_JOB) this.held.push(jobs.id.get(outbox.number(i)));
    }
    outbox.clear();
  }
}

describe("a failed allocation", () => {
  afterEach(() => void (allocations.onTake = null));

  for (const isObserved of [false, true]) {
    for (const isForGood of [false, true]) {
      const what = `${isForGood ? "and all after it" : "alone"}${isObserved ? ", with an observer" : ""}`;
      it(`leaves the queue whole, whichever it is: ${what}`, { timeout: 120_000 }, () => {
        const heard = new Set<string>();
        let nth = 0;
        for (let hasFailed = true; hasFailed;) {
          const workload = new Workload(isObserved);
          const count = failFrom(++nth, isForGood);
          workload.run();
          hasFailed = count() >= nth;
          allocations.onTake = null;
          workload.check();
          workload.drain();
          for (const word of workload.refused) heard.add(word);
        }
        console.log(`${nth - 1} allocations; refused: ${[...heard].sort().join(", ")}`);
        assert(nth > 30, `only ${nth} allocations`);
        for (const word of ["put", "body", "watch"]) assert(heard.has(word), `no ${word} was refused`);
        // These need an allocation only while the one before has failed.
        for (const word of isForGood ? ["use", "release", "bury"] : []) {
          assert(heard.has(word), `no ${word} was refused`);
        }
      });
    }
  }

  it("is not what another error is", () => {
    const engine = new Engine();
    const session = engine.open();
    allocations.onTake = () => {
      throw new TypeError("a bug");
    };
    const name = encoder.encode("t");
    let message = "";
    try {
      engine.watch(session, name, 0, 1);
    } catch (error) {
      message = (error as Error).message;
    }
    assertEquals(message, "a bug");
  });
});
