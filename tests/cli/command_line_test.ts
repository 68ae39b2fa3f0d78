// The program as users start it: exit codes and streams beside those of the reference for the same words, and what it
// prints when it runs.
import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireProgram, skipWithout } from "../support/runtime.ts";
import { freePort, runnerbeanCommand, startProcess, startServer } from "../support/server_process.ts";
import { WireClient, yamlOf } from "../support/wire_client.ts";
import { listeningOn, portOf, runToEnd, until } from "./run_command.ts";

const LIMIT = { timeout: 240_000 };

/** ${PORT} is a free port, ${TAKEN} one that somebody listens on, ${DIR} a folder with a plain file `file`. */
const LEAVING: { argv: string[]; code: number; usage: boolean }[] = [
  { argv: ["-h"], code: 0, usage: true },
  { argv: ["-hv"], code: 0, usage: true },
  { argv: ["-v"], code: 0, usage: false },
  { argv: ["-vx", "foo"], code: 0, usage: false },
  { argv: ["-x"], code: 5, usage: true },
  { argv: ["-xv"], code: 5, usage: true },
  { argv: ["-"], code: 5, usage: true },
  { argv: ["--"], code: 5, usage: true },
  { argv: ["-V", "--"], code: 5, usage: true },
  { argv: [""], code: 5, usage: true },
  { argv: ["-V", "foo", "-p", "${PORT}"], code: 5, usage: true },
  { argv: ["-p", "${PORT}", "foo"], code: 5, usage: true },
  { argv: ["-Vp"], code: 5, usage: true },
  { argv: ["-z", "5k"], code: 5, usage: true },
  { argv: ["-z", ""], code: 5, usage: true },
  { argv: ["-z", "0x10"], code: 5, usage: true },
  { argv: ["-s", "10k"], code: 5, usage: true },
  { argv: ["-f1.5"], code: 5, usage: true },
  { argv: ["-Ff0p${PORT}"], code: 5, usage: true },
  { argv: ["-p", "no-such-service"], code: 111, usage: false },
  { argv: ["-p", "0x10"], code: 111, usage: false },
  { argv: ["-l", "", "-p", "${PORT}"], code: 111, usage: false },
  { argv: ["-l", "300.1.1.1", "-p", "${PORT}"], code: 111, usage: false },
  { argv: ["-l", "192.0.2.1", "-p", "${PORT}"], code: 111, usage: false },
  { argv: ["-l", "127.0.0.1", "-p", "${TAKEN}"], code: 111, usage: false },
  { argv: ["-l", "unix:${DIR}/file"], code: 111, usage: false },
  { argv: ["-l", "unix:${DIR}/none/socket"], code: 111, usage: false },
  { argv: ["-l", "unix:/tmp/" + "x".repeat(103)], code: 111, usage: false },
  { argv: ["-u", "no-such-user", "-p", "${PORT}"], code: 33, usage: false },
];

