// The journal in a key-value store, where its commits fail, are cut off between two, take their time, or come too late.

import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { MemoryKv, MemoryKvContent } from "../../src/adapters/memory/kv.ts";
import { BURIED, READY, STATES_ALL } from "../../src/core/jobs.ts";
import { LogProblem } from "../../src/journal/problem.ts";
import type { KvMutation } from "../../src/ports/kv.ts";
import { describeJobs, type DrivenQueue } from "../journal/driven_queue.ts";
import { Random } from "../support/random.ts";
import { freshSeed } from "../support/runtime.ts";
import { openMemoryQueue } from "./memory_queue.ts";

const bodyOf = (bytes: number): Uint8Array => {
  const body = new Uint8Array(bytes + 2).fill(120);
  body.set([13, 10], bytes);
  return body;
};

const copyOf = (content: MemoryKvContent): MemoryKvContent => {
  const copy = new MemoryKvContent();
  for (const [name, entry] of content.entries) copy.entries.set(name, entry);
  copy.commits = content.commits;
  return copy;
};

/** Tells two moments of a queue apart, without its bodies: they are all alike. */
function momentOf({ engine }: DrivenQueue): string {
  const jobs: string[] = [];
  engine.live.each(({ id, tube, state, pri, buries, releases, bodyBytes }) =>
    void jobs.push([id, tube.length, tube.at(-1), state, pri, buries, releases, bodyBytes].join(" "))
  );
  return jobs.sort().join("\n");
}

/** One step of a turn with all that can be recorded. */
function step(queue: DrivenQueue, random: Random, ids: number[]): void {
  const id = ids.length === 0 ? 0 : random.pick(ids);
  if (id === 0 || queue.engine.live.find(id) === null || random.chance(0.4)) {
    queue.use(`tube-${random.below(3)}`);
    ids.push(
      queue.put(bodyOf(random.chance(0.97) ? random.below(2000) : random.below(900_000)), random.below(9)),
    );
    return;
  }
  switch (random.below(6)) {
    case 0:
      return queue.delete(id);
    case 1:
      return void queue.requeue(id, `tube-${random.below(3)}`, bodyOf(random.below(100_000)), 7);
    case 2:
      if (random.chance(0.05)) {
        const tube = `tube-${random.below(3)}`;
        queue.use(tube);
        return void queue.truncate(tube, random.pick([STATES_ALL, 1 << READY, 1 << BURIED]));
      }
      return queue.work();
    default:
      queue.reserve(id);
      return random.chance(0.5) ? queue.release(id, random.below(99), 0) : queue.bury(id, 3);
  }
}

describe("a turn that takes several commits", () => {
  it("leaves after each of them what some moment of the turn was", { timeout: 240_000 }, async () => {
    const random = new Random(freshSeed("several commits"));
    const content = new MemoryKvContent();
    const { queue, kv } = await openMemoryQueue(content);
    const ids: number[] = [];
    const moments = new Map<string, number>([[momentOf(queue), 0]]);
    const crashes: MemoryKvContent[] = [];
    kv.faults.beforeCommit = () => {
      crashes.push(copyOf(content));
      return "none";
    };
    for (let turn = 0; turn < 3; turn++) {
      for (let n = 0; n < 400; n++) {
        step(queue, random, ids);
        // What a reserve did is not recorded, but each step ends with a record. Work records nothing.
        moments.set(momentOf(queue), moments.size);
      }
      await queue.settle();
    }
    crashes.push(copyOf(content));
    assert(crashes.length > 6, `${crashes.length} commits`);
    let last = 0;
    for (const crash of crashes) {
      const { queue: restored } = await openMemoryQueue(crash);
      const moment = moments.get(momentOf(restored));
      assert(moment !== undefined, "the queue was never like that");
      assert(moment >= last, "it goes forward only");
      last = moment;
    }
    assertEquals(last, moments.get(momentOf(queue)));
  });
});

describe("a commit that does not go well", () => {
  for (const fault of ["refused", "unknown"] as const) {
    it(`${fault}: the journal stops, and what waited is not reached`, async () => {
      const content = new MemoryKvContent();
      const { queue, kv } = await openMemoryQueue(content);
      const { journal } = queue;
      queue.put(bodyOf(10));
      await queue.settle();
      kv.faults.beforeCommit = () => fault;
      queue.put(bodyOf(10));
      queue.commit();
      await queue.progress();
      assert(queue.failure !== null);
      assert(journal.ticket > journal.reached);
      const { commits } = content;
      delete kv.faults.beforeCommit;
      queue.put(bodyOf(10));
      journal.commit(queue.now, 1);
      assertEquals(journal.nextInstant, Infinity);
      await journal.finish?.();
      assertEquals(content.commits, commits, "nothing is written after it");
      const { queue: next } = await openMemoryQueue(content);
      assertEquals(next.jobs, fault === "unknown" ? 2 : 1);
    });
  }

  it("after somebody else took the lease: it says who, and stops", async () => {
    const content = new MemoryKvContent();
    const { queue: stale } = await openMemoryQueue(content);
    stale.put(bodyOf(1));
    await stale.settle();
    const { queue: fresh } = await openMemoryQueue(content);
    assertEquals(fresh.jobs, 1);
    stale.put(bodyOf(1));
    stale.commit();
    await stale.progress();
    assertMatch(String(stale.failure), /lease is lost.*process \d+ on here/);
    assert(stale.journal.ticket > stale.journal.reached);
    fresh.put(bodyOf(1));
    await fresh.settle();
    assertEquals((await openMemoryQueue(content)).queue.jobs, 2, "nothing of the stale one is there");
  });
});

