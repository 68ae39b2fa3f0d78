// What the port `Files` promises, asked of every directory there is: one in memory, and a real one.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Disk } from "../../src/adapters/memory/disk.ts";
import { MemoryFiles } from "../../src/adapters/memory/files.ts";
import { NodeFiles } from "../../src/adapters/node/files.ts";
import type { Files, OpenFile } from "../../src/ports/files.ts";

/** A directory to try, and a second view of it as another process would have. */
interface Place {
  readonly files: Files;
  again(): Files;
  /** Resolves when syncs that were begun beside the event loop have had their chance. */
  idle(): Promise<void>;
  end(): void;
}

function inMemory(): Place {
  const disk = new Disk();
  return {
    files: new MemoryFiles(disk),
    again: () => new MemoryFiles(disk),
    idle: () => {
      while (disk.finishSync());
      return Promise.resolve();
    },
    end: () => {},
  };
}

function onDisk(): Place {
  const directory = mkdtempSync(join(tmpdir(), "runnerbean-files-"));
  return {
    files: new NodeFiles(directory),
    again: () => new NodeFiles(directory),
    idle: () => new Promise((resolve) => setTimeout(resolve, 5)),
    end: () => rmSync(directory, { recursive: true }),
  };
}

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

/** All of a file, read in one go into a buffer that is larger. */
function contentOf(file: OpenFile): number[] {
  const buffer = new Uint8Array(file.size + 10);
  return [...buffer.subarray(0, file.read(buffer, 0))];
}

/** The code of the error that a call throws. */
function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return "nothing was thrown";
}

for (const [name, open] of [["memory", inMemory], ["node", onDisk]] as const) {
  const promise = (what: string, check: (place: Place) => void | Promise<void>): void => {
    it(what, async () => {
      const place = open();
      try {
        await check(place);
      } finally {
        place.end();
      }
    });
  };

  describe(`files of ${name}`, () => {
    promise("creates what is not there, and only that", ({ files }) => {
      const file = files.open("one", "create");
      assertEquals([file.size, files.list()], [0, ["one"]]);
      file.close();
      assertEquals(codeOf(() => files.open("one", "create")), "EEXIST");
      assertEquals(codeOf(() => files.open("two", "write")), "ENOENT");
      assertEquals(codeOf(() => files.open("two", "read")), "ENOENT");
      assertEquals(codeOf(() => files.remove("two")), "ENOENT");
      assertEquals(codeOf(() => files.rename("two", "three")), "ENOENT");
    });

    promise("writes pieces one after the other, anywhere", ({ files }) => {
      const file = files.open("one", "create");
      file.write([bytes(1, 2), bytes(), bytes(3), new Uint8Array([0, 4, 5]).subarray(1)], 0);
      assertEquals([file.size, contentOf(file)], [5, [1, 2, 3, 4, 5]]);
      file.write([bytes(9)], 1);
      file.write([bytes(7, 8)], 7);
      assertEquals(contentOf(file), [1, 9, 3, 4, 5, 0, 0, 7, 8]);
      file.close();
      const reader = files.open("one", "read");
      assertEquals(contentOf(reader), [1, 9, 3, 4, 5, 0, 0, 7, 8]);
      assertThrows(() => reader.write([bytes(1)], 0));
      reader.close();
      const writer = files.open("one", "write");
      assertEquals(writer.size, 9, "opening empties nothing");
      writer.close();
    });

    promise("writes more pieces than the system takes at once, and large ones", ({ files }) => {
      const file = files.open("many", "create");
      const pieces = Array.from({ length: 3000 }, (_, i) => bytes(i & 255, i >>> 8));
      file.write(pieces, 4);
      const large = new Uint8Array(3_000_000).fill(7);
      file.write([large, bytes(1, 2, 3)], 6004);
      assertEquals(file.size, 3_006_007);
      const read = new Uint8Array(3_006_007);
      assertEquals(file.read(read, 0), read.length);
      for (let i = 0; i < pieces.length; i++) {
        if (read[4 + 2 * i] !== (i & 255) || read[5 + 2 * i] !== i >>> 8) {
          throw new Error(`piece ${i} differs`);
        }
      }
      assertEquals([read[6004], read[3_006_003], [...read.subarray(3_006_004)]], [7, 7, [1, 2, 3]]);
      file.close();
    });

    promise("reads as much as there is", ({ files }) => {
      const file = files.open("one", "create");
      file.write([bytes(1, 2, 3, 4)], 0);
      const two = new Uint8Array(2);
      assertEquals([file.read(two, 1), [...two]], [2, [2, 3]]);
      assertEquals([file.read(two, 3), two[0]], [1, 4]);
      assertEquals([file.read(two, 4), file.read(two, 100)], [0, 0]);
      file.close();
    });

    promise("truncates, and what is written behind it later lies after zeros", ({ files }) => {
      const file = files.open("one", "create");
      file.write([new Uint8Array(5000).fill(1)], 0);
      file.truncate(3);
      assertEquals([file.size, contentOf(file)], [3, [1, 1, 1]]);
      file.write([bytes(2)], 5);
      assertEquals(contentOf(file), [1, 1, 1, 0, 0, 2]);
      file.truncate(8);
      assertEquals(contentOf(file), [1, 1, 1, 0, 0, 2, 0, 0]);
      file.close();
    });

    promise("renames in the place of what was there, and removes", ({ files }) => {
      const one = files.open("one", "create");
      one.write([bytes(1)], 0);
      const two = files.open("two", "create");
      two.write([bytes(2)], 0);
      two.close();
      files.rename("one", "two");
      one.write([bytes(3)], 1);
      assertEquals([files.list(), contentOf(one)], [["two"], [1, 3]]);
      one.close();
      const renamed = files.open("two", "read");
      assertEquals(contentOf(renamed), [1, 3]);
      renamed.close();
      files.remove("two");
      files.syncDirectory();
      assertEquals(files.list(), []);
    });

    promise("syncs at once, and later", async ({ files, idle }) => {
      const file = files.open("one", "create");
      file.write([bytes(1)], 0);
      file.sync();
      const told: (Error | null)[] = [];
      file.syncLater((error) => told.push(error));
      assertEquals(told, [], "not before the call has returned");
      file.write([bytes(2)], 1);
      for (let i = 0; i < 1000 && told.length === 0; i++) await idle();
      assertEquals([told, contentOf(file)], [[null], [1, 2]]);
      file.close();
    });

    promise("locks out everybody else until it is released", ({ files, again }) => {
      assert(files.lock());
      const other = again();
      assertEquals(other.lock(), false);
      files.release();
      assert(other.lock());
      other.release();
    });

    promise("closes what is open when it is released", ({ files }) => {
      files.lock();
      const file = files.open("one", "create");
      files.release();
      assertThrows(() => file.write([bytes(1)], 0));
    });

    promise("has the checksum of Ethernet and zip", ({ files }) => {
      const digits = bytes(...Array.from("123456789", (digit) => digit.charCodeAt(0)));
      assertEquals(files.checksum(digits, 0), 0xcbf43926);
      assertEquals(files.checksum(digits.subarray(4), files.checksum(digits.subarray(0, 4), 0)), 0xcbf43926);
      assertEquals([files.checksum(bytes(), 0), files.checksum(bytes(), 5)], [0, 5]);
    });
  });
}