describe("the command line beside the reference's: leaving", () => {
  const skip = skipWithout("beanstalkd");
  let dir = "";
  before(() => {
    dir = mkdtempSync(join(tmpdir(), "runnerbean-"));
    writeFileSync(join(dir, "file"), "");
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  for (const { argv, code, usage } of LEAVING) {
    it(`${JSON.stringify(argv)}: ${code}`, { ...LIMIT, skip }, async () => {
      const reference = requireProgram("beanstalkd");
      const taken = argv.includes("${TAKEN}") ? await startServer({ command: [reference] }) : null;
      try {
        const port = String(await freePort());
        const words = argv.map((word) =>
          word.replace("${PORT}", port).replace("${TAKEN}", String(taken?.port)).replace("${DIR}", dir)
        );
        for (const command of [[reference], runnerbeanCommand()]) {
          const ended = await runToEnd([...command, ...words]);
          assertEquals(ended.code, code, `${command}: ${ended.stderr}`);
          assertEquals(ended.stderr.includes("Options:"), usage, `${command}: ${ended.stderr}`);
          assertEquals(ended.stderr === "", words[0].startsWith("-v"), `${command}: ${ended.stderr}`);
          if (words[0].startsWith("-v")) assertMatch(ended.stdout, /^(?:beanstalkd|runnerbean) \S+\n$/);
          else if (!words[0].startsWith("-V")) assertEquals(ended.stdout, "", String(command));
        }
      } finally {
        await taken?.stop();
      }
    });
  }
});

describe("the command line beside the reference's: running", () => {
  const skip = skipWithout("beanstalkd");
  /** Flags, how many lines of warning, and fields of the stats. */
  const RUNNING: [string[], number, Record<string, string>][] = [
    [[], 0, { "max-job-size": "65535", "binlog-max-size": "10485760", draining: "false" }],
    [["-Ff0", "-z1000", "-s", "4096"], 0, { "max-job-size": "1000", "binlog-max-size": "4096" }],
    [["-z", " +7", "-z", "0"], 0, { "max-job-size": "0" }],
    [["-z", "-1"], 1, { "max-job-size": "1073741824" }],
    [["-cn"], 2, { "max-job-size": "65535" }],
  ];
  for (const [args, warnings, fields] of RUNNING) {
    it(`${JSON.stringify(args)}: ${warnings} warnings`, { ...LIMIT, skip }, async () => {
      for (const command of [[requireProgram("beanstalkd")], runnerbeanCommand()]) {
        const port = await freePort();
        const server = startProcess([...command, "-l127.0.0.1", `-p${port}`, ...args]);
        try {
          const client = await connectSoon(port, server.exited);
          const stats = yamlOf(await client.ask("stats\r\n"));
          client.close();
          assertEquals(Object.fromEntries(Object.keys(fields).map((key) => [key, stats[key]])), fields);
          assertEquals(server.stderr().split("\n").length - 1, warnings, server.stderr());
        } finally {
          await server.stop();
        }
      }
    });
  }
});

/** Connects as soon as somebody listens; gives up when the process has ended. */
async function connectSoon(port: number, exited: Promise<unknown>): Promise<WireClient> {
  let ended = false;
  exited.then(() => (ended = true), () => (ended = true));
  for (let attempt = 0; attempt < 1000 && !ended; attempt++) {
    try {
      return await WireClient.connect(port);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  }
  throw new Error(`nobody listens on port ${port}`);
}

describe("the command line: beyond the reference", () => {
  it("names the flag and what it takes, then the usage, on stderr", LIMIT, async () => {
    const ended = await runToEnd([...runnerbeanCommand(), "--max-memory", "1.5g"]);
    assertEquals([ended.code, ended.stdout], [5, ""]);
    assertMatch(
      ended.stderr,
      /^runnerbean: --max-memory: expected a number of bytes .*, got "1\.5g"\nUse: runnerbean /,
    );
    const port = await runToEnd([...runnerbeanCommand(), "-p99999"]);
    assertEquals(port.code, 5);
    assertStringIncludes(
      port.stderr,
      'runnerbean: -p: expected a port number from 0 to 65535 or a service name, got "99999"\n',
    );
  });

  it("has long names for -h and -v", LIMIT, async () => {
    const help = await runToEnd([...runnerbeanCommand(), "--help"]);
    assertEquals([help.code, help.stdout], [0, ""]);
    assertStringIncludes(help.stderr, "--max-connections");
    const version = await runToEnd([...runnerbeanCommand(), "--version"]);
    assertEquals([version.code, version.stderr], [0, ""]);
    assertMatch(version.stdout, /^runnerbean \d+\.\d+\.\d+\S*\n$/);
  });

  it(
    "listens on loopback unless told otherwise, and -p 0 picks a free port and prints it",
    LIMIT,
    async () => {
      const server = startProcess([...runnerbeanCommand(), "-p", "0"]);
      try {
        const address = await listeningOn(server);
        assertMatch(address, /^127\.0\.0\.1:[1-9]\d*$/);
        const client = await WireClient.connect(portOf(address));
        assertEquals(await client.ask("use x\r\n"), "USING x\r\n");
        client.close();
        assertEquals(server.stderr(), "");
      } finally {
        await server.stop();
      }
    },
  );

  it("takes variables, and flags win over them", LIMIT, async () => {
    const env = { RUNNERBEAN_PORT: "70000", RUNNERBEAN_MAX_JOB_BYTES: "10", RUNNERBEAN_PROT: "1" };
    const bad = await runToEnd(runnerbeanCommand(), env);
    assertEquals(bad.code, 5);
    assertStringIncludes(bad.stderr, "RUNNERBEAN_PORT: expected a port number");
    const server = startProcess([...runnerbeanCommand(), "--port=0"], env);
    try {
      const client = await WireClient.connect(portOf(await listeningOn(server)));
      assertEquals(yamlOf(await client.ask("stats\r\n"))["max-job-size"], "10");
      client.close();
      assertEquals(server.stderr(), "runnerbean: RUNNERBEAN_PROT is not a known variable and is ignored\n");
    } finally {
      await server.stop();
    }
  });

  it("tells of connections with -V, and of commands and replies with -VV", LIMIT, async () => {
    for (const level of ["-V", "-VV"]) {
      const server = startProcess([...runnerbeanCommand(), level, "-p0"]);
      try {
        const client = await WireClient.connect(portOf(await listeningOn(server)));
        assertEquals(await client.ask("use x\r\n"), "USING x\r\n");
        client.close();
        await until(server, "a close line", () => /^close \d+$/m.test(server.stdout()));
        const printed = server.stdout();
        assertMatch(printed, new RegExp(`^pid ${server.pid}$`, "m"));
        const connection = /^accept (\d+) from 127\.0\.0\.1:\d+$/m.exec(printed)?.[1];
        assert(connection !== undefined, printed);
        assertStringIncludes(printed, `\nclose ${connection}\n`);
        assertEquals(new RegExp(`^<${connection} command use`, "m").test(printed), level === "-VV", printed);
        assertEquals(new RegExp(`^>${connection} reply USING`, "m").test(printed), level === "-VV", printed);
      } finally {
        await server.stop();
      }
    }
  });

  it("takes no more connections than --max-connections", LIMIT, async () => {
    const server = startProcess([...runnerbeanCommand(), "-p0", "--max-connections", "2"]);
    try {
      const port = portOf(await listeningOn(server));
      const clients = [await WireClient.connect(port), await WireClient.connect(port)];
      for (const client of clients) assertEquals(await client.ask("use x\r\n"), "USING x\r\n");
      const third = await WireClient.connect(port);
      third.send("use y\r\n");
      assertEquals(await third.reply(500), "", "a third connection was served");
      third.close();
      clients[0].close();
      // The server learns of the free place a moment later.
      let reply = "";
      for (let attempt = 0; attempt < 100 && reply === ""; attempt++) {
        const next = await WireClient.connect(port);
        reply = await next.ask("use z\r\n", 200);
        next.close();
      }
      assertEquals(reply, "USING z\r\n");
      clients[1].close();
    } finally {
      await server.stop();
    }
  });

  it("refuses puts beyond --max-memory and goes on with everything else", LIMIT, async () => {
    const server = startProcess([...runnerbeanCommand(), "-p0", "--max-memory", "4m", "-z", "1000000"]);
    try {
      const client = await WireClient.connect(portOf(await listeningOn(server)));
      const put = `put 0 0 60 1000000\r\n${"x".repeat(1000000)}\r\n`;
      let reply = "";
      for (let puts = 0; puts < 10 && reply !== "OUT_OF_MEMORY\r\n"; puts++) reply = await client.ask(put);
      assertEquals(reply, "OUT_OF_MEMORY\r\n");
      assertMatch(await client.ask("delete 1\r\n"), /^DELETED\r\n$/);
      assertMatch(await client.ask(put), /^INSERTED \d+\r\n$/);
      client.close();
    } finally {
      await server.stop();
    }
  });
});
