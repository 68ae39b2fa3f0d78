// Socket activation with real descriptors: systemd's own tool where it is installed, a shell for what goes wrong.
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import dgram from "node:dgram";
import process from "node:process";
import { requireProgram, skipWithout } from "../support/runtime.ts";
import { freePort, runnerbeanCommand, startProcess } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { listeningOn, portOf, type RunningProcess, runToEnd, toEnd, until } from "./run_command.ts";

const LIMIT = { timeout: 240_000 };
const skip = skipWithout("systemd-socket-activate", "systemd");

/** Starts the program behind systemd's tool, which waits for the first client; HOME is where Deno keeps its cache. */
function activated(listenArgs: string[], args: string[]): RunningProcess {
  const tool = requireProgram("systemd-socket-activate", "systemd");
  const home = `--setenv=HOME=${process.env.HOME ?? "/"}`;
  return startProcess([tool, home, ...listenArgs, ...runnerbeanCommand(), ...args]);
}

const toolListens = (tool: RunningProcess): Promise<void> =>
  until(
    tool,
    "systemd-socket-activate",
    () => /Listening on .* as [34]\.\n(?!Listening)/.test(tool.stderr()),
  );

const warningsOf = (server: RunningProcess): string[] =>
  server.stderr().split("\n").filter((line) => line.startsWith("runnerbean: "));

describe("socket activation by systemd", { skip }, () => {
  it(
    "serves all inherited TCP sockets; -l and -p are ignored with a warning each",
    LIMIT,
    async () => {
      const [port, other] = [await freePort(), await freePort()];
      const listenArgs = ["-l", `127.0.0.1:${port}`, "-l", `127.0.0.1:${other}`];
      const server = activated(listenArgs, ["-l", "192.0.2.1", "-p", "9", "-V"]);
      try {
        await until(server, "both sockets", () => server.stderr().includes(" as 4."));
        const client = await WireClient.connect(port);
        assertEquals(await client.ask("use x\r\n", 20_000), "USING x\r\n");
        assertEquals(warningsOf(server), [
          "runnerbean: listening on inherited sockets; -l is ignored",
          "runnerbean: listening on inherited sockets; -p is ignored",
        ]);
        const second = await WireClient.connect(other);
        assertEquals(await second.ask("use y\r\n"), "USING y\r\n");
        second.close();
        client.close();
        server.signal("SIGTERM");
        assertEquals((await toEnd(server)).code, 0);
      } finally {
        await server.stop();
      }
    },
  );

  it("serves an inherited unix socket", LIMIT, async () => {
    const dir = mkdtempSync(join(tmpdir(), "runnerbean-"));
    const path = join(dir, "socket");
    const server = activated(["-l", path], []);
    try {
      await toolListens(server);
      const client = await WireClient.connectUnix(path);
      assertEquals(await client.ask("put 0 0 60 1\r\na\r\n", 20_000), "INSERTED 1\r\n");
      assertEquals(await client.ask("reserve\r\n"), "RESERVED 1 1\r\na\r\n");
      assertEquals(warningsOf(server), []);
      client.close();
    } finally {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  });

  it("leaves with 111 when the socket is no stream", LIMIT, async () => {
    const port = await freePort();
    const server = activated(["--datagram", "-l", `127.0.0.1:${port}`], []);
    const sender = dgram.createSocket("udp4");
    try {
      await toolListens(server);
      sender.send("x", port, "127.0.0.1");
      const ended = await toEnd(server);
      assertEquals(ended.code, 111, ended.stderr);
      assertStringIncludes(ended.stderr, "runnerbean: ");
    } finally {
      sender.close();
      await server.stop();
    }
  });
});

describe("socket activation gone wrong", () => {
  /** A shell becomes the program, so that its own pid is the right one for LISTEN_PID. */
  const shell = (assignments: string, redirect: string, args: string[]): string[] => [
    "/bin/sh",
    "-c",
    `${assignments} exec "$@" ${redirect}`,
    "sh",
    ...runnerbeanCommand(),
    ...args,
  ];

  const REFUSED: [string, string, string][] = [
    ["a file", "LISTEN_PID=$$ LISTEN_FDS=1", "3</etc/passwd"],
    ["a closed descriptor", "LISTEN_PID=$$ LISTEN_FDS=1", "3<&-"],
    ["no number of descriptors", "LISTEN_PID=$$ LISTEN_FDS=x", ""],
    ["no descriptor", "LISTEN_PID=$$ LISTEN_FDS=0", ""],
    ["no process id", "LISTEN_PID=x LISTEN_FDS=1", ""],
  ];
  for (const [what, assignments, redirect] of REFUSED) {
    it(`${what}: exit code 111`, LIMIT, async () => {
      const ended = await runToEnd(shell(assignments, redirect, ["-p0"]));
      assertEquals([ended.code, ended.stdout], [111, ""], ended.stderr);
      assertMatch(ended.stderr, /^runnerbean: .+\n$/);
    });
  }

  it("ignores variables that are meant for another process", LIMIT, async () => {
    const server = startProcess(shell("LISTEN_PID=1 LISTEN_FDS=1", "", ["-p0"]));
    try {
      const port = portOf(await listeningOn(server));
      assert(port > 0);
      const client = await WireClient.connect(port);
      assertEquals(await client.ask("use x\r\n"), "USING x\r\n");
      client.close();
      assertEquals(server.stderr(), "");
    } finally {
      await server.stop();
    }
  });
});
