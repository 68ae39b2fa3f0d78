// Starts that must be refused, each with its exit code and a message that says what to do; and the lock, across runtimes.

import process from "node:process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { HEADER_BYTES, numberIn } from "../../src/journal/layout.ts";
import { listeningOn, portOf, type RunningProcess, runToEnd, toEnd } from "../cli/run_command.ts";
import { findRuntime, RUNTIME, type RuntimeName } from "../support/runtime.ts";
import { PROJECT_DIR, runnerbeanCommand, startProcess } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";

const HERE = ["-l", "127.0.0.1", "-p", "0"];

let folder = "";
let directory = "";
let running: RunningProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runnerbean-start-"));
  directory = join(folder, "log");
  mkdirSync(directory);
  running = [];
});
afterEach(async () => {
  for (const one of running) await one.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(
  command: string[] = runnerbeanCommand(),
): Promise<{ server: RunningProcess; port: number }> {
  const server = startProcess([...command, ...HERE, "-b", directory]);
  running.push(server);
  return { server, port: portOf(await listeningOn(server)) };
}

const refused = (args: readonly string[] = ["-b", directory]): ReturnType<typeof runToEnd> =>
  runToEnd([...runnerbeanCommand(), ...HERE, ...args]);

async function ask(port: number, command: string): Promise<string> {
  const client = await WireClient.connect(port);
  try {
    return await client.ask(command, 10_000);
  } finally {
    client.close();
  }
}

/** The command that starts Runnerbean on a runtime; null when that is not here. */
function commandOn(runtime: RuntimeName): string[] | null {
  if (runtime === RUNTIME) return runnerbeanCommand();
  const program = findRuntime(runtime);
  if (program === "") return null;
  const words = runtime === "deno" ? [program, "run", "-A", "--no-check"] : [program];
  return [...words, join(PROJECT_DIR, "src/cli/main.ts")];
}

describe("the lock of a log", () => {
  for (const other of ["deno", "bun", "node"] as const) {
    const skip = findRuntime(other) === "" && `${other} is not here`; // a part of the tests may run with one runtime only
    it(`held by ${RUNTIME}, wanted by ${other}: exit 10`, { skip, timeout: 240_000 }, async () => {
      const command = commandOn(other);
      assert(command, `${other} is missing`);
      const { server, port } = await start();
      assertEquals(await ask(port, "put 0 0 60 1\r\nx\r\n"), "INSERTED 1\r\n");
      const second = await runToEnd([...command, ...HERE, "-b", directory]);
      assertEquals(second.code, 10, second.stderr);
      assert(second.stderr.includes(directory), second.stderr);
      assertEquals(await ask(port, "put 0 0 60 1\r\ny\r\n"), "INSERTED 2\r\n", "the first goes on");
      await server.stop("SIGKILL");
      const third = await start(command);
      assertEquals(await ask(third.port, "peek 2\r\n"), "FOUND 2 1\r\ny\r\n");
    });
  }

  it("is free after kill -9, at once", { timeout: 240_000 }, async () => {
    for (let round = 1; round <= 5; round++) {
      const { server, port } = await start();
      assertEquals(await ask(port, "put 0 0 60 1\r\nx\r\n"), `INSERTED ${round}\r\n`);
      await server.stop("SIGKILL");
    }
  });
});

describe("a start that cannot be", () => {
  it("-b on a directory that is not there, and on a file: exit 10", { timeout: 240_000 }, async () => {
    const missing = join(folder, "missing");
    const first = await refused(["-b", missing]);
    assertEquals(first.code, 10, first.stderr);
    assert(first.stderr.includes(missing), first.stderr);
    const file = join(folder, "file");
    writeFileSync(file, "text");
    const second = await refused(["-b", file]);
    assertEquals(second.code, 10, second.stderr);
    assert(second.stderr.includes(file), second.stderr);
  });

  it("-b on a directory of beanstalkd's: names the way over", { timeout: 240_000 }, async () => {
    writeFileSync(join(directory, "binlog.1"), new Uint8Array([7, 0, 0, 0, 0, 0, 0, 0]));
    writeFileSync(join(directory, "lock"), "");
    const { code, stderr } = await refused();
    assertEquals(code, 1, stderr);
    assertMatch(stderr, /runnerbean import/);
    assert(stderr.includes(directory), stderr);
    assertEquals(readFileSync(join(directory, "binlog.1")).length, 8, "it is only read");
    assert(
      readdirSync(directory).every((name) => numberIn(name, "segment") === 0),
      "no log was begun beside it",
    );
  });

  it("-b on a damaged log: names file and offset, and what helps", { timeout: 240_000 }, async () => {
    const { server, port } = await start();
    for (let id = 1; id <= 20; id++) {
      assertEquals(await ask(port, "put 0 0 60 3\r\nabc\r\n"), `INSERTED ${id}\r\n`);
    }
    await server.stop("SIGKILL");
    const path = join(directory, "segment.1");
    const bytes = readFileSync(path);
    bytes[HEADER_BYTES + 30] ^= 1;
    writeFileSync(path, bytes);
    const { code, stderr } = await refused();
    assertEquals(code, 1, stderr);
    assertMatch(stderr, /segment\.1, offset 128/);
    assertMatch(stderr, /runnerbean check/);
    assertMatch(stderr, /runnerbean salvage/);
    assert(stderr.includes(directory), stderr);
    assertEquals(readFileSync(path), bytes, "nothing was changed");
  });

  it(
    "-b on a log whose end is missing: refused, and says what to bring back",
    { timeout: 240_000 },
    async () => {
      for (const signal of ["SIGTERM", "SIGKILL"] as const) {
        const { server, port } = await start([...runnerbeanCommand(), "-s", "4096"]);
        for (let i = 0; i < 30; i++) {
          assertMatch(await ask(port, `put 0 0 60 300\r\n${"x".repeat(300)}\r\n`), /^INSERTED \d+\r\n$/);
        }
        await server.stop(signal);
        const newest = newestSegmentOf(directory);
        const bytes = readFileSync(newest.path);
        rmSync(newest.path);
        const missing = await refused();
        assertEquals(missing.code, 1, missing.stderr);
        assertMatch(missing.stderr, new RegExp(`damaged at ${newest.name}: the file is missing, though`));
        assertMatch(missing.stderr, /bring back that file if you have it.*runnerbean salvage/);
        if (signal === "SIGTERM") {
          const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
          for (const size of [end - 1, end - 25, end - 500, HEADER_BYTES]) {
            writeFileSync(newest.path, bytes.subarray(0, size));
            const cut = await refused();
            assertEquals(cut.code, 1, cut.stderr);
            assertMatch(cut.stderr, /closed in good order up to \d+ bytes behind this place/);
          }
        }
        writeFileSync(newest.path, bytes);
      }
      rmSync(join(directory, "state"));
      const { server, port } = await start([...runnerbeanCommand(), "-s", "4096"]);
      assertMatch(
        server.stderr(),
        /the file state is missing in .*; started with those that are, and ids go on further up/,
      );
      assertMatch(await ask(port, "put 0 0 60 3\r\nabc\r\n"), /^INSERTED 10486\d\d\r\n$/);
      await server.stop("SIGTERM");
    },
  );

  it("-b on a directory that may not be written", { timeout: 240_000, skip: noOtherUser() }, async () => {
    chmodSync(folder, 0o755);
    chmodSync(directory, 0o555);
    chownSync(directory, 0, 0);
    // Root may write anywhere: the server becomes another user, who may not.
    const { code, stderr } = await toEnd(
      startProcess([...runnerbeanCommand(), ...HERE, "-u", "nobody", "-b", directory]),
    );
    assert(code === 1 || code === 10, `${code} ${stderr}`);
    assertMatch(stderr, /permission denied|EACCES|unable to open|readonly/i);
    assert(stderr.includes(directory), stderr);
    assert(!/\n\s+at /.test(stderr), `a stack is no message: ${stderr}`);
  });
});

function newestSegmentOf(folder: string): { readonly name: string; readonly path: string } {
  const newest = Math.max(...readdirSync(folder).map((name) => numberIn(name, "segment")));
  return { name: `segment.${newest}`, path: join(folder, `segment.${newest}`) };
}

function noOtherUser(): string | false {
  return process.getuid?.() === 0 ? false : "only root may become another user";
}
