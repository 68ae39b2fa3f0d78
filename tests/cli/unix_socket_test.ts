// The path of a unix socket before and after: what is stale goes, what is alive or no socket stays.
import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, lstatSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isListedAsLive, type PreparedUnixSocket, prepareUnixSocket } from "../../src/cli/unix_socket.ts";
import { makeStaleSocket } from "./stale_socket.ts";

let dir = "";
before(() => void (dir = mkdtempSync(join(tmpdir(), "runnerbean-"))));
after(() => rmSync(dir, { recursive: true, force: true }));

async function preparedAt(path: string): Promise<PreparedUnixSocket> {
  const result = await prepareUnixSocket(path);
  if (result.kind === "problem") throw new Error(result.problem);
  return result;
}

/** "111 reason" of a refusal, or "prepared". */
async function refusalAt(path: string): Promise<string> {
  const result = await prepareUnixSocket(path);
  return result.kind === "problem" ? `${result.exitCode} ${result.problem}` : result.kind;
}

function listenAt(path: string): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => socket.destroy());
    server.once("error", reject);
    server.listen(path, () => resolve(server));
  });
}

const closed = (server: net.Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

describe("a unix socket's path", () => {
  it("is free when nothing is there", async () => {
    assertEquals((await preparedAt(join(dir, "free"))).warnings, []);
  });

  it("is freed of a stale socket, with a warning", async () => {
    const path = join(dir, "stale");
    await makeStaleSocket(path);
    assert(lstatSync(path).isSocket());
    assertEquals((await preparedAt(path)).warnings, [`removed the socket that was left behind at ${path}`]);
    assert(!existsSync(path));
  });

  it("is not taken from a live server", async () => {
    const path = join(dir, "live");
    const server = await listenAt(path);
    try {
      assertEquals(
        await refusalAt(path),
        `111 cannot listen on unix:${path}: another server is listening there`,
      );
      assert(lstatSync(path).isSocket());
    } finally {
      await closed(server);
    }
  });

  it("is not cleared of a file, a folder or a link", async () => {
    const stale = join(dir, "behind-link");
    await makeStaleSocket(stale);
    writeFileSync(join(dir, "file"), "precious");
    symlinkSync(stale, join(dir, "link"));
    for (const path of [join(dir, "file"), dir, join(dir, "link")]) {
      assertEquals(
        await refusalAt(path),
        `111 cannot listen on unix:${path}: there is a file there that is no socket`,
      );
      assert(existsSync(path));
    }
  });

  it("has at most 107 bytes", async () => {
    const at = (bytes: number): string => dir + "/" + "x".repeat(bytes - dir.length - 1);
    assertEquals(await refusalAt(at(107)), "prepared");
    assertStringIncludes(await refusalAt(at(108)), "111 cannot listen on unix:");
    const umlauts = dir + "/" + "ü".repeat(53);
    assert(umlauts.length <= 107);
    assertStringIncludes(await refusalAt(umlauts), `the path has ${dir.length + 1 + 106} bytes, at most 107`);
  });

  it("is cleaned up at the end only while the file is ours", async () => {
    const path = join(dir, "ours");
    const moved = join(dir, "moved");
    const socket = await preparedAt(path);
    // Before anything is bound there is nothing of ours to remove.
    await makeStaleSocket(path);
    socket.cleanup();
    assert(existsSync(path));
    socket.bound();
    renameSync(path, moved);
    await makeStaleSocket(path);
    socket.cleanup();
    assert(existsSync(path), "another server's socket was removed");
    rmSync(path);
    renameSync(moved, path);
    socket.cleanup();
    assert(!existsSync(path), "our socket was left behind");
    socket.cleanup();
  });
});

describe("the kernel's list of unix sockets", () => {
  const TABLE = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000001: 00000003 00000000 00000000 0001 03  1583
0000000000000002: 00000002 00000000 00010000 0001 01 168434 /run/with space
0000000000000003: 00000003 00000000 00000000 0001 02     0 /run/connected
0000000000000004: 00000002 00000000 00000000 0002 01 168433 /run/datagram
`;
  const CASES: [string, boolean][] = [
    ["/run/with space", true],
    ["/run/../run/with space", true],
    ["/run/with", false],
    ["/run/connected", false],
    ["/run/datagram", true],
    ["/run", false],
  ];
  for (const [path, live] of CASES) {
    it(`${path}: ${live}`, () => assertEquals(isListedAsLive(path, TABLE), live));
  }
});
