// Who may open what a log's directory holds, and what a start says of a lock that it cannot have.
import { describe, it } from "node:test";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { prepareKvFile } from "../../src/adapters/node/kv_file.ts";
import { NodeFiles } from "../../src/adapters/node/files.ts";
import { Engine } from "../../src/core/engine.ts";
import { LogProblem } from "../../src/journal/problem.ts";
import { openLog } from "../../src/journal/recovery.ts";
import { explainSystemError } from "../../src/journal/system_error.ts";
import { binlog, Queue } from "../../mod.ts";
import { kv } from "../../src/library/store.ts";
import { skipUnlessRoot } from "../cli/root.ts";

function inDirectory(act: (directory: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const directory = fs.mkdtempSync(join(tmpdir(), "runnerbean-permissions-"));
    try {
      await act(directory);
    } finally {
      fs.chmodSync(directory, 0o700);
      fs.rmSync(directory, { recursive: true });
    }
  };
}

/** The permissions of each file, which must be the same. */
function modesIn(directory: string): string {
  const modes = fs.readdirSync(directory).map((name) =>
    (fs.statSync(join(directory, name)).mode & 0o777).toString(8)
  );
  return [...new Set(modes)].join(" ");
}

async function withUmask(mask: number, act: () => Promise<void>): Promise<void> {
  const before = process.umask(mask);
  try {
    await act();
  } finally {
    process.umask(before);
  }
}

async function useLog(directory: string): Promise<void> {
  await using queue = await Queue.open({ store: binlog(directory, { segmentBytes: 4096 }) });
  const tube = queue.tube("t");
  for (let i = 0; i < 20; i++) await tube.put("x".repeat(1000));
  const names = fs.readdirSync(directory).map((name) => name.split(".")[0]);
  assertEquals([...new Set(names)].sort(), ["lock", "segment", "spare", "state"]);
}

describe("the files of a log", () => {
  for (const umask of [0o000, 0o022, 0o077]) {
    for (
      const [mode, expected] of [[0o700, "600"], [0o755, "600"], [0o777, "660"], [0o2770, "660"]] as const
    ) {
      const what = `umask ${umask.toString(8)}, directory ${mode.toString(8)}: ${expected}`;
      it(
        what,
        inDirectory(async (directory) => {
          fs.chmodSync(directory, mode);
          await withUmask(umask, () => useLog(directory));
          assertEquals(modesIn(directory), expected);
        }),
      );
    }
  }

  it(
    "have a lock that no other user may open, also one that an earlier version left",
    inDirectory(async (directory) => {
      fs.writeFileSync(join(directory, "lock.sqlite"), "", { mode: 0o644 });
      fs.chmodSync(join(directory, "lock.sqlite"), 0o644);
      await useLog(directory);
      assertEquals(modesIn(directory), "600");
    }),
  );

  it(
    "are written where the permissions say no and the system says yes",
    { skip: skipUnlessRoot() },
    inDirectory(async (directory) => {
      fs.chmodSync(directory, 0o555); // root may all the same
      await useLog(directory);
    }),
  );
});

describe("a lock that cannot be had", () => {
  it(
    "since this process has it: said as it is, by any path, until the first is closed",
    inDirectory(async (directory) => {
      const link = `${directory}-link`;
      fs.symlinkSync(directory, link);
      try {
        const first = await Queue.open({ store: binlog(directory) });
        for (const path of [directory, `${directory}/.`, link]) {
          const error = await assertRejects(
            () => Queue.open({ store: binlog(path) }),
            LogProblem,
          ) as LogProblem;
          assertEquals([error.code, error.message], [
            "locked",
            `this process has opened ${path} already: use that queue, or close it first`,
          ]);
        }
        await first.tube("t").put("still there");
        await first.close();
        await using second = await Queue.open({ store: binlog(link) });
        assertEquals((await second.tube("t").reserve())?.text(), "still there");
      } finally {
        fs.unlinkSync(link);
      }
    }),
  );

  it(
    "since it is something else: says what to remove",
    inDirectory(async (directory) => {
      const path = join(directory, "lock.sqlite");
      const complaint = async (): Promise<string> =>
        (await assertRejects(() => Queue.open({ store: binlog(directory) }), LogProblem)).message;
      fs.writeFileSync(path, "garbage ".repeat(200));
      assertEquals(
        await complaint(),
        `${path} holds 1600 bytes that are no lock: if no server uses this directory, remove that file`,
      );
      fs.unlinkSync(path);
      fs.mkdirSync(path);
      assertEquals(await complaint(), `${path} is no plain file: remove it`);
      fs.rmdirSync(path);
      await useLog(directory);
    }),
  );

  it("since there is no such directory", async () => {
    const path = join(tmpdir(), "runnerbean-no-such-directory");
    const error = await assertRejects(() => Queue.open({ store: binlog(path) }), LogProblem);
    assert(/^ENOENT.*the directory is not there\)$/.test(error.message), error.message);
  });
});

describe("what the system refuses", () => {
  const CODES: [string, string][] = [
    ["EDQUOT", "quota"],
    ["ENOSPC", "the disk is full"],
    ["EACCES", "must be readable and writable"],
    ["EROFS", "read-only"],
    ["EMFILE", "ulimit -n"],
    ["ENFILE", "fs.file-max"],
    ["EIO", "the system's log"],
  ];
  for (const [code, words] of CODES) {
    it(
      `${code} is explained when a log is opened`,
      inDirectory((directory) => {
        class Refusing extends NodeFiles {
          override open(): never {
            throw Object.assign(new Error(`${code}: refused, open 'x'`), { code });
          }
        }
        const options = {
          segmentBytes: 4096,
          sync: { kind: "always" },
          stopwatch: () => 0,
          now: 0,
          identity: new Uint8Array(16),
        } as const;
        const error = assertThrows(() => openLog(new Refusing(directory), new Engine(), options), LogProblem);
        assert(error.message.startsWith(`${code}: refused`) && error.message.includes(words), error.message);
      }),
    );
  }

  it("is passed on as it is where there is nothing to add", () => {
    assertEquals(explainSystemError(new Error("odd")), "odd");
  });
});

describe("the file of a KV", () => {
  it(
    "is created for its owner only, and one that others may read is told of",
    inDirectory((directory) => {
      const path = join(directory, "jobs.kv");
      assertEquals(prepareKvFile(path), null);
      assertEquals(modesIn(directory), "600");
      assertEquals(prepareKvFile(path), null);
      fs.chmodSync(path, 0o640);
      assertEquals(prepareKvFile(path), null, "a group was given it on purpose");
      fs.chmodSync(path, 0o644);
      assertEquals(
        prepareKvFile(path),
        `--kv ${path} holds jobs and every user of this machine may open it: chmod 600`,
      );
      for (const other of ["https://kv.example/x", ":memory:", "", join(directory, "none", "jobs.kv")]) {
        assertEquals(prepareKvFile(other), null, other);
      }
      assertEquals(fs.readdirSync(directory), ["jobs.kv"]);
    }),
  );

  it(
    "has side files of the same permissions",
    inDirectory(async (directory) => {
      await using queue = await Queue.open({ store: kv(join(directory, "jobs.kv")) });
      await queue.tube("t").put("x");
      assert(fs.readdirSync(directory).length >= 1);
      assertEquals(modesIn(directory), "600");
    }),
  );
});
