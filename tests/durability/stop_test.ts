// How a server with a log ends: in good order on SIGTERM, and at once, with its replies unsent, when the log fails.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { assert, assertEquals, assertGreaterOrEqual, assertMatch } from "@std/assert";
import { listeningOn, portOf, type RunningProcess, toEnd } from "../cli/run_command.ts";
import { requireProgram, skipWithout, sleep } from "../support/runtime.ts";
import { freePort, runnerbeanCommand, startProcess, startServer } from "../support/server_process.ts";
import { WireClient, yamlOf } from "../support/wire_client.ts";
import { HttpClient, type HttpReply, type HttpRequest, untilReady } from "./http_client.ts";
import { ODD_SERVER, oddEnv } from "./variants.ts";

const EXIT_BINLOG = 74;
const CLIENTS = 8;
const PUT = `put 0 0 60 1000\r\n${"p".repeat(1000)}\r\n`;

let directory = "";
let running: RunningProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "runnerbean-stop-"));
  running = [];
});
afterEach(async () => {
  for (const one of running) await one.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** What came back for puts, sent by several connections as fast as they are answered, until the server was gone. */
async function putUntilGone(
  port: number,
  began: () => void,
): Promise<{ acknowledged: number[]; refused: number }> {
  const acknowledged: number[] = [];
  let refused = 0;
  const work = async (): Promise<void> => {
    const client = await WireClient.connect(port);
    for (;;) {
      client.send(PUT.repeat(4));
      for (let i = 0; i < 4; i++) {
        const reply = await client.reply(20_000);
        const id = /^INSERTED (\d+)\r\n$/.exec(reply)?.[1];
        if (id !== undefined) acknowledged.push(Number(id));
        else if (reply === "OUT_OF_MEMORY\r\n") refused++;
        else {
          assertEquals(reply, "", "nothing but the end");
          return;
        }
      }
      if (acknowledged.length > 200) began();
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, work));
  return { acknowledged, refused };
}

/** Starts on the same directory, without what made it fail, and counts the jobs. */
async function checkAllThere(acknowledged: readonly number[]): Promise<number> {
  const server = await startServer({ args: ["-b", directory] });
  running.push(server);
  const client = await WireClient.connect(server.port);
  for (const id of acknowledged) {
    assertEquals((await client.ask(`peek ${id}\r\n`)).slice(0, 6), "FOUND ", `job ${id} was acknowledged`);
  }
  const jobs = Number(yamlOf(await client.ask("stats\r\n"))["current-jobs-ready"]);
  client.close();
  return jobs;
}

describe("SIGTERM", () => {
  for (const args of [[], ["-f", "1000"], ["-F"]]) {
    it(
      `under load ${args.join(" ")}: exit 0, and all that was acknowledged is there`,
      { timeout: 240_000 },
      async () => {
        const server = await startServer({ args: ["-b", directory, ...args] });
        running.push(server);
        let stopped = false;
        const { acknowledged } = await putUntilGone(server.port, () => {
          if (!stopped) server.signal("SIGTERM");
          stopped = true;
        });
        assertEquals(await server.exited, 0, server.stderr());
        assertEquals(server.stderr(), "");
        const jobs = await checkAllThere(acknowledged);
        assertGreaterOrEqual(jobs, acknowledged.length);
        console.log(`SIGTERM ${args.join(" ")}: ${acknowledged.length} acknowledged, ${jobs} there`);
      },
    );
  }
});

/** Long enough that SIGTERM comes while what was asked for waits for it. */
const SLOW_SYNC_MS = 700;

describe("SIGTERM while HTTP requests wait for a slow disk", () => {
  it("answers what was done as done, and what was not as not done", { timeout: 240_000 }, async () => {
    const http = await freePort();
    const args = ["-b", directory, "--http", `127.0.0.1:${http}`];
    const server = await startServer({ command: [...ODD_SERVER], args, env: oddEnv(SLOW_SYNC_MS) });
    running.push(server);
    await untilReady(http);
    const ask = async (request: HttpRequest): Promise<HttpReply | null> =>
      (await HttpClient.connect(http)).ask(request);
    const puts = ["1", "2", "3", "4"].map((bytes) =>
      ask({ method: "POST", path: `/v1/tubes/t/jobs?priority=${bytes}`, bytes })
    );
    const ids = (await Promise.all(puts)).map((reply) => JSON.parse(reply!.body).id as number);
    const json = { tubes: ["t"], count: 3 };
    const { jobs } = JSON.parse((await ask({ method: "POST", path: "/v1/reserve", json }))!.body);
    const acts = ["delete", "release", "bury"].map((verb, i) =>
      ask({ method: "POST", path: `/v1/leases/${jobs[i].token}/${verb}` })
    );
    const put = ask({ method: "POST", path: "/v1/tubes/t/jobs", bytes: "5" });
    const waiting = ask({
      method: "POST",
      path: "/v1/reserve",
      json: { tubes: ["empty"], timeoutSeconds: 60 },
    });
    await sleep(SLOW_SYNC_MS / 3);
    server.signal("SIGTERM");
    const statuses = (await Promise.all([...acts, put, waiting])).map((reply) => reply?.status);
    assertEquals(statuses, [204, 204, 204, 201, 503]);
    assertEquals(await server.exited, 0, server.stderr());
    assertEquals(server.stderr(), "");
    const last = JSON.parse((await put)!.body).id;
    assertEquals(await checkAllThere([ids[1], ids[2], ids[3], last]), 3, "ready ones");
  });
});

/** Runs until the log fails; what was acknowledged before must be there after the next start. */
async function failUnderLoad(
  command: string[],
  reason: RegExp,
  breakIt: (pid: number) => void,
): Promise<void> {
  const server = startProcess([...command, "-l", "127.0.0.1", "-p", "0", "-b", directory, "-s", "1048576"]);
  running.push(server);
  const port = portOf(await listeningOn(server));
  let isBroken = false;
  const { acknowledged, refused } = await putUntilGone(port, () => {
    if (!isBroken) breakIt(server.pid);
    isBroken = true;
  });
  const { code, stderr } = await toEnd(server);
  assertEquals(code, EXIT_BINLOG, stderr);
  assertMatch(stderr, reason);
  assert(!/\n\s+at /.test(stderr), `a stack is no message: ${stderr}`);
  assertGreaterOrEqual(acknowledged.length, 1, "it never worked");
  const jobs = await checkAllThere(acknowledged);
  // At most what was on its way: four puts of each connection were not answered.
  assert(jobs - acknowledged.length <= 4 * CLIENTS, `${jobs} there, ${acknowledged.length} acknowledged`);
  console.log(`${acknowledged.length} acknowledged, ${refused} refused, ${jobs} there; ${stderr.trim()}`);
}

/** Containers may forbid one process to trace another. */
function skipWithoutTracing(): string | false {
  try {
    execFileSync(requireProgram("strace"), ["-qq", "-o", "/dev/null", "true"], { stdio: "ignore" });
    return false;
  } catch {
    console.log("skipped: strace may not trace here");
    return "strace may not trace here";
  }
}

describe("a log that fails while the server runs", () => {
  it("a write: exit 74, no reply that waited, nothing acknowledged lost", {
    timeout: 240_000,
    skip: skipWithout("prlimit", "util-linux"),
  }, async () => {
    // From the moment the limit is set, no file may be written beyond its first kilobyte.
    const unharmed = ["sh", "-c", 'trap "" XFSZ; exec "$@"', "sh", ...runnerbeanCommand()];
    await failUnderLoad(unharmed, /EFBIG|file too large/i, (pid) => {
      execFileSync(requireProgram("prlimit", "util-linux"), ["--pid", String(pid), "--fsize=1024"]);
    });
  });

  it("a sync: exit 74, no reply that waited, nothing acknowledged lost", {
    timeout: 240_000,
    skip: skipWithout("strace") || skipWithoutTracing(),
  }, async () => {
    const inject = "inject=fdatasync:error=EIO:when=30+";
    const traced = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", inject];
    await failUnderLoad([...traced, ...runnerbeanCommand()], /EIO|input.output error/i, () => {});
  });
});
