// Truncates in the log: what is read back, from a whole log, a torn one, an old one, and on a full disk.

import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Disk } from "../../src/adapters/memory/disk.ts";
import { MemoryFiles } from "../../src/adapters/memory/files.ts";
import { Engine } from "../../src/core/engine.ts";
import { BURIED, DELAYED, READY, STATES_ALL } from "../../src/core/jobs.ts";
import { checkLog } from "../../src/journal/check.ts";
import { HEADER_BYTES, segmentName, SPARED_BYTES, TRUNCATE_BYTES } from "../../src/journal/layout.ts";
import { LogReader } from "../../src/journal/log_reader.ts";
import { encodeSpared, encodeTruncate, RecordReader } from "../../src/journal/record.ts";
import { salvageLog } from "../../src/journal/salvage.ts";
import type { Restorer, Truncation } from "../../src/ports/journal.ts";
import { Random } from "../support/random.ts";
import { freshSeed } from "../support/runtime.ts";
import { describeJobs, LoggedQueue, T0 } from "./logged_queue.ts";
import { jobsOf, Ledger, plainJob } from "./plain_jobs.ts";
import { PlainFiles } from "./plain_files.ts";
import { text } from "./small_log.ts";

const SEGMENT_BYTES = 16_384;
const DEFAULT = new TextEncoder().encode("default");
const NOTHING: Restorer = { put: () => {}, change: () => {}, gone: () => {}, truncate: () => {} };

function open(files: PlainFiles | MemoryFiles, now: number = T0): LoggedQueue {
  return new LoggedQueue(files, { segmentBytes: SEGMENT_BYTES, now });
}

function truncationOf(changes: Partial<Truncation> = {}): Truncation {
  return {
    tube: DEFAULT,
    states: STATES_ALL,
    spared: [],
    delayedFrom: Infinity,
    delayedFromId: 0,
    ...changes,
  };
}

/** What a record tells of the jobs of a queue: not how often they were reserved. */
function told(engine: Engine): string {
  return jobsOf(engine.live).map(({ id, tube, state, body }) => `${id} ${tube} ${state} ${body}`).join("");
}

/** Records of so many bytes, written by `write`. */
function record(bytes: number, write: (view: DataView) => void): Uint8Array {
  const view = new DataView(new ArrayBuffer(bytes));
  write(view);
  return new Uint8Array(view.buffer);
}

const sparedRecord = (id: number): Uint8Array => record(SPARED_BYTES, (view) => encodeSpared(view, 0, id));

function truncateRecord(truncation: Truncation): Uint8Array {
  const bytes = record(
    TRUNCATE_BYTES + truncation.tube.length,
    (view) => encodeTruncate(view, 0, truncation),
  );
  bytes.set(truncation.tube, TRUNCATE_BYTES);
  return bytes;
}

/** The truncates in some records; null when these are none. */
function read(...records: readonly Uint8Array[]): Truncation[] | null {
  const bytes = Uint8Array.from(records.flatMap((one) => [...one]));
  const found: Truncation[] = [];
  const view = new DataView(bytes.buffer);
  const reader = new RecordReader();
  const restorer = { ...NOTHING, truncate: (truncation: Truncation) => void found.push(truncation) };
  return reader.read(bytes, view, 0, bytes.length, 1, restorer) ? found : null;
}

describe("the record of a truncate", () => {
  it("keeps the tube, the states, the jobs that are spared and the first delayed one", () => {
    const truncation = truncationOf({
      states: 1 << DELAYED,
      spared: [7, 2 ** 52],
      delayedFrom: T0 + 0.25,
      delayedFromId: 9,
    });
    const found = read(...truncation.spared.map(sparedRecord), truncateRecord(truncation));
    assertEquals(found, [truncation]);
    assertEquals(read(truncateRecord(truncationOf())), [truncationOf()]);
  });

  it("spares only what belongs to it, not what a torn one left", () => {
    const own = truncationOf({ spared: [3] });
    assertEquals(read(sparedRecord(1), sparedRecord(2), sparedRecord(3), truncateRecord(own)), [own]);
    assertEquals(read(sparedRecord(1), truncateRecord(truncationOf())), [truncationOf()]);
    const between = record(12, (view) => {
      view.setUint32(0, 3, true);
      view.setFloat64(4, 5, true);
    });
    assertEquals(read(sparedRecord(3), between, truncateRecord(own)), [truncationOf()]);
  });

  it("is none when a field cannot be true", () => {
    const good = truncateRecord(truncationOf());
    for (const states of [0, 1, 1 << 3, STATES_ALL | 1 << 5]) {
      const bad = good.slice();
      bad[1] = states;
      assertEquals(read(bad), null, `states ${states}`);
    }
    const nameless = good.slice(0, TRUNCATE_BYTES);
    nameless[2] = 0;
    assertEquals(read(nameless), null);
    const timeless = good.slice();
    new DataView(timeless.buffer).setFloat64(8, NaN, true);
    assertEquals(read(timeless), null);
    for (let length = 1; length < good.length; length++) assertEquals(read(good.slice(0, length)), null);
  });
});

