// Whole servers on unix sockets: after a kill, beside a live one, and what the file looks like.
import { describe, it } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { lstatSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runnerbeanCommand, startProcess } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { listeningOn, runToEnd } from "./run_command.ts";

const LIMIT = { timeout: 240_000 };

/** Runs the test with the path of a socket in a folder of its own. */
async function withPath(test: (path: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "runnerbean-"));
  try {
    await test(join(dir, "socket"));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const onSocket = (path: string): string[] => [...runnerbeanCommand(), "-l", `unix:${path}`];

describe("a server on a unix socket", () => {
  it("makes a file as the umask says and serves there", LIMIT, () =>
    withPath(async (path) => {
      const server = startProcess(["/bin/sh", "-c", 'umask 022; exec "$@"', "sh", ...onSocket(path)]);
      try {
        await listeningOn(server);
        const status = lstatSync(path);
        assert(status.isSocket());
        assertEquals((status.mode & 0o777).toString(8), "755");
        const client = await WireClient.connectUnix(path);
        assertEquals(await client.ask("use x\r\n"), "USING x\r\n");
        client.close();
      } finally {
        await server.stop();
      }
    }));

  it(
    "starts over the socket that a killed server left behind, with a warning",
    LIMIT,
    () =>
      withPath(async (path) => {
        const killed = startProcess(onSocket(path));
        await listeningOn(killed).finally(() => killed.stop("SIGKILL"));
        assert(lstatSync(path).isSocket());
        const server = startProcess(onSocket(path));
        try {
          await listeningOn(server);
          assertEquals(server.stderr(), `runnerbean: removed the socket that was left behind at ${path}\n`);
          const client = await WireClient.connectUnix(path);
          assertEquals(await client.ask("use x\r\n"), "USING x\r\n");
          client.close();
        } finally {
          await server.stop();
        }
      }),
  );

  it("does not take the socket of a live server, which goes on", LIMIT, () =>
    withPath(async (path) => {
      const first = startProcess(onSocket(path));
      try {
        await listeningOn(first);
        const client = await WireClient.connectUnix(path);
        assertEquals(await client.ask("put 0 0 60 1\r\na\r\n"), "INSERTED 1\r\n");
        const second = await runToEnd(onSocket(path));
        assertEquals([second.code, second.stdout], [111, ""]);
        assertStringIncludes(
          second.stderr,
          `cannot listen on unix:${path}: another server is listening there`,
        );
        const later = await WireClient.connectUnix(path);
        assertEquals(await later.ask("reserve\r\n"), "RESERVED 1 1\r\na\r\n");
        later.close();
        client.close();
      } finally {
        await first.stop();
      }
    }));
});
