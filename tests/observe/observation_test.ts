// What is counted and measured, against what was done.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import {
  EVENT_DELETED,
  EVENT_EXPIRED,
  EVENT_GRANTED,
  EVENT_KICKED,
  EVENT_PUT,
  EVENT_REQUEUED,
  EVENT_TRUNCATED,
} from "../../src/core/outbox.ts";
import { READY } from "../../src/core/jobs.ts";
import { BOUNDS_MS, Histogram, quantile } from "../../src/observe/histogram.ts";
import { MOST_CHARTED, MOST_METRICS_TUBES } from "../../src/observe/limits.ts";
import { Random } from "../support/random.ts";
import { QueueUnderObservation } from "./queue_under_observation.ts";

function assertNear(actual: number, expected: number, tolerance: number): void {
  assert(Math.abs(actual - expected) <= tolerance, `${actual} is not near ${expected}`);
}

describe("histogram", () => {
  it("puts each duration between the bounds of its bucket", () => {
    const random = new Random(5);
    const values = [
      0,
      0.5,
      1,
      1.0001,
      2,
      2.5,
      3,
      4,
      4.0001,
      8,
      1024,
      2 ** 31,
      2 ** 31 + 1,
      2 ** 40,
      Infinity,
    ];
    for (let i = 0; i < 10_000; i++) values.push(2 ** (random.next() * 34) - 0.5);
    for (const value of values) {
      const histogram = new Histogram();
      histogram.add(value);
      const bucket = histogram.counts.indexOf(1);
      assert(value <= BOUNDS_MS[bucket], `${value} in ${bucket}`);
      assert(bucket === 0 || value > BOUNDS_MS[bucket - 1], `${value} in ${bucket}`);
    }
  });

  it("finds quantiles within a bucket's width, also of what was added since", () => {
    const histogram = new Histogram();
    for (let ms = 1; ms <= 1000; ms++) histogram.add(ms);
    for (const share of [0.1, 0.5, 0.9, 0.99]) {
      const found = quantile(histogram, null, share)!;
      assert(found > share * 1000 / 1.42 && found < share * 1000 * 1.42, `${share}: ${found}`);
    }
    const before = histogram.counts.slice();
    assertEquals(quantile(histogram, before, 0.5), null);
    for (let i = 0; i < 10; i++) histogram.add(60_000);
    const since = quantile(histogram, before, 0.5)!;
    assert(since > 40_000 && since < 70_000, String(since));
  });
});

describe("quantiles", () => {
  const TIMES: readonly (readonly [name: string, times: readonly number[]])[] = [
    ["one time", [1000]],
    ["one below a millisecond", [0.25]],
    ["none at all but zeros", [0, 0, 0]],
    ["many of one time", new Array(500).fill(725)],
    ["just above a bound", [1024.5, 1024.5, 1025]],
    ["a clock that went back", [-50, -3]],
    ["the longest bucket", [2 ** 31.3, 2 ** 33]],
    ["all sizes", Array.from({ length: 3000 }, (_, i) => 1.009 ** i * 0.01)],
  ];
  for (const [name, times] of TIMES) {
    it(`never exceed what was seen: ${name}`, () => {
      const histogram = new Histogram();
      const before = histogram.counts.slice();
      for (const ms of times) histogram.add(ms);
      const longest = Math.max(0, ...times);
      for (const share of [0.01, 0.5, 0.9, 0.99, 0.999, 1]) {
        for (const found of [quantile(histogram, null, share)!, quantile(histogram, before, share)!]) {
          assert(found >= 0 && found <= longest, `${share}: ${found} of at most ${longest}`);
        }
      }
    });
  }

  it("nor do those of a sum, or those in the history", () => {
    const [one, other, sum] = [new Histogram(), new Histogram(), new Histogram()];
    one.add(800);
    other.add(900.3);
    sum.setTo(one, other);
    assert(quantile(sum, null, 1)! <= 900.3);
    sum.addAll(one);
    assert(quantile(sum, null, 0.99)! <= 900.3);
    const queue = new QueueUnderObservation();
    queue.use("mail");
    queue.put();
    queue.beats(1);
    assertEquals(queue.reserve(), 1);
    for (let i = 0; i < 20; i++) {
      queue.put();
      queue.pass(910.1);
      queue.reserve();
    }
    queue.beats(11);
    const points = queue.observation.history("mail", "hour");
    const told = points.filter(({ waitP99Ms }) => waitP99Ms !== null);
    assert(told.length > 0);
    for (const { waitP50Ms, waitP99Ms } of told) {
      assert(
        waitP50Ms! > 500 && waitP50Ms! <= waitP99Ms! && waitP99Ms! <= 1000.001,
        `${waitP50Ms} ${waitP99Ms}`,
      );
    }
  });
});

