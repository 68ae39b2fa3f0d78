// On a full disk puts are refused, and all else goes on, whatever the size of the file system: small segments, records
// larger than a segment, truncates that spare jobs, restarts in good order and after a kill or a power cut at any operation.
// RUNNERBEAN_FULL=true tries every size instead of some.

import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Disk } from "../../src/adapters/memory/disk.ts";
import { Crash } from "../../src/adapters/memory/disk_faults.ts";
import { MemoryFiles } from "../../src/adapters/memory/files.ts";
import { LogProblem } from "../../src/journal/problem.ts";
import { freshSeed } from "../support/runtime.ts";
import { Random } from "../support/random.ts";
import { LoggedQueue } from "./logged_queue.ts";
import { missingRoom, SmallDiskWork, type Work } from "./small_disk_work.ts";

const IS_FULL = process.env.RUNNERBEAN_FULL === "true";

interface FileSystem {
  readonly segmentBytes: number;
  readonly blockBytes: number;
  readonly sizes: readonly number[];
}

const FILE_SYSTEMS: readonly FileSystem[] = [
  { segmentBytes: 4096, blockBytes: 512, sizes: [10, 300, 900] },
  { segmentBytes: 4096, blockBytes: 4096, sizes: [10, 300, 900] },
  { segmentBytes: 4096, blockBytes: 1024, sizes: [10, 300, 6000] },
  { segmentBytes: 16_384, blockBytes: 4096, sizes: [10, 300, 3000] },
];

/** One process after the other on a disk of so many bytes. Answers how many puts were accepted and refused. */
function live({ segmentBytes, blockBytes, sizes }: FileSystem, capacity: number, random: Random) {
  const disk = new Disk(capacity, blockBytes);
  let ids: number[] = [];
  let [accepted, refused] = [0, 0];
  for (let lives = 0; lives < 3; lives++) {
    let queue: LoggedQueue;
    try {
      queue = new LoggedQueue(new MemoryFiles(disk), { segmentBytes });
    } catch (error) {
      // Where not even a header fits, there is nothing to begin.
      if (error instanceof LogProblem && ids.length === 0 && disk.freeBytes < blockBytes) break;
      throw error;
    }
    const where = `${capacity} bytes, life ${lives}`;
    const driven = new SmallDiskWork(queue, disk, random, ids);
    const work: Work = { sizes, turns: 30, slow: random.next(), waiting: random.pick([0, 1, 200]) };
    for (let round = 0; round < 3; round++) {
      // Others take what is free, and give it back.
      disk.takenByOthers = random.chance(0.5) ? disk.freeBytes : 0;
      driven.run(work, () => assertEquals(missingRoom(queue, disk), [], where));
      assertEquals(queue.failure, null, where);
    }
    driven.rest(work.waiting);
    assertEquals(queue.failure, null, where);
    ({ ids } = driven);
    accepted += queue.engine.counters.totalJobs;
    refused += driven.refused;
    const end = random.pick(["closed", "killed", "power cut"]);
    if (end === "closed") queue.binlog.close();
    if (end === "power cut") disk.powerCut(() => random.next());
    disk.kill();
    assertEquals(queue.failure, null, where);
  }
  return { accepted, refused };
}

describe("a small disk", () => {
  for (const fileSystem of FILE_SYSTEMS) {
    const { segmentBytes, blockBytes, sizes } = fileSystem;
    const what = `segments of ${segmentBytes}, blocks of ${blockBytes}, bodies of up to ${sizes.at(-1)}`;
    it(`refuses puts and nothing else, whatever its size: ${what}`, { timeout: 120_000 }, () => {
      const random = new Random(freshSeed(`small disk, ${what}`));
      let [accepted, refused] = [0, 0];
      const step = blockBytes * (IS_FULL ? 1 : Math.max(1, Math.round((0.6 * segmentBytes) / blockBytes)));
      for (let capacity = 2 * blockBytes; capacity <= 10 * segmentBytes + 40_000; capacity += step) {
        const found = live(fileSystem, capacity, random);
        accepted += found.accepted;
        refused += found.refused;
      }
      assert(accepted > 200 && refused > 50, `${accepted} accepted, ${refused} refused`);
    });
  }
});

