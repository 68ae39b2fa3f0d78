// The memory limit and what is not jobs: tubes, watches and sessions beyond it are refused, what exists goes on.

import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Engine } from "../../src/core/engine.ts";
import { LEAST_SPARE_BYTES, SESSION_BYTES, TUBE_BYTES, WATCH_BYTES } from "../../src/core/limits.ts";
import * as out from "../../src/core/outbox.ts";
import type { Session } from "../../src/core/session.ts";
import { checkInvariants } from "../simulation/invariants.ts";

const NOW = 1_700_000_000_000;
const MIB = 1_048_576;
const encoder = new TextEncoder();
const BODY = new Uint8Array(60_000);
BODY.set([13, 10], BODY.length - 2);

function lastKind({ outbox }: Engine): number {
  const kind = outbox.kind(outbox.length - 1);
  outbox.clear();
  return kind;
}

function named(call: (name: Uint8Array, from: number, to: number) => void, text: string): void {
  const bytes = encoder.encode(text);
  call(bytes, 0, bytes.length);
}

function watch(engine: Engine, session: Session, tube: string): number {
  named((name, from, to) => engine.watch(session, name, from, to), tube);
  return lastKind(engine);
}

function use(engine: Engine, session: Session, tube: string): number {
  named((name, from, to) => engine.use(session, name, from, to), tube);
  return lastKind(engine);
}

/** Puts until it is refused; returns how many were taken. */
function fill(engine: Engine, session: Session): number {
  for (let count = 0;; count++) {
    if (!engine.beginPut(session, BODY.length - 2, NOW)) return count;
    engine.fillPut(session, BODY, 0, BODY.length);
    engine.put(session, 0, 0, 60, NOW);
    engine.outbox.clear();
  }
}

describe("the memory limit", () => {
  it("refuses watches that would make a tube, and those of tubes that are there", () => {
    const limit = 2 * MIB;
    const engine = new Engine({ maxMemoryBytes: limit });
    const [watcher, other] = [engine.open(), engine.open()];
    let count = 0;
    while (watch(engine, watcher, `t${count}`) === out.WATCHING) count++;
    assert(count > limit / (2 * (TUBE_BYTES + WATCH_BYTES)), `only ${count}`);
    assert(engine.memory.bytes <= limit + LEAST_SPARE_BYTES, `${engine.memory.bytes} bytes are taken`);
    assertEquals(use(engine, other, "one-more"), out.OUT_OF_MEMORY);
    assertEquals(use(engine, other, "t5"), out.USING, "a tube that is there takes no memory");
    while (watch(engine, other, `t${engine.memory.watches % count}`) === out.WATCHING) {
      if (other.watches.length > count) throw new Error("all are watched");
    }
    assertEquals(watch(engine, watcher, "t3"), out.WATCHING, "what is watched may be watched again");
    checkInvariants(engine);
    const { usesWithoutMemory, watchesWithoutMemory } = engine.counters;
    assertEquals([usesWithoutMemory, watchesWithoutMemory], [1, 2]);
    for (let i = 0; i < count; i++) {
      named((name, from, to) => engine.ignore(watcher, name, from, to), `t${i}`);
      lastKind(engine);
    }
    assertEquals(watch(engine, other, "new-again"), out.WATCHING, "what came free is used again");
  });

  it("refuses sessions, and puts when there are too many of those", () => {
    const engine = new Engine({ maxMemoryBytes: 2 * MIB });
    const first = engine.open();
    let count = 1;
    for (; engine.admitsSession(); count++) engine.open();
    assert(count > 2 * MIB / (2 * SESSION_BYTES), `only ${count}`);
    assertEquals(engine.counters.sessionsWithoutMemory, 1);
    assertEquals(fill(engine, first), 0);
    assertEquals(engine.counters.putsWithoutMemory, 1);
    checkInvariants(engine);
  });

  it("lets workers come when it is full of jobs, and lets them empty it", () => {
    const engine = new Engine({ maxMemoryBytes: 16 * MIB });
    const producer = engine.open();
    const jobs = fill(engine, producer);
    assert(jobs > 200, `${jobs} jobs`);
    for (let i = 0; i < 100; i++) {
      assert(engine.admitsSession(), "a worker");
      const worker = engine.open();
      assertEquals(watch(engine, worker, `of-worker-${i}`), out.WATCHING);
      engine.reserve(worker, NOW);
      assertEquals(lastKind(engine), out.RESERVED_JOB);
      engine.delete(worker, i + 1);
      assertEquals(lastKind(engine), out.DELETED);
    }
    assertEquals(fill(engine, producer), 100);
  });

  it("refuses a requeue to a tube for which there is no memory, and leaves the job where it is", () => {
    const engine = new Engine({ maxMemoryBytes: 2 * MIB });
    const session = engine.open();
    engine.beginPut(session, 0, NOW);
    engine.fillPut(session, BODY, BODY.length - 2, BODY.length);
    engine.put(session, 7, 0, 60, NOW);
    for (let i = 0; watch(engine, session, `t${i}`) === out.WATCHING; i++);
    named((name, from, to) => engine.requeue(session, 1, name, from, to, 1, 0, 60, NOW), "elsewhere");
    assertEquals(lastKind(engine), out.OUT_OF_MEMORY);
    assertEquals(engine.jobs.pri.get(engine.jobs.find(1)), 7);
    checkInvariants(engine);
  });

  it("is no limit by default", () => {
    const engine = new Engine();
    const session = engine.open();
    for (let i = 0; i < 5000; i++) assertEquals(watch(engine, session, `t${i}`), out.WATCHING);
    assert(engine.admitsSession());
  });
});
