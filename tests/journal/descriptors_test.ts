// Descriptors of a log: few are open however many files there are, and some are held for when nobody else leaves any.
import { describe, it } from "node:test";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { DescriptorReserve } from "../../src/adapters/node/descriptor_reserve.ts";
import { NodeFiles } from "../../src/adapters/node/files.ts";
import type { OpenFile } from "../../src/ports/files.ts";
import { NO_PROC } from "../hostile/figures.ts";

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

/** What a system call throws that finds no descriptor. */
function none(code: string): Error {
  return Object.assign(new Error(`${code}: too many open files`), { code });
}

/** How many of this process's descriptors lead into a directory. */
function openIn(directory: string): number {
  return fs.readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(directory);
    } catch {
      return false; // the listing's own
    }
  }).length;
}

function inDirectory(act: (directory: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const directory = fs.mkdtempSync(join(tmpdir(), "runnerbean-descriptors-"));
    try {
      await act(directory);
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
  };
}

describe("descriptors in reserve", () => {
  for (const code of ["EMFILE", "ENFILE"]) {
    it(`are given up one by one for ${code}, and taken back`, () => {
      const reserve = new DescriptorReserve(4);
      assertEquals(reserve.count, 0);
      reserve.fill();
      assertEquals(reserve.count, 4);
      let failures = 3;
      const least: number[] = [];
      const answer = reserve.opening(() => {
        least.push(reserve.count);
        if (failures-- > 0) throw none(code);
        return "opened";
      });
      assertEquals([answer, least, reserve.count], ["opened", [4, 3, 2, 1], 4]);
      reserve.close();
      assertEquals(reserve.count, 0);
      reserve.refill();
      assertEquals(reserve.count, 0, "what was closed takes nothing back");
    });
  }

  it("leave other errors alone, and throw when none is left", () => {
    const reserve = new DescriptorReserve(2);
    reserve.fill();
    const failing = (code: string) => () =>
      reserve.opening(() => {
        throw none(code);
      });
    assertThrows(failing("ENOENT"), Error, "ENOENT");
    assertEquals(reserve.count, 2);
    assertThrows(failing("EMFILE"), Error, "EMFILE");
    assertEquals(reserve.count, 0);
    reserve.refill();
    assertEquals(reserve.count, 2);
    reserve.close();
  });
});

describe("a log's files", () => {
  it(
    "hold few descriptors however many are open, and are read and written as before",
    { skip: NO_PROC },
    inDirectory((directory) => {
      const files = new NodeFiles(directory);
      const all: OpenFile[] = [];
      for (let i = 0; i < 60; i++) {
        const file = files.open(`file.${i}`, "create");
        file.write([bytes(i)], 0);
        all.push(file);
        assert(openIn(directory) <= 6, `${openIn(directory)} descriptors for ${i + 1} files`);
      }
      files.rename("file.3", "other");
      for (const [i, file] of all.entries()) {
        file.write([bytes(i + 100)], 1);
        const read = bytes(0, 0);
        assertEquals([file.read(read, 0), [...read], file.size], [2, [i, i + 100], 2]);
      }
      assertEquals(fs.readFileSync(join(directory, "other"))[1], 103, "it was found by its new name");
      for (const file of all) file.close();
      assertEquals(openIn(directory), 0);
      assertThrows(() => all[0].size, Error, "closed");
    }),
  );

  it(
    "keep the descriptor that a sync beside the loop needs",
    { skip: NO_PROC },
    inDirectory(async (directory) => {
      const files = new NodeFiles(directory);
      const first = files.open("first", "create");
      first.write([bytes(1)], 0);
      const synced = new Promise<Error | null>((resolve) => first.syncLater(resolve));
      const others = Array.from({ length: 20 }, (_, i) => files.open(`file.${i}`, "create"));
      first.write([bytes(2)], 1);
      assertEquals(await synced, null);
      first.sync();
      assertEquals(first.size, 2);
      for (const file of [first, ...others]) file.close();
      assertEquals(openIn(directory), 0);
    }),
  );

  it(
    "are synced beside the loop a few at a time, each after what was written before, closed ones too",
    { skip: NO_PROC },
    inDirectory(async (directory) => {
      const files = new NodeFiles(directory);
      const told: string[] = [];
      const syncs: Promise<void>[] = [];
      const all = Array.from({ length: 40 }, (_, i) => files.open(`file.${i}`, "create"));
      for (const [i, file] of all.entries()) {
        file.write([bytes(i)], 0);
        for (const nth of [1, 2]) {
          syncs.push(
            new Promise((resolve) =>
              file.syncLater((error) => {
                told.push(`${i} ${nth} ${error?.message ?? "synced"}`);
                resolve();
              })
            ),
          );
        }
        // Two run on Deno with a descriptor more each; in any case far fewer than forty are open.
        assert(openIn(directory) <= 16, `${openIn(directory)} descriptors at file ${i}`);
        if (i % 3 === 0) file.close();
      }
      assertEquals(told, [], "not before the calls have returned");
      await Promise.all(syncs);
      assertEquals(told.filter((one) => !one.endsWith("synced")), []);
      assertEquals(told.length, 80);
      for (const file of all) file.close();
      assertEquals(openIn(directory), 0);
    }),
  );
});
