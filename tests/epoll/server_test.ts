// The server with `--io epoll`: the flag, a part of the conformance suite, signals, socket activation, and what an idle one costs.
// All other tests that start a server can be run with it too: RUNNERBEAN_IO=epoll in their environment.
import process from "node:process";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { assert, assertEquals, assertLessOrEqual, assertMatch, assertStringIncludes } from "@std/assert";
import { parseOptions } from "../../src/cli/parse_options.ts";
import { listeningOn, portOf, runToEnd, toEnd } from "../cli/run_command.ts";
import { Ports } from "../conformance/ports.ts";
import { runCase } from "../conformance/run_case.ts";
import { readTranscript } from "../conformance/transcript.ts";
import { cpuSeconds } from "../hostile/figures.ts";
import { requireProgram, RUNTIME, skipWithout, sleep } from "../support/runtime.ts";
import { freePort, PROJECT_DIR, runnerbeanCommand, startProcess } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { bugEndsProcess } from "../server/bug_ends_process.ts";
import { NO_EPOLL } from "./no_epoll.ts";

const LIMIT = { timeout: 240_000 };
const COMMAND = [...runnerbeanCommand(), "--io", "epoll"];
/** Sections of the conformance suite that are about bytes and time: what an adapter can spoil. */
const SECTIONS = ["framing", "drain", "deadline"];
const AT_A_TIME = 6;

describe("--io", () => {
  const ioOf = (argv: string[], env: Record<string, string> = {}): string => {
    const parsed = parseOptions(argv, env);
    return parsed.kind === "run"
      ? parsed.options.io
      : parsed.kind === "problem"
      ? parsed.problem
      : parsed.kind;
  };

  it("is native unless told otherwise, by a flag or by a variable", () => {
    assertEquals(ioOf([]), "native");
    assertEquals(ioOf(["--io", "epoll"]), "epoll");
    assertEquals(ioOf([], { RUNNERBEAN_IO: "epoll" }), "epoll");
    assertEquals(ioOf(["--io=native"], { RUNNERBEAN_IO: "epoll" }), "native");
    assertEquals(ioOf(["--io", "kqueue"]), '--io: expected native or epoll, got "kqueue"');
  });

  it("leaves with 111 and says why where epoll cannot be had", {
    ...LIMIT,
    skip: RUNTIME === "bun" ? "Bun has no switch that takes its FFI away" : false,
  }, async () => {
    const denied = RUNTIME === "deno"
      ? [process.execPath, "run", "--no-check", "-A", "--deny-ffi"]
      : [process.execPath, "--no-experimental-ffi"];
    const ended = await runToEnd([...denied, `${PROJECT_DIR}src/cli/main.ts`, "--io", "epoll", "-p0"]);
    assertEquals([ended.code, ended.stdout], [111, ""], ended.stderr);
    assertMatch(ended.stderr, /^runnerbean: --io epoll cannot be had: .*ffi/im);
  });
});

describe("a server with --io epoll", { skip: NO_EPOLL }, () => {
  for (const section of SECTIONS) {
    it(`passes the conformance cases of ${section}`, { timeout: 120_000 }, async () => {
      const path = `tests/conformance/cases/${section}.txt`;
      const cases = readTranscript(path, readFileSync(PROJECT_DIR + path, "utf8"));
      const launch = { command: COMMAND, env: {}, ports: new Ports() };
      const failures: string[] = [];
      const rest = cases.values();
      const lane = async (): Promise<void> => {
        for (const one of rest) {
          const failure = await runCase(one, launch);
          if (failure !== null) failures.push(failure);
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, lane));
      assertEquals(failures, []);
      assert(cases.length > 3);
    });
  }

  it(
    "says so, hears signals while it has nothing to do and while it is busy",
    LIMIT,
    async () => {
      for (const isBusy of [false, true]) {
        const server = startProcess([...COMMAND, "-p0"]);
        let pouring = true;
        try {
          const address = await listeningOn(server);
          assertStringIncludes(server.stdout(), `(${RUNTIME} with epoll, `);
          const client = await WireClient.connect(portOf(address));
          assertEquals(await client.ask("use x\r\n"), "USING x\r\n");
          const pour = async (): Promise<void> => {
            while (pouring && !client.ended) await client.ask("stats\r\n".repeat(50));
          };
          const poured = isBusy ? pour() : Promise.resolve();
          await sleep(100);
          server.signal("SIGUSR1");
          const other = await WireClient.connect(portOf(address));
          while ((await other.ask("put 0 0 60 1\r\na\r\n")) !== "DRAINING\r\n") await sleep(5);
          server.signal("SIGTERM");
          assertEquals((await toEnd(server)).code, 0);
          pouring = false;
          await poured;
          client.close();
          other.close();
        } finally {
          pouring = false;
          await server.stop();
        }
      }
    },
  );

  it("costs next to nothing while nothing happens", LIMIT, async () => {
    const server = startProcess([...COMMAND, "-p0"]);
    try {
      const client = await WireClient.connect(portOf(await listeningOn(server)));
      client.send("reserve\r\n");
      await sleep(1500); // what the runtime does after its start is over
      const before = cpuSeconds(server.pid);
      await sleep(2000);
      assertLessOrEqual(cpuSeconds(server.pid) - before, 0.1, "processor seconds in two idle ones");
      client.close();
    } finally {
      await server.stop();
    }
  });

  it("does not survive a bug: what is thrown in a round ends the process", LIMIT, async () => {
    await bugEndsProcess("epoll");
  });

  it("serves an inherited descriptor", { ...LIMIT, skip: skipWithout("perl") }, async () => {
    const port = await freePort();
    // A parent that binds descriptor 3 and becomes the server, as a service manager does.
    const parent = `use IO::Socket::INET; use POSIX;
      my $socket = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => ${port}, Listen => 5, ReuseAddr => 1) or die;
      POSIX::dup2(fileno($socket), 3) or die unless fileno($socket) == 3; $^F = 3;
      use Fcntl; open(my $three, "+<&=", 3); fcntl($three, F_SETFD, 0);
      $ENV{LISTEN_PID} = $$; $ENV{LISTEN_FDS} = 1; exec @ARGV;`;
    const server = startProcess([requireProgram("perl"), "-e", parent, ...COMMAND]);
    try {
      await listeningOn(server);
      const client = await WireClient.connect(port);
      assertEquals(await client.ask("use x\r\n"), "USING x\r\n");
      client.close();
      server.signal("SIGTERM");
      assertEquals((await toEnd(server)).code, 0);
    } finally {
      await server.stop();
    }
  });
});