describe("after a restart", () => {
  /** One tube with a job of each kind, truncated while one of them is reserved; another one comes after it. */
  function truncated(files: PlainFiles): LoggedQueue {
    const queue = open(files);
    for (let i = 0; i < 4; i++) queue.put(text(`ready ${i}`));
    queue.put(text("delayed"), 0, 100);
    queue.reserve(2);
    queue.bury(2, 0);
    queue.reserve(1);
    queue.commit();
    assertEquals(queue.truncate("default"), 4);
    queue.put(text("later"));
    queue.commit();
    return queue;
  }

  it("what was truncated is gone, what was spared or came later is there; for all who read the log", () => {
    const files = new PlainFiles();
    const before = told(truncated(files).engine);
    const contents = files.contents();
    const again = open(PlainFiles.holding(contents), T0 + 1000);
    assertEquals(told(again.engine), before);
    assertEquals([...jobsOf(again.engine.live)].map(({ id }) => id), [1, 6]);
    const { verdict, counts } = checkLog(PlainFiles.holding(contents), T0);
    assertEquals([verdict.kind, counts.jobs, counts.ready, counts.buried], ["whole", 2, 2, 0]);
    const saved = new Engine();
    const { lostJobs, losses } = salvageLog(PlainFiles.holding(contents), saved);
    assertEquals([lostJobs, losses, told(saved)], [0, [], before]);
  });

  it("a log that is torn anywhere has all jobs or those after the truncate, and the spared one always", () => {
    const files = new PlainFiles();
    truncated(files);
    const whole = files.contents();
    const name = segmentName(1);
    const end = new LogReader(PlainFiles.holding(whole)).read(NOTHING).segments[0].end;
    const seen = new Set<string>();
    const lengths = Array.from({ length: end - HEADER_BYTES }, (_, i) => end - i).filter((_, i) =>
      i % 13 === 0
    );
    for (const length of [HEADER_BYTES, ...lengths.reverse()]) {
      const bytes = whole.get(name)!.slice();
      bytes.fill(0, length);
      const torn = PlainFiles.holding(new Map([[name, bytes]]));
      const queue = open(torn, T0 + 1000);
      seen.add([...jobsOf(queue.engine.live)].map(({ id }) => id).join());
      queue.commit();
      // The next process reads what this one makes of it, and so does the one after.
      queue.put(text("new"));
      queue.truncate("default", 1 << READY);
      queue.commit();
      assertEquals(
        describeJobs(open(torn, T0 + 2000).engine),
        describeJobs(queue.engine),
        `cut at ${length}`,
      );
    }
    assertEquals([...seen], ["", "1,2,3,4,5", "1,6"]);
  });

  it("jobs whose delay was over when it came are truncated as ready ones", () => {
    const files = new PlainFiles();
    const queue = open(files);
    for (const delay of [1, 2, 2, 9]) queue.put(text("x"), 0, delay);
    queue.now += 2000;
    queue.engine.tick(queue.now);
    queue.engine.outbox.clear();
    assertEquals(queue.truncate("default", 1 << READY), 3);
    queue.commit();
    const again = open(PlainFiles.holding(files.contents()), T0 + 3000);
    assertEquals([...jobsOf(again.engine.live)].map(({ id }) => id), [4]);
    assertEquals(queue.truncate("default", 1 << DELAYED), 1);
    queue.commit();
    assertEquals(open(files, T0 + 3000).jobs, 0);
  });

  it("a job that was reserved from among the buried ones is truncated with the ready ones", () => {
    const files = new PlainFiles();
    const queue = open(files);
    const id = queue.put(text("x"));
    queue.reserve(id);
    queue.bury(id, 0);
    queue.reserve(id);
    queue.engine.close(queue.session, queue.now);
    queue.engine.outbox.clear();
    const other = queue.engine.open();
    queue.engine.truncate(other, DEFAULT, 0, DEFAULT.length, 1 << READY);
    queue.binlog.truncate(queue.engine.outbox.truncates[0]);
    queue.commit();
    assertEquals(queue.engine.jobs.count, 0);
    assertEquals(open(files, T0 + 1000).jobs, 0);
  });

  it("a log of format version 1 opens, and goes on in version 2", () => {
    const files = new PlainFiles();
    const queue = open(files);
    queue.put(text("old"));
    queue.commit();
    const contents = files.contents();
    const bytes = contents.get(segmentName(1))!;
    const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
    assertEquals(view.getUint32(8, true), 2);
    view.setUint32(8, 1, true);
    view.setUint32(HEADER_BYTES - 4, files.checksum(bytes.subarray(0, HEADER_BYTES - 4), 0), true);
    const old = PlainFiles.holding(contents);
    const again = open(old, T0 + 1000);
    assertEquals(again.jobs, 1);
    again.truncate("default");
    again.commit();
    assertEquals(open(old, T0 + 2000).jobs, 0);
  });
});

