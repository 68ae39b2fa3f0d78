// Whatever fails, and wherever it does, in a turn or in what comes back beside the loop: the log fails once, says so to its
// server and nobody else, gives its directory back and does nothing there any more. What was durable is there again.
// RUNNERBEAN_FULL=true has more operations fail.

import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Disk } from "../../src/adapters/memory/disk.ts";
import { MemoryFiles } from "../../src/adapters/memory/files.ts";
import type { SyncPolicy } from "../../src/journal/binlog.ts";
import { LogProblem } from "../../src/journal/problem.ts";
import { Random } from "../support/random.ts";
import { type Fault, FaultyFiles, type Operation, OPERATIONS } from "./faulty_files.ts";
import { LoggedQueue } from "./logged_queue.ts";
import { SmallDiskWork, type Work } from "./small_disk_work.ts";

interface Variant {
  readonly what: string;
  readonly segmentBytes: number;
  readonly sync: SyncPolicy;
  readonly work: Work;
  readonly capacity: number;
}

const VARIANTS: readonly Variant[] = [
  {
    what: "syncs beside the loop",
    segmentBytes: 4096,
    sync: { kind: "always" },
    work: { sizes: [10, 300, 900], turns: 120, slow: 0.5, waiting: 0 },
    capacity: Infinity,
  },
  {
    what: "syncs in the turn, large records",
    segmentBytes: 8192,
    sync: { kind: "always" },
    work: { sizes: [10, 300, 9000], turns: 70, slow: 0.5, waiting: 1 },
    capacity: Infinity,
  },
  {
    what: "a sync now and then, a small disk",
    segmentBytes: 4096,
    sync: { kind: "interval", ms: 1000 },
    work: { sizes: [10, 300, 900], turns: 160, slow: 0.3, waiting: 0 },
    capacity: 34_000,
  },
  {
    what: "no syncs but at the end of a segment",
    segmentBytes: 4096,
    sync: { kind: "never" },
    work: { sizes: [10, 300, 5000], turns: 80, slow: 0.7, waiting: 0 },
    capacity: Infinity,
  },
];

/** Of each kind so many operations are made to fail, evenly spread. */
const MOST_FAULTS_OF_A_KIND = process.env.RUNNERBEAN_FULL === "true" ? 60 : 9;

interface Outcome {
  readonly counts: ReadonlyMap<Operation, number>;
  /** The log failed while it ran, or could not be opened. */
  readonly hasFailed: boolean;
}

/** Two processes one after the other, the first of which ends in good order; then another one looks at what is left. */
function run({ segmentBytes, sync, work, capacity }: Variant, fault: Fault | null): Outcome {
  const disk = new Disk(capacity, 512);
  const random = new Random(7);
  const files = new FaultyFiles(disk, fault);
  let kept = new Set<number>();
  let hasFailed = false;
  for (let life = 0; life < 2 && !hasFailed; life++) {
    let queue: LoggedQueue;
    try {
      queue = new LoggedQueue(files, { segmentBytes, sync });
    } catch (error) {
      if (!files.hasStruck || !(error instanceof LogProblem)) throw error;
      hasFailed = true;
      break;
    }
    let failures = 0;
    queue.binlog.listen({
      progressed: () => assert(failures === 0, "nothing is told after a failure"),
      failed: (error) => {
        failures++;
        queue.failure = error;
      },
    });
    const driven = new SmallDiskWork(queue, disk, random, [...kept]);
    driven.run(work);
    // The end comes while syncs are under way.
    if (queue.failure === null) queue.binlog.close();
    hasFailed = failures > 0;
    kept = driven.kept;
    if (hasFailed) assertEquals([failures, files.hasStruck], [1, true], String(queue.failure));
    assertEquals(disk.holder, null, "the directory is free");
    const { changes } = files;
    while (disk.finishSync());
    queue.binlog.commit(queue.now + 5000, 1);
    queue.binlog.close();
    assertEquals(files.changes, changes, "nothing is done in the directory any more");
  }
  while (disk.finishSync());
  assertEquals(disk.holder, null, "the directory is free");
  if (fault === null) assert(!hasFailed);
  disk.kill();
  const { engine } = new LoggedQueue(new MemoryFiles(disk), { segmentBytes, sync });
  const missing = [...kept].filter((id) => engine.live.find(id) === null);
  assertEquals(missing, [], "what was durable is there");
  return { counts: files.counts, hasFailed };
}

describe("a log of which an operation fails", () => {
  for (const variant of VARIANTS) {
    let counts: Outcome["counts"] | null = null;
    for (const on of OPERATIONS) {
      it(`ends in one way: ${variant.what}, ${on}`, { timeout: 120_000 }, () => {
        counts ??= run(variant, null).counts;
        const count = counts.get(on) ?? 0;
        assert(count > 0, `${variant.what} comes by no ${on}`);
        const stride = Math.max(1, Math.ceil(count / MOST_FAULTS_OF_A_KIND));
        let failed = 0;
        for (let after = 0; after < count; after += stride) {
          if (run(variant, { on, after, code: "EIO" }).hasFailed) failed++;
        }
        assert(failed > 0, "the log fails");
      });
    }
  }
});

describe("a log that is over", () => {
  for (const end of ["closed", "failed"] as const) {
    for (const segmentBytes of [4096, 16_384]) {
      it(`leaves the directory to the next when it was ${end}, segments of ${segmentBytes}`, () => {
        const disk = new Disk(Infinity, 512);
        const first = new FaultyFiles(
          disk,
          end === "closed" ? null : { on: "syncDirectory", after: 3, code: "EIO" },
        );
        const queue = new LoggedQueue(first, { segmentBytes });
        const ids = fill(queue, 10 * segmentBytes);
        for (const id of ids.splice(1)) queue.delete(id);
        // Zeros are given back while they are being synced.
        for (let turns = 0; turns < 50 && queue.failure === null; turns++) {
          queue.binlog.commit(queue.now += 300, 0);
          if (turns % 3 === 0) disk.finishSync();
        }
        if (queue.failure === null) queue.binlog.close();
        assertEquals(queue.failure === null, end === "closed");
        assertEquals(disk.holder, null);
        const { changes } = first;
        const next = new LoggedQueue(new MemoryFiles(disk), { segmentBytes });
        fill(next, 2 * segmentBytes);
        while (disk.finishSync());
        next.binlog.commit(next.now + 1, 1);
        assertEquals([next.failure, first.changes], [null, changes]);
      });
    }
  }
});

function fill(queue: LoggedQueue, bytes: number): number[] {
  const body = new Uint8Array(502).fill(97);
  body.set([13, 10], 500);
  const ids: number[] = [];
  for (let done = 0; done < bytes; done += 600) {
    ids.push(queue.put(body));
    queue.binlog.commit(++queue.now, 0);
  }
  return ids;
}