describe("the lease", () => {
  it("is watched for as long as it is valid, and taken when nobody renews it", async () => {
    const content = new MemoryKvContent();
    await openMemoryQueue(content, { validMs: 5000 });
    let now = 0;
    const looks: number[] = [];
    const sleep = (ms: number): Promise<void> => {
      looks.push(now += ms);
      return Promise.resolve();
    };
    await openMemoryQueue(content, { isGone: false, validMs: 1, stopwatch: () => now, sleep });
    assert(looks.at(-1)! >= 5000, "its own word counts for how long");
  });

  it("is another's when it is renewed meanwhile", async () => {
    const content = new MemoryKvContent();
    let now = 0;
    const stopwatch = (): number => now;
    const { queue } = await openMemoryQueue(content, { stopwatch, validMs: 1000 });
    const sleep = async (ms: number): Promise<void> => {
      now += ms;
      queue.commit();
      await queue.progress();
    };
    const opening = openMemoryQueue(content, { isGone: false, stopwatch, sleep, validMs: 1000 });
    const error = await assertRejects(() => opening, LogProblem, "in use by process");
    assertEquals((error as LogProblem).code, "locked");
  });

  it("is one's only when two want it at once", async () => {
    const content = new MemoryKvContent();
    const both = await Promise.allSettled([1, 2].map(() => openMemoryQueue(content)));
    assertEquals(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  });

  it("that may have run out holds replies back until it is renewed", async () => {
    let now = 0;
    const { queue } = await openMemoryQueue(new MemoryKvContent(), { stopwatch: () => now, validMs: 1000 });
    const { journal } = queue;
    queue.put(bodyOf(1));
    await queue.settle();
    now += 900;
    assert(journal.reached < 0, "not even a reply that waits for nothing leaves");
    queue.commit();
    await queue.progress();
    assert(journal.reached >= journal.ticket);
    assert(journal.nextInstant < Infinity);
  });

  it("tells once in ten seconds that replies are held back", async () => {
    let now = 0;
    const { queue } = await openMemoryQueue(new MemoryKvContent(), { stopwatch: () => now, validMs: 1000 });
    const { journal } = queue;
    queue.put(bodyOf(1));
    await queue.settle();
    const held: number[] = [];
    journal.listen({ progressed: () => {}, failed: () => {}, held: () => void held.push(now) });
    assert(journal.reached >= 0);
    for (now = 900; now <= 10_899; now += 1111) assert(journal.reached < 0);
    assertEquals(held, [900]);
    now = 10_900;
    for (let i = 0; i < 100; i++) assert(journal.reached < 0);
    assertEquals(held, [900, 10_900]);
    journal.close();
  });

  it("is free at once after a good end", async () => {
    const content = new MemoryKvContent();
    const { queue } = await openMemoryQueue(content);
    queue.put(bodyOf(1));
    await Promise.all([queue.journal.finish?.(), queue.journal.finish?.()]);
    queue.journal.close();
    const never = (): never => {
      throw new Error("there is nobody to wait for");
    };
    assertEquals((await openMemoryQueue(content, { isGone: false, sleep: never })).queue.jobs, 1);
  });
});

describe("a slow store", () => {
  it("takes one commit at a time, and commands wait when much is pending", async () => {
    const { queue, kv } = await openMemoryQueue(new MemoryKvContent());
    const { journal } = queue;
    let begun = 0;
    let goOn: () => void = () => {};
    kv.faults.beforeCommit = () => {
      begun++;
      return new Promise((resolve) => (goOn = () => resolve("none")));
    };
    for (let n = 0; n < 1000 && !journal.isFull; n++) {
      queue.put(bodyOf(60_000));
      queue.commit();
      if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    assert(journal.isFull);
    assert(queue.jobs < 100, `${queue.jobs} jobs of 60,000 bytes are pending`);
    assertEquals(begun, 1);
    const going = setInterval(() => goOn(), 0);
    await queue.settle();
    clearInterval(going);
    assertEquals(journal.isFull, false);
  });

  it("gets one mutation for a job that changed often, and none for one that came and went", async () => {
    const { queue, kv } = await openMemoryQueue(new MemoryKvContent());
    const seen: (readonly KvMutation[])[] = [];
    kv.faults.beforeCommit = (mutations) => {
      seen.push(mutations);
      return "none";
    };
    const id = queue.put(bodyOf(1));
    for (let n = 0; n < 1000; n++) {
      queue.reserve(id);
      queue.release(id, n, 0);
      queue.delete(queue.put(bodyOf(n * 100)));
    }
    await queue.settle();
    assertEquals(seen.flat().map(({ key }) => key.slice(1).join(" ")), [`job ${id}`, "meta"]);
  });

  it("holds no keys of what was truncated when all is cleared away", async () => {
    const content = new MemoryKvContent();
    const { queue } = await openMemoryQueue(content);
    for (let n = 0; n < 1500; n++) queue.put(bodyOf(n % 100 === 0 ? 70_000 : 5));
    await queue.settle();
    queue.truncate("default", STATES_ALL);
    await queue.settle();
    assert(content.entries.size > 1500, "it takes its time");
    while (queue.engine.hasWork) queue.work();
    await queue.settle();
    await queue.journal.finish?.(); // nobody waits for what is cleared away
    assertEquals([...content.entries.values()].map(({ key }) => key.slice(1).join(" ")).sort(), [
      "lease",
      "meta",
    ]);
  });
});

describe("what is found in a store", () => {
  it("that is no queue's, or damaged, is refused and left alone", { timeout: 240_000 }, async () => {
    const random = new Random(freshSeed("damage in a store"));
    const whole = new MemoryKvContent();
    const { queue } = await openMemoryQueue(whole);
    const ids = [1, 900, 1100, 65_535, 140_000].map((bytes) => queue.put(bodyOf(bytes)));
    queue.reserve(ids[0]);
    queue.truncate("default", 1 << READY);
    for (let n = 0; n < 3; n++) queue.put(bodyOf(70_000));
    await queue.settle();
    let refused = 0;
    let now = 0;
    const stopwatch = (): number => now += 1000;
    const names = [...whole.entries.keys()];
    for (let n = 0; n < 400; n++) {
      const damaged = copyOf(whole);
      const name = random.pick(names);
      const entry = damaged.entries.get(name)!;
      let value = entry.value.slice();
      if (random.chance(0.3)) value = value.slice(0, random.below(value.length));
      else if (random.chance(0.2)) damaged.entries.delete(name);
      else value[random.below(Math.min(100, value.length))] ^= 1 << random.below(8);
      if (damaged.entries.has(name)) damaged.entries.set(name, { ...entry, value });
      try {
        const { queue: opened } = await openMemoryQueue(damaged, { isGone: false, stopwatch });
        describeJobs(opened.engine);
      } catch (error) {
        assert(error instanceof LogProblem, `${name}: ${(error as Error).stack}`);
        refused++;
      }
    }
    assert(refused > 50, `${refused} refused`);
    assertEquals(whole.entries.size, names.length);
  });

  it("that cannot be read does not stay leased", async () => {
    const content = new MemoryKvContent();
    const { queue } = await openMemoryQueue(content);
    queue.put(bodyOf(5));
    await queue.settle();
    const [name, entry] = [...content.entries].find(([, { key }]) => key[1] === "job")!;
    content.entries.set(name, { ...entry, value: new Uint8Array(3) });
    await assertRejects(() => openMemoryQueue(content), LogProblem, "the job under");
    content.entries.set(name, entry);
    const sleep = (): never => {
      throw new Error("there is nobody to wait for");
    };
    assertEquals((await openMemoryQueue(content, { isGone: false, sleep })).queue.jobs, 1);
  });

  it("of half a body a crash left, without its job, is removed", async () => {
    const content = new MemoryKvContent();
    const { queue, kv } = await openMemoryQueue(content);
    let commits = 0;
    kv.faults.beforeCommit = () => ++commits > 2 ? "refused" : "none";
    queue.put(bodyOf(3_000_000));
    queue.commit();
    while (queue.failure === null) await queue.progress();
    assert(content.entries.size > 10);
    const { queue: next } = await openMemoryQueue(content);
    assertEquals(next.jobs, 0);
    assertEquals(content.entries.size, 2, "lease and meta");
  });

  it("belongs to its name: other keys are not touched", async () => {
    const content = new MemoryKvContent();
    const other = new MemoryKv(content);
    await other.commit([], [{ key: ["job", 1], value: new Uint8Array([1]) }]);
    const { queue } = await openMemoryQueue(content);
    queue.put(bodyOf(1));
    await queue.settle();
    assertEquals((await other.get(["job", 1]))?.value, new Uint8Array([1]));
  });
});