describe("many truncates of a tube", () => {
  it("leave what each of them would have left at once", () => {
    const seed = freshSeed("truncates");
    for (let run = 0; run < 80; run++) {
      const random = new Random(seed + run);
      const engine = new Engine();
      const restoration = engine.restore();
      const ledger = new Ledger();
      let lastId = 0;
      for (let step = random.below(60); step > 0; step--) {
        const id = 1 + random.below(Math.max(lastId, 1));
        const state = random.pick([READY, DELAYED, DELAYED, BURIED]);
        const mark = state === READY ? 0 : random.below(9);
        const tube = random.pick(["a", "a", "b"]);
        const luck = random.next();
        if (luck < 0.5) {
          const job = plainJob(++lastId, { state, mark, tube });
          const body = text("body");
          const full = { ...job, tube: new TextEncoder().encode(tube), bodyBytes: body.length, file: 1 };
          for (const restorer of [restoration, ledger]) restorer.put(full, body, 0, body.length);
        } else if (luck < 0.6 && ledger.jobs.has(id)) {
          const job = { ...plainJob(id, { state, mark }), tube: DEFAULT, bodyBytes: 2, file: 1 };
          for (const restorer of [restoration, ledger]) restorer.change(job);
        } else if (luck < 0.65) { for (const restorer of [restoration, ledger]) restorer.gone(id); }
        else {
          const truncation = {
            tube: new TextEncoder().encode(tube),
            states: 2 * (1 + random.below(3)) | 16 * random.below(2),
            spared: ledger.list().filter((job) => job.tube === tube && random.chance(0.2)).map(({ id }) =>
              id
            ),
            delayedFrom: random.pick([0, 3, 5, 9, Infinity]),
            delayedFromId: random.below(lastId + 1),
          };
          for (const restorer of [restoration, ledger]) restorer.truncate(truncation);
        }
      }
      restoration.finish(lastId + 1, -1);
      const left = jobsOf(engine.live).map(({ id, state, tube }) => `${id} ${state} ${tube}`);
      assertEquals(
        left,
        ledger.list().map(({ id, state, tube }) => `${id} ${state} ${tube}`),
        `run ${seed + run}`,
      );
      assertEquals(engine.jobs.rowCount, left.length);
    }
  });
});

describe("on a full disk", () => {
  it("a truncate works, and what it frees can be used again; a requeue is refused until then", () => {
    const disk = new Disk(600_000, 4096);
    const queue = open(new MemoryFiles(disk));
    const body = text("y".repeat(2000));
    const turn = (): void => {
      queue.work();
      queue.commit();
      disk.finishSync();
    };
    const fill = (): number => {
      let count = 0;
      for (; queue.put(body) !== 0; count++) if (count % 5 === 0) turn();
      return count;
    };
    const first = fill();
    let count = first;
    assert(first > 50, `${first} jobs`);
    const [id] = jobsOf(queue.engine.live).map((job) => job.id);
    assert(!queue.requeue(id, null, text("z".repeat(50_000))));
    assertEquals(jobsOf(queue.engine.live)[0].body.length, body.length);
    for (let round = 0; round < 5; round++) {
      assertEquals(queue.truncate("default"), count);
      for (let i = 0; i < 50; i++) turn();
      queue.now += 1000;
      turn();
      count = fill();
      assert(count > first / 2, `${count} jobs after ${first}`);
    }
    turn();
    disk.kill();
    assertEquals(open(new MemoryFiles(disk), queue.now).jobs, count);
  });
});