describe("observation", () => {
  it("counts what happens, in the tube and in all", () => {
    const queue = new QueueUnderObservation();
    queue.use("mail");
    const first = queue.put();
    queue.put();
    queue.put(0, 5);
    assertEquals(queue.reserve(), first);
    queue.do((engine, session) => engine.delete(session, first));
    queue.pass(5000); // the delay ends
    const second = queue.reserve();
    queue.do((engine, session) => engine.bury(session, second, 0));
    queue.do((engine, session, now) => engine.kickJob(session, second, now));
    queue.reserve();
    queue.pass(60_000); // the ttr runs out
    const record = queue.observation.records.named("mail")!;
    const { counts } = record;
    assertEquals(counts[EVENT_PUT], 3);
    assertEquals(counts[EVENT_GRANTED], 3);
    assertEquals(counts[EVENT_DELETED], 1);
    assertEquals(counts[EVENT_KICKED], 1);
    assertEquals(counts[EVENT_EXPIRED], 1);
    assertEquals([...counts], [3, 3, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0]);
    assertEquals([...queue.observation.total.counts], [...counts]);
    assertEquals([...queue.observation.rest.counts].filter((count) => count > 0), []);
  });

  it("does nothing while nobody observes", () => {
    const queue = new QueueUnderObservation();
    queue.engine.outbox.isObserved = false;
    queue.put();
    queue.reserve();
    assertEquals([...queue.observation.total.counts].filter((count) => count > 0), []);
  });

  it("measures how long a job was ready, wherever it came from", () => {
    const queue = new QueueUnderObservation();
    const waits = queue.observation.total.waits!;
    let waited = 0;
    const expectWait = (ms: number): number => {
      const before = waits.totalMs;
      const id = queue.reserve();
      assert(id > 0);
      assertEquals(waits.totalMs - before, ms);
      waited++;
      return id;
    };
    queue.put();
    queue.pass(300);
    const id = expectWait(300);
    queue.pass(1000);
    queue.do((engine, session, now) => engine.release(session, id, 0, 0, now));
    queue.pass(250);
    expectWait(250);
    queue.do((engine, session, now) => engine.release(session, id, 0, 2, now));
    queue.pass(2040); // its delay ended 40 ms ago
    expectWait(40);
    queue.pass(60_070); // its ttr ended 70 ms ago
    expectWait(70);
    queue.do((engine, session) => engine.bury(session, id, 0));
    queue.pass(5000);
    queue.do((engine, session, now) => engine.kick(session, 1, now));
    queue.pass(125);
    expectWait(125);
    const other = queue.engine.open();
    queue.do((engine, session, now) => engine.release(session, id, 0, 0, now));
    queue.pass(10);
    queue.reserve(other);
    waited++;
    queue.pass(500);
    queue.do((engine, _, now) => engine.close(other, now));
    queue.pass(80);
    expectWait(80);
    assertEquals(waits.count, waited);
  });

  it("does not measure a wait of a job that was reserved by its id while it was not ready", () => {
    const queue = new QueueUnderObservation();
    const id = queue.put(0, 100);
    queue.pass(50_000);
    queue.do((engine, session, now) => engine.reserveJob(session, id, now));
    assertEquals(queue.observation.total.counts[EVENT_GRANTED], 1);
    assertEquals(queue.observation.total.waits!.count, 0);
  });

  it("measures how long a job ran, touches included", () => {
    const queue = new QueueUnderObservation();
    const runs = queue.observation.total.runs!;
    const id = queue.put();
    queue.reserve();
    queue.pass(40_000);
    queue.do((engine, session, now) => engine.touch(session, id, now));
    queue.pass(30_000);
    queue.do((engine, session, now) => engine.touch(session, id, now));
    queue.pass(500);
    queue.do((engine, session, now) => engine.release(session, id, 0, 0, now));
    assertEquals([runs.count, runs.totalMs], [1, 70_500]);
    queue.reserve();
    queue.pass(100);
    queue.do((engine, session) => engine.bury(session, id, 0));
    assertEquals([runs.count, runs.totalMs], [2, 70_600]);
    queue.do((engine, session) => engine.delete(session, id)); // it ran nowhere
    assertEquals(runs.count, 2);
  });

  it("counts a truncate by its jobs, and a requeue where the job goes", () => {
    const queue = new QueueUnderObservation();
    queue.use("mail");
    for (let i = 0; i < 5; i++) queue.put(0, i < 2 ? 10 : 0); // two are delayed
    const bytes = new TextEncoder().encode("mailnews");
    queue.do((engine, session) => engine.truncate(session, bytes, 0, 4, 1 << READY));
    queue.do((engine, session, now) => engine.requeue(session, 1, bytes, 4, 8, 0, 0, 60, now));
    queue.pass(30);
    assertEquals(queue.reserve(), 0, "news is not watched");
    queue.use("news");
    assertEquals(queue.reserve(), 1);
    const countsOf = (name: string): number[] => [...queue.observation.records.named(name)!.counts];
    assertEquals([countsOf("mail")[EVENT_TRUNCATED], countsOf("news")[EVENT_REQUEUED]], [3, 1]);
    assertEquals(queue.observation.total.waits!.totalMs, 30, "it was ready from the requeue on");
  });

  it("averages rates over seconds, and lets them come to rest", () => {
    const queue = new QueueUnderObservation();
    queue.use("mail");
    for (let second = 0; second < 30; second++) {
      for (let i = 0; i < 7; i++) queue.put();
      queue.beats(1);
    }
    const rates = queue.observation.rates(queue.tube("mail"));
    assertNear(rates.put, 7, 0.05);
    assertEquals([rates.reserved, rates.timeouts], [0, 0]);
    assertNear(queue.observation.total.rates.put, 7, 0.05);
    queue.beats(60);
    assertEquals(queue.observation.rates(queue.tube("mail")).put, 0);
    assertEquals(queue.observation.beat(queue.now + 1000), [], "nothing changes any more");
  });

  it("tells which tubes changed, also without an event", () => {
    const queue = new QueueUnderObservation();
    queue.use("mail");
    queue.beats(2);
    const names = (): string[] => queue.observation.beat(queue.now += 1000).map(({ name }) => name);
    assertEquals(names(), []);
    const bytes = new TextEncoder().encode("mail");
    queue.do((engine, session, now) => engine.pauseTube(session, bytes, 0, 4, 100, now));
    assertEquals(names(), ["mail"]);
    assertEquals(names(), []);
    queue.do((engine) => engine.open());
    assertEquals(names(), ["default"]);
    queue.use("news");
    queue.do((engine, session) => engine.ignore(session, bytes, 0, 4));
    assertEquals(names().sort(), ["mail", "news"], "one is gone, one is new");
    assertEquals(queue.observation.records.isAlive(queue.observation.records.named("mail")!), false);
  });

  it("keeps steps of ten seconds and of five minutes", () => {
    const queue = new QueueUnderObservation();
    queue.use("mail");
    for (let second = 0; second < 900; second++) {
      if (second % 10 === 0) {
        const id = queue.put();
        queue.pass(100);
        queue.reserve();
        queue.pass(200);
        queue.do((engine, session) => engine.delete(session, id));
        queue.now -= 300; // so that seconds stay whole
      }
      queue.beats(1);
    }
    const hour = queue.observation.history("mail", "hour")!;
    assertEquals(hour.length, 90);
    assertEquals(hour.slice(1).map(({ put, deleted }) => put + deleted), Array(89).fill(2));
    assertEquals(hour.map(({ at }) => at % 10_000), Array(90).fill(0));
    assertNear(hour[5].waitP50Ms!, 100, 40);
    assertNear(hour[5].runP99Ms!, 200, 80);
    const day = queue.observation.history("mail", "day")!;
    assertEquals(day.length, 3);
    assertEquals(day[1].put, 30);
    assertEquals(queue.observation.history("", "hour")!.length, 90);
    assertEquals(queue.observation.history("nobody", "hour"), []);
  });

  it("bounds the tubes that are charted and exposed, and counts the others together", () => {
    const queue = new QueueUnderObservation({ metricsTubes: "t*" });
    for (let i = 0; i < 1000; i++) {
      queue.use(`${i % 2 ? "t" : "x"}${i}`);
      queue.put();
    }
    queue.beats(1);
    const { records, rest, total } = queue.observation;
    assertEquals([records.charted.size, records.exposed.size], [MOST_CHARTED, MOST_METRICS_TUBES]);
    assertEquals(total.counts[EVENT_PUT], 1000);
    assertEquals(rest.counts[EVENT_PUT], 1000 - MOST_METRICS_TUBES);
    // A tube that comes late takes the place of one where nothing has happened for long.
    assertEquals(records.named("x998")!.history, null);
    queue.beats(700);
    queue.use("x998");
    queue.put();
    queue.beats(1);
    assert(records.named("x998")!.history !== null);
    assertEquals(records.charted.size, MOST_CHARTED);
  });
});
