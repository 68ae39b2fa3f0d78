// The oldest ready job of a tube against a look at all jobs, with commands at random; and that each piece of a sweep is bounded.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { READY } from "../../src/core/jobs.ts";
import { OLDEST_LOOKS, SWEEP_ROWS } from "../../src/observe/limits.ts";
import { Random } from "../support/random.ts";
import { freshSeed } from "../support/runtime.ts";
import { QueueUnderObservation } from "./queue_under_observation.ts";

/** By looking at every job. */
function oldestOf(queue: QueueUnderObservation, name: string): number {
  const { jobs } = queue.engine;
  const { slot } = queue.tube(name);
  let since = Infinity;
  jobs.each((row) => {
    if (jobs.state.get(row) === READY && jobs.tube.get(row) === slot) {
      since = Math.min(since, jobs.readySince(row));
    }
  });
  return since === Infinity ? 0 : since;
}

function sweepAll(queue: QueueUnderObservation): number {
  const { oldest } = queue.observation;
  let pieces = 0;
  for (; oldest.isSweeping; pieces++) {
    assert(pieces < 1000, "a sweep ends");
    oldest.sweep();
  }
  return pieces;
}

describe("oldest ready job", () => {
  it("is exact at once when jobs come in order, however many", () => {
    const queue = new QueueUnderObservation();
    queue.use("mail");
    const since = queue.now;
    for (let i = 0; i < 2000; i++, queue.now++) queue.put();
    assertEquals(queue.observation.oldest.of(queue.tube("mail")), { since, isExact: true });
    const id = queue.reserve();
    queue.do((engine, session, now) => engine.release(session, id, 0, 0, now));
    // The first in the queue is the youngest now.
    assertEquals(queue.observation.oldest.of(queue.tube("mail")), { since: since + 1, isExact: true });
    assertEquals(queue.observation.oldest.isSweeping, false);
    assertEquals(queue.observation.oldest.of(queue.tube("default")).since, 0);
  });

  it("is found by a sweep when jobs stand in another order, and kept until it is gone", () => {
    const queue = new QueueUnderObservation();
    queue.use("mail");
    const { oldest } = queue.observation;
    const mail = queue.tube("mail");
    const since = queue.now;
    const id = queue.put(1_000_000);
    queue.now += 5000;
    for (let i = 0; i < 3 * SWEEP_ROWS; i++) queue.put(i % 1000);
    const look = oldest.of(mail);
    assert(!look.isExact);
    assertEquals(sweepAll(queue), 4);
    assertEquals(oldest.of(mail), { since, isExact: true });
    for (let i = 0; i < 100; i++) queue.put(i);
    assertEquals(oldest.of(mail), { since, isExact: true });
    assertEquals(oldest.isSweeping, false);
    queue.do((engine, session) => engine.delete(session, id));
    assert(!oldest.of(mail).isExact);
    sweepAll(queue);
    assertEquals(oldest.of(mail), { since: since + 5000, isExact: true });
  });

  it("is what a look at all jobs finds, or younger as long as it says so", () => {
    const random = new Random(freshSeed("oldest ready"));
    for (let round = 0; round < 6; round++) {
      const queue = new QueueUnderObservation();
      const priorities = random.pick([1, 2, 500]);
      let exact = 0;
      for (let step = 0; step < 1500; step++) {
        const name = random.pick(["a", "b"]);
        if (random.chance(0.2)) queue.use(name);
        if (random.chance(0.6)) queue.put(random.below(priorities), random.chance(0.1) ? 1 : 0, 2);
        const id = random.chance(0.5) ? queue.reserve() : 0;
        if (id > 0) {
          const act = random.below(4);
          if (act === 0) queue.do((engine, session) => engine.delete(session, id));
          if (act === 1) queue.do((engine, session, now) => engine.release(session, id, 3, 0, now));
          if (act === 2) queue.do((engine, session) => engine.bury(session, id, 3));
        }
        if (random.chance(0.05)) queue.do((engine, session, now) => engine.kick(session, 5, now));
        queue.pass(random.below(20));
        if (random.chance(0.1)) sweepAll(queue);
        for (const { name } of queue.observation.records.charted) {
          const tube = queue.observation.records.named(name)!.tube!;
          if (tube.isGone) continue;
          const found = queue.observation.oldest.of(tube);
          const really = oldestOf(queue, name);
          if (found.isExact) assertEquals(found.since, really);
          else assert(found.since >= really && tube.ready.length > OLDEST_LOOKS);
          if (found.isExact) exact++;
        }
      }
      assert(exact > 100);
    }
  });
});
