// What every journal must do, whatever it writes to: the same scenarios for all kinds, over restarts and crashes.

import { afterEach, beforeEach, describe, it } from "node:test";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { Engine } from "../../../src/core/engine.ts";
import { BURIED, DELAYED, READY, STATES_ALL } from "../../../src/core/jobs.ts";
import { Random, takeAny } from "../../support/random.ts";
import { freshSeed } from "../../support/runtime.ts";
import { describeJobs, DrivenQueue, T0 } from "../driven_queue.ts";
import { KINDS, type Place } from "./kinds.ts";

const encoder = new TextEncoder();
const body = (text: string): Uint8Array => encoder.encode(`${text}\r\n`);
const bodyOf = (bytes: number): Uint8Array => {
  const filled = new Uint8Array(bytes + 2).map((_, index) => 97 + (index * 7 + bytes) % 26);
  filled.set([13, 10], bytes);
  return filled;
};
/** Around every limit that a journal may have for bodies, and far beyond. */
const BODY_BYTES = [0, 1, 1022, 1023, 65_534, 65_535, 65_536, 131_072, 200_000, 3_000_001];

for (const [kind, makePlace] of Object.entries(KINDS)) {
  describe(`a journal ${kind}`, () => {
    let place: Place;
    let queue: DrivenQueue;
    let starts = 0;

    beforeEach(async () => {
      place = makePlace();
      starts = 0;
      queue = await open();
    });
    afterEach(() => place.crash());

    async function open(): Promise<DrivenQueue> {
      const engine = new Engine();
      const now = T0 + 1_000_000 * starts++;
      return new DrivenQueue(engine, await place.open(engine, now), now);
    }

    async function close(): Promise<void> {
      await queue.journal.finish?.();
      queue.journal.close();
    }

    async function restart(how: "closed" | "crashed"): Promise<void> {
      if (how === "closed") await close();
      else place.crash();
      queue = await open();
    }

    function put(bytes: Uint8Array, pri?: number, delay?: number, ttr?: number): number {
      const id = queue.put(bytes, pri, delay, ttr);
      assert(id > 0, "there is room");
      return id;
    }

    for (const how of ["closed", "crashed"] as const) {
      it(`brings jobs back with all that they are, ${how}`, { timeout: 240_000 }, async () => {
        queue.use("tube-of-the-first");
        const ids = BODY_BYTES.map((bytes, index) => put(bodyOf(bytes), index, 0, 60 + index));
        queue.use("t".repeat(200));
        for (const index of [1, 4, 7]) {
          queue.reserve(ids[index]);
          queue.bury(ids[index], 1000 - index);
        }
        put(body("delayed"), 2 ** 32 - 1, 2 ** 31, 2 ** 32 - 1);
        queue.reserve(ids[2]);
        queue.release(ids[2], 77, 5_000_000);
        queue.kick(ids[4]);
        await queue.settle();
        const before = describeJobs(queue.engine);
        await restart(how);
        assertEquals(describeJobs(queue.engine), before);
        await restart(how);
        assertEquals(describeJobs(queue.engine), before, "reading changes nothing");
      });

      it(`gives no id twice, ${how}`, { timeout: 240_000 }, async () => {
        const kept = put(body("kept"));
        const deleted = put(body("deleted in its turn"));
        queue.delete(deleted);
        await queue.settle();
        await restart(how);
        const next = put(body("next"));
        assert(next > Math.max(kept, deleted));
        queue.delete(next);
        queue.delete(kept);
        await queue.settle();
        await restart(how);
        assertEquals(queue.jobs, 0);
        assert(put(body("last")) > next);
      });
    }

    it("keeps the order of buried jobs, and goes on with it", { timeout: 240_000 }, async () => {
      const ids = [1, 2, 3, 4, 5].map((n) => put(body(`buried ${n}`)));
      const order = [ids[3], ids[0], ids[4], ids[1]];
      for (const id of order) {
        queue.reserve(id);
        queue.bury(id, 0);
      }
      await queue.settle();
      await restart("crashed");
      queue.reserve(ids[2]);
      queue.bury(ids[2], 0);
      await queue.settle();
      await restart("closed");
      assert(describeJobs(queue.engine).endsWith(`buried ${[...order, ids[2]].join(" ")}`));
    });

    it("remembers the last of many changes in one turn", { timeout: 240_000 }, async () => {
      const id = put(body("changed"));
      const big = put(bodyOf(70_000));
      for (let pri = 1; pri <= 50; pri++) {
        queue.reserve(id);
        queue.release(id, pri, 0);
        queue.reserve(big);
        queue.bury(big, pri);
        queue.kick(big);
      }
      await queue.settle();
      const before = describeJobs(queue.engine);
      assert(/ pri 50 /.test(before));
      await restart("crashed");
      assertEquals(describeJobs(queue.engine), before);
    });

    it("forgets what is deleted, large bodies too", { timeout: 240_000 }, async () => {
      const ids = BODY_BYTES.map((bytes) => put(bodyOf(bytes)));
      await queue.settle();
      for (const id of ids.slice(1)) queue.delete(id);
      await queue.settle();
      const before = describeJobs(queue.engine);
      await restart("crashed");
      assertEquals(describeJobs(queue.engine), before);
      assertEquals(queue.jobs, 1);
    });

    it("has tickets that are reached when all is durable", { timeout: 240_000 }, async () => {
      const { journal } = queue;
      await queue.settle();
      let last = journal.ticket;
      for (let round = 0; round < 8; round++) {
        for (let n = 0; n <= round * 10; n++) put(bodyOf(round * 100));
        assert(journal.ticket > journal.reached, "what was recorded is not durable yet");
        assert(journal.ticket >= last, "tickets never decrease");
        last = journal.ticket;
        await queue.settle();
      }
      const { jobs } = queue;
      put(body("waiting"));
      await close();
      assert(journal.reached >= journal.ticket, "closing makes all durable");
      queue = await open();
      assertEquals(queue.jobs, jobs + 1);
    });

    for (const how of ["closed", "crashed"] as const) {
      it(`truncates, and spares what is reserved, ${how}`, { timeout: 240_000 }, async () => {
        const large = bodyOf(150_000);
        const fill = (tube: string): number[] => {
          queue.use(tube);
          const ids = [put(body("ready")), put(large), put(body("late"), 0, 5_000_000), put(body("buried"))];
          queue.reserve(ids[3]);
          queue.bury(ids[3], 0);
          return [...ids, put(body("reserved")), put(large)];
        };
        const [, , , , small, big] = fill("both");
        fill("other");
        fill("buried only");
        await queue.settle();
        queue.reserve(small);
        queue.reserve(big);
        const before = queue.jobs;
        queue.truncate("both", STATES_ALL);
        queue.truncate("buried only", 1 << BURIED);
        queue.truncate("buried only", 1 << DELAYED);
        queue.use("both");
        put(body("after"));
        await queue.settle();
        assertEquals(queue.jobs, before - 4 - 2 + 1);
        queue.release(small, 0, 0);
        queue.release(big, 0, 0);
        if (how === "closed") { while (queue.engine.hasWork) queue.work(); }
        await queue.settle();
        const kept = describeJobs(queue.engine);
        await restart(how);
        assertEquals(describeJobs(queue.engine), kept);
        await restart("crashed");
        assertEquals(describeJobs(queue.engine), kept, "truncated once is enough");
      });

      it(`truncates those whose delay is over as ready ones, ${how}`, { timeout: 240_000 }, async () => {
        queue.use("waits");
        const soon = put(body("soon"), 0, 10);
        const later = put(body("later"), 0, 100);
        await queue.settle();
        queue.now += 50_000;
        queue.tick();
        queue.truncate("waits", 1 << READY);
        await queue.settle();
        await restart(how);
        assertEquals(queue.engine.live.find(soon), null);
        assert(queue.engine.live.find(later) !== null);
      });

      it(`moves and edits, ${how}`, { timeout: 240_000 }, async () => {
        queue.use("from");
        const ids = [10, 1022, 1023, 65_535, 140_000].map((bytes) => put(bodyOf(bytes)));
        await queue.settle();
        queue.requeue(ids[0], "to", bodyOf(200_000), 5);
        queue.requeue(ids[1], null, null, 6, 7_000_000);
        queue.requeue(ids[3], "to", bodyOf(65_000), 5);
        queue.requeue(ids[4], "to", bodyOf(3), 5);
        await queue.settle();
        queue.requeue(ids[0], "again", bodyOf(140_001), 5);
        queue.requeue(ids[0], "again", bodyOf(140_002), 5);
        await queue.settle();
        const before = describeJobs(queue.engine);
        await restart(how);
        assertEquals(describeJobs(queue.engine), before);
        queue.truncate("again", STATES_ALL);
        queue.delete(ids[4]);
        await queue.settle();
        const after = describeJobs(queue.engine);
        await restart(how);
        assertEquals(describeJobs(queue.engine), after);
      });
    }

    it("is full for a while at most", { timeout: 240_000 }, async () => {
      const { journal } = queue;
      const most = bodyOf(60_000);
      for (let n = 0; n < 150 && !journal.isFull; n++) put(most);
      const before = describeJobs(queue.engine);
      await queue.settle();
      assertEquals(journal.isFull, false);
      await restart("crashed");
      assertEquals(describeJobs(queue.engine), before);
    });

    it("belongs to one queue at a time", { timeout: 240_000 }, async () => {
      put(body("mine"));
      await queue.settle();
      const turns = setInterval(() => queue.commit(), 20); // a server that lives
      try {
        const error = await assertRejects(() => place.open(new Engine(), T0), Error);
        assertNotEquals(error.message, "");
      } finally {
        clearInterval(turns);
      }
      put(body("still mine"));
      await queue.settle();
      await restart("closed");
      assertEquals(queue.jobs, 2);
    });

    it("is after random work as the queue is, over restarts", { timeout: 240_000 }, async () => {
      const random = new Random(freshSeed(`a journal ${kind}`));
      let alive: number[] = [];
      for (let life = 0; life < 3; life++) {
        for (let turn = 0; turn < 15; turn++) {
          for (let n = random.below(30); n > 0; n--) alive = step(random, alive);
          if (random.chance(0.5)) await queue.settle();
          else queue.commit();
        }
        await queue.settle();
        const before = describeJobs(queue.engine);
        await restart(random.pick(["closed", "crashed"]));
        assertEquals(describeJobs(queue.engine), before);
      }
      assert(alive.length > 10, "it was no work");
    });

    /** One command, or two of which only the last leaves something to remember. */
    function step(random: Random, alive: number[]): number[] {
      if (alive.length === 0 || random.chance(0.35)) {
        queue.use(`tube-${random.below(5)}`);
        const bytes = random.chance(0.95) ? random.below(2000) : random.below(150_000);
        const delay = random.chance(0.3) ? 1_000_000 + random.below(1_000_000) : 0;
        return [...alive, put(bodyOf(bytes), random.below(10), delay)];
      }
      const id = random.pick(alive);
      if (random.chance(0.02)) {
        const tube = `tube-${random.below(5)}`;
        queue.use(tube); // so that it is there
        queue.truncate(
          tube,
          random.pick([STATES_ALL, 1 << READY, 1 << BURIED, 1 << DELAYED]),
        );
        if (random.chance(0.5)) { while (queue.engine.hasWork) queue.work(); }
        return alive.filter((one) => queue.engine.live.find(one) !== null);
      }
      switch (random.below(5)) {
        case 4:
          queue.requeue(
            id,
            `tube-${random.below(5)}`,
            random.chance(0.5) ? bodyOf(random.below(200_000)) : null,
          );
          break;
        case 0:
          queue.reserve(id);
          queue.release(id, random.below(100), random.chance(0.5) ? 9_000_000 : 0);
          break;
        case 1:
          queue.reserve(id);
          queue.bury(id, random.below(100));
          break;
        case 2:
          queue.kick(id);
          break;
        default:
          queue.delete(takeAny(alive, random));
      }
      return alive;
    }
  });
}
