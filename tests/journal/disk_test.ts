// The disk in memory is as bad as it says: what was not synced may be lost, torn or reordered, and faults strike on cue.

import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Disk } from "../../src/adapters/memory/disk.ts";
import { Crash, DiskError } from "../../src/adapters/memory/disk_faults.ts";
import { MemoryFiles } from "../../src/adapters/memory/files.ts";
import { Random } from "../support/random.ts";

const PAGE = 4096;
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

/** A file of two pages of ones, durable. */
function twoPages(): { disk: Disk; files: MemoryFiles } {
  const disk = Disk.holding(new Map([["log", filled(2 * PAGE, 1)]]));
  return { disk, files: new MemoryFiles(disk) };
}

/** What each of many power cuts leaves, each told in one word; the words that came, in order. */
function outcomes(cut: (random: Random) => string): string[] {
  const seen = new Set<string>();
  for (let seed = 0; seed < 400; seed++) seen.add(cut(new Random(seed)));
  return [...seen].sort();
}

const code = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    if (error instanceof Crash) return "crash";
    if (error instanceof DiskError) return error.code;
    throw error;
  }
  return "done";
};

describe("the disk in memory", () => {
  it("keeps what was synced, whatever happens", () => {
    const words = outcomes((random) => {
      const { disk, files } = twoPages();
      const file = files.open("log", "write");
      file.write([filled(100, 2)], PAGE);
      file.sync();
      disk.powerCut(() => random.next());
      const log = disk.contents().get("log")!;
      return `${log.length} ${log[PAGE - 1]} ${log[PAGE]} ${log[PAGE + 99]} ${log[PAGE + 100]}`;
    });
    assertEquals(words, [`${2 * PAGE} 1 2 2 1`]);
  });

  it("may lose either page of an unsynced write, or both, or neither", () => {
    const words = outcomes((random) => {
      const { disk, files } = twoPages();
      files.open("log", "write").write([filled(20, 2)], PAGE - 10);
      disk.powerCut(() => random.next());
      const log = disk.contents().get("log")!;
      return `${log[PAGE - 1]}${log[PAGE]}`;
    });
    assertEquals(words, ["11", "12", "21", "22"]);
  });

  it("may tear a page between two sectors, never within one", () => {
    const words = outcomes((random) => {
      const { disk, files } = twoPages();
      files.open("log", "write").write([filled(1024, 2)], 0);
      disk.powerCut(() => random.next());
      const log = disk.contents().get("log")!;
      for (let i = 0; i < 1024; i++) assertEquals(log[i], log[i - (i % 512)]);
      return `${log[0]}${log[512]}${log[1024]}`;
    });
    assertEquals(words, ["111", "121", "211", "221"]);
  });

  it("may keep an older state of a page that was written twice, and a later page without an earlier one", () => {
    const words = outcomes((random) => {
      const { disk, files } = twoPages();
      const file = files.open("log", "write");
      file.write([filled(10, 2)], 0);
      file.write([filled(10, 3)], 0);
      file.write([filled(10, 4)], PAGE);
      disk.powerCut(() => random.next());
      const log = disk.contents().get("log")!;
      return `${log[0]}${log[PAGE]}`;
    });
    assertEquals(words, ["11", "14", "21", "24", "31", "34"]);
  });

  it("may lose a new length, or keep it over zeros", () => {
    const words = outcomes((random) => {
      const { disk, files } = twoPages();
      files.open("log", "write").write([filled(PAGE, 2)], 2 * PAGE);
      disk.powerCut(() => random.next());
      const log = disk.contents().get("log")!;
      return `${log.length} ${log[2 * PAGE]}`;
    });
    assertEquals(words, [`${3 * PAGE} 0`, `${3 * PAGE} 2`, `${2 * PAGE} undefined`]);
  });

  it("may take back a truncation", () => {
    const words = outcomes((random) => {
      const { disk, files } = twoPages();
      files.open("log", "write").truncate(10);
      disk.powerCut(() => random.next());
      return String(disk.contents().get("log")!.length);
    });
    assertEquals(words, ["10", String(2 * PAGE)]);
  });

  it("keeps a prefix of the changes to its directory", () => {
    const words = outcomes((random) => {
      const { disk, files } = twoPages();
      files.open("a", "create").sync();
      files.rename("a", "b");
      files.remove("log");
      disk.powerCut(() => random.next());
      return [...disk.contents().keys()].sort().join(" ");
    });
    assertEquals(words, ["a log", "b", "b log", "log"]);
    const { disk, files } = twoPages();
    files.remove("log");
    files.open("b", "create");
    files.syncDirectory();
    disk.powerCut(() => 0);
    assertEquals([...disk.contents().keys()], ["b"]);
  });

  it("keeps all that was written when only the process is killed, and lets go of the lock", () => {
    const { disk, files } = twoPages();
    assert(files.lock());
    const file = files.open("log", "write");
    file.write([filled(10, 2)], 0);
    files.open("a", "create");
    disk.kill();
    assertEquals([disk.contents().get("log")![9], disk.contents().get("a")!.length], [2, 0]);
    assertThrows(() => file.write([filled(1, 3)], 0), Crash);
    assertThrows(() => files.list(), Crash);
    assert(new MemoryFiles(disk).lock());
  });

  it("covers by a later sync what was written before it began, and tells when it is done", () => {
    const words = outcomes((random) => {
      const { disk, files } = twoPages();
      const file = files.open("log", "write");
      file.write([filled(10, 2)], 0);
      const told: string[] = [];
      file.syncLater((error) => told.push(String(error)));
      file.write([filled(10, 3)], 0);
      assertEquals([disk.syncsInFlight, disk.finishSync(), disk.finishSync(), told], [1, true, false, [
        "null",
      ]]);
      disk.powerCut(() => random.next());
      return String(disk.contents().get("log")![0]);
    });
    assertEquals(words, ["2", "3"]);
  });

  it("does not write after a sync that failed what that sync should have covered", () => {
    const { disk, files } = twoPages();
    const file = files.open("log", "write");
    file.write([filled(10, 2)], 0);
    disk.faults.arm({ on: "sync", after: 0, outcome: "EIO", done: 0 });
    assertEquals([code(() => file.sync()), code(() => file.sync())], ["EIO", "done"]);
    assertEquals(disk.contents().get("log")![0], 2, "readers still see it");
    disk.powerCut(() => 0.99);
    assertEquals(disk.contents().get("log")![0], 1);
  });

  it("strikes at the operation it was told to, with as much done as it was told", () => {
    for (const [done, expected] of [[0, 0], [0.8, 4], [1, 8]]) {
      const disk = new Disk(Infinity, 8);
      const file = new MemoryFiles(disk).open("a", "create");
      disk.faults.arm({ on: "write", after: 1, outcome: "EIO", done });
      file.write([filled(4, 1)], 0);
      assertEquals(code(() => file.write([filled(8, 2)], 4)), "EIO");
      assertEquals(file.size, 4 + expected);
      file.write([filled(4, 3)], 12);
    }
  });

  it("does nothing more after a crash", () => {
    const disk = new Disk();
    const file = new MemoryFiles(disk).open("a", "create");
    disk.faults.arm({ on: "change", after: 1, outcome: "crash", done: 1 });
    file.write([filled(4, 1)], 0);
    assertEquals([code(() => file.sync()), code(() => file.write([filled(1, 2)], 0))], ["crash", "crash"]);
    assertThrows(() => disk.finishSync(), Crash);
    disk.kill();
    assertEquals(disk.contents().get("a")!.length, 4);
  });

  it("is full when its pages are taken, and not for what has a place already", () => {
    const disk = new Disk(3 * PAGE);
    const files = new MemoryFiles(disk);
    const zeros = files.open("zeros", "create");
    zeros.write([filled(2 * PAGE, 0)], 0);
    const other = files.open("other", "create");
    assertEquals(code(() => other.write([filled(2 * PAGE, 1)], 0)), "ENOSPC");
    assertEquals([other.size, disk.freeBytes], [PAGE, 0], "a part is written");
    zeros.write([filled(2 * PAGE, 5)], 0);
    other.truncate(0);
    assertEquals(disk.freeBytes, PAGE);
    files.remove("zeros");
    assertEquals(disk.freeBytes, PAGE, "somebody has it open");
    zeros.close();
    assertEquals(disk.freeBytes, 3 * PAGE);
    disk.takenByOthers = 3 * PAGE;
    assertEquals(code(() => other.write([filled(1, 1)], 0)), "ENOSPC");
  });

  it("may lose the place of zeros that were not synced", () => {
    const words = outcomes((random) => {
      const disk = new Disk();
      const files = new MemoryFiles(disk);
      files.open("a", "create").write([filled(2 * PAGE, 0)], 0);
      files.syncDirectory();
      disk.powerCut(() => random.next());
      return String(disk.usedBytes / PAGE);
    });
    assertEquals(words, ["0", "1", "2"]);
  });

  it("turns one bit round", () => {
    const { disk, files } = twoPages();
    files.open("log", "write").write([filled(1, 1)], PAGE);
    disk.flipBit("log", 8 * PAGE + 3);
    const differing = disk.contents().get("log")!.filter((byte) => byte !== 1);
    assertEquals([...differing], [9]);
  });
});