/** A log with jobs and spares, and the operations of its disk so far. */
function filled(disk: Disk, segmentBytes: number, random: Random) {
  const queue = new LoggedQueue(new MemoryFiles(disk), { segmentBytes });
  const driven = new SmallDiskWork(queue, disk, random);
  driven.run({ sizes: [10, 300, 900], turns: 70, slow: 0.6, waiting: 0 });
  return { queue, ids: [...driven.ids] };
}

describe("a disk that is full when the next process starts", () => {
  for (const segmentBytes of [4096, 8192]) {
    for (const stage of ["end", "start"] as const) {
      it(`has the room it counts on, wherever the ${stage} was cut off, segments of ${segmentBytes}`, {
        timeout: 120_000,
      }, () => {
        const seed = freshSeed(`cut off at its ${stage}, ${segmentBytes}`);
        let operation = 0;
        while (cutOff(segmentBytes, stage, operation, new Random(seed + operation), new Random(seed))) {
          operation++;
        }
        assert(operation > 1, `only ${operation} operations`);
      });
    }
  }
});

/**
 * Cuts the power at an operation of a start or an orderly end; the next process must do with what others leave, which is
 * nothing. False: there are not so many operations.
 */
function cutOff(
  segmentBytes: number,
  stage: "end" | "start",
  operation: number,
  chance: Random,
  random: Random,
): boolean {
  const disk = new Disk(Infinity, 512);
  const { queue, ids } = filled(disk, segmentBytes, random);
  if (stage === "start") {
    queue.binlog.close();
    disk.kill();
  }
  disk.faults.arm({ on: "change", after: operation, outcome: "crash", done: chance.pick([0, 1]) });
  try {
    if (stage === "end") queue.binlog.close();
    else new LoggedQueue(new MemoryFiles(disk), { segmentBytes });
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
  const { isDown } = disk;
  disk.faults.disarm();
  disk.powerCut(() => chance.next());
  disk.takenByOthers = Infinity;
  const next = new LoggedQueue(new MemoryFiles(disk), { segmentBytes });
  const where = `cut off at operation ${operation}`;
  assertEquals(missingRoom(next, disk), [], where);
  const there = ids.filter((id) => next.engine.live.find(id) !== null);
  const driven = new SmallDiskWork(next, disk, chance, there);
  const work: Work = { sizes: [10, 300], turns: 20, slow: 0.5, waiting: 0 };
  driven.run(work, () => assertEquals(missingRoom(next, disk), [], where));
  assertEquals(next.failure, null, where);
  return isDown;
}

describe("zeros that an earlier process left", () => {
  for (const segmentBytes of [4096, 16_384]) {
    it(`are room also where a copy made holes of them, segments of ${segmentBytes}`, () => {
      const disk = new Disk(Infinity, 512);
      const { queue, ids } = filled(disk, segmentBytes, new Random(11));
      queue.binlog.close();
      const copy = new Disk(Infinity, 512);
      const files = new MemoryFiles(copy);
      for (const [name, bytes] of disk.contents()) {
        const file = files.open(name, "create");
        for (let at = 0; at < bytes.length; at += 512) {
          const block = bytes.subarray(at, at + 512);
          if (block.some((byte) => byte !== 0)) file.write([block], at);
        }
        file.truncate(bytes.length);
        file.sync();
        file.close();
      }
      const next = new LoggedQueue(files, { segmentBytes });
      assertEquals(next.jobs, ids.length);
      assertEquals(missingRoom(next, copy), []);
      copy.takenByOthers = Infinity;
      const driven = new SmallDiskWork(next, copy, new Random(12), ids);
      driven.run({ sizes: [10, 300], turns: 60, slow: 0.5, waiting: 0 });
      assertEquals(next.failure, null);
    });
  }
});
