// A real server on a machine whose clock is wrong: behind, ahead, before 1970, corrected while it runs. What it says of time is
// digits in range, in the protocol, over HTTP and in dumps, before and after a restart.
import { afterEach, beforeEach, describe, it } from "node:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { runVerb } from "../cli/run_verb.ts";
import { RUNTIME } from "../support/runtime.ts";
import { freePort, type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient, yamlOf } from "../support/wire_client.ts";
import { FakeTime, skipWithoutFakeTime } from "./fake_time.ts";

const DAY = 86_400;
const YEAR = 365 * DAY;
/** Seconds. */
const STEPS: (readonly [name: string, seconds: number])[] = [
  ["30 s", 30],
  ["3 days", 3 * DAY],
  ["20 years", 20 * YEAR],
];
// Deno 2.9 ends by itself where the clock stands before 1970: "system time before Unix epoch".
if (RUNTIME === "deno") console.log("skipped: a clock before 1970, with which Deno does not start");
else STEPS.push(["60 years", 60 * YEAR]);
const LIMIT = { timeout: 240_000, skip: skipWithoutFakeTime() };
/** A busy machine's starts and stops, in seconds. */
const SLACK = 100;

let folder = "";
let log = "";
let running: ServerProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runnerbean-clock-"));
  log = join(folder, "log");
  mkdirSync(log);
  running = [];
});
afterEach(async () => {
  for (const server of running) await server.stop("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

interface TimedServer extends ServerProcess {
  readonly url: string;
  readonly client: WireClient;
}

async function start(time: FakeTime): Promise<TimedServer> {
  const httpPort = await freePort();
  const args = ["-b", log, "--http", `127.0.0.1:${httpPort}`];
  const server = await startServer({ args, env: time.env });
  running.push(server);
  return { ...server, url: `http://127.0.0.1:${httpPort}`, client: await WireClient.connect(server.port) };
}

/** Jobs 1 to 5: ready, delayed 3 s, delayed 1000 s, buried, held; and a paused tube. */
async function fill({ client }: TimedServer): Promise<void> {
  for (const delay of [0, 3, 1000, 0, 0]) {
    assertMatch(await client.ask(`put 0 ${delay} 600 1\r\nx\r\n`), /^INSERTED/);
  }
  await client.ask("reserve-job 4\r\n");
  assertEquals(await client.ask("bury 4 7\r\n"), "BURIED\r\n");
  await client.ask("reserve-job 5\r\n");
  assertEquals(await client.ask("pause-tube default 500\r\n"), "PAUSED\r\n");
}

type Job = Readonly<Record<string, string>>;

/** What the server says of its jobs, each figure looked at. */
async function look({ client, url }: TimedServer): Promise<Map<number, Job>> {
  const jobs = new Map<number, Job>();
  for (let id = 1; id <= 6; id++) {
    const reply = await client.ask(`stats-job ${id}\r\n`);
    if (!reply.startsWith("OK")) continue;
    const job = yamlOf(reply) as Job;
    for (const key of ["age", "delay", "ttr", "time-left", "pri", "file", "reserves"]) {
      assertMatch(job[key], /^\d{1,10}$/, `${id} ${key}`);
    }
    const most = Math.max(Number(job.delay), Number(job.ttr));
    assert(Number(job["time-left"]) <= most, `${id}: ${JSON.stringify(job)}`);
    jobs.set(id, job);
    const shown = await (await fetch(`${url}/v1/jobs/${id}`)).json() as {
      ageSeconds: number;
      createdAt: string;
    };
    assert(Number.isFinite(shown.ageSeconds) && shown.ageSeconds >= 0, `${id}: ${shown.ageSeconds}`);
    assert(!Number.isNaN(Date.parse(shown.createdAt)), shown.createdAt);
  }
  for (const state of ["ready", "delayed", "buried", "reserved"]) {
    for (const line of (await client.ask(`list-jobs default ${state} 10\r\n`)).split("\n")) {
      const field = /^ {2}(age|time-left|delay): (.*?)\r?$/.exec(line);
      if (field !== null) assertMatch(field[2], /^\d{1,10}$/, line);
    }
  }
  const stats = yamlOf(await client.ask("stats\r\n"));
  assertMatch(String(stats.uptime), /^\d{1,3}$/);
  assertMatch(String(stats["rusage-utime"]), /^\d+\.\d{6}$/);
  const tube = yamlOf(await client.ask("stats-tube default\r\n"));
  assertMatch(String(tube["pause-time-left"]), /^\d{1,3}$/);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  for (
    const name of [
      "runnerbean_timer_lateness_seconds_sum",
      "runnerbean_longest_turn_seconds",
      "runnerbean_turn_seconds_sum",
    ]
  ) {
    const value = Number(new RegExp(`^${name} (\\S+)$`, "m").exec(metrics)![1]);
    assert(value >= 0 && value < 60, `${name} ${value}`);
  }
  return jobs;
}

const left = (jobs: Map<number, Job>, id: number): number => Number(jobs.get(id)!["time-left"]);
const age = (jobs: Map<number, Job>, id: number): number => Number(jobs.get(id)!.age);

describe("a server whose machine's clock", () => {
  for (const [name, seconds] of STEPS) {
    for (const signal of seconds === 30 ? (["SIGTERM", "SIGKILL"] as const) : (["SIGTERM"] as const)) {
      it(`is set back by ${name} between two starts, ${signal}`, LIMIT, async () => {
        const time = new FakeTime(join(folder, "time"));
        const first = await start(time);
        await fill(first);
        await look(first);
        await first.stop(signal);
        time.set(-seconds);
        const jobs = await look(await start(time));
        assertEquals(jobs.size, 5);
        assert(left(jobs, 3) >= 1000 - 2 * SLACK, `no delay is cut short: ${left(jobs, 3)}`);
        for (const id of jobs.keys()) assert(age(jobs, id) <= 2 * SLACK, `${id}: ${age(jobs, id)}`);
      });
    }

    it(`is set forward by ${name} between two starts`, LIMIT, async () => {
      const time = new FakeTime(join(folder, "time"));
      time.set(-seconds);
      const first = await start(time);
      await fill(first);
      await first.stop("SIGTERM");
      time.set(0);
      const jobs = await look(await start(time));
      assert(age(jobs, 1) >= seconds && age(jobs, 1) <= seconds + 2 * SLACK, `age ${age(jobs, 1)}`);
    });

    for (const step of seconds === 3 * DAY ? [seconds, -seconds] : [seconds]) {
      it(`is set ${step > 0 ? "forward" : "back"} by ${name} while it runs`, LIMIT, async () => {
        const time = new FakeTime(join(folder, "time"));
        time.set(-step);
        const first = await start(time);
        await fill(first);
        time.set(0); // as when the right time comes from the network after the start
        await first.client.ask("put 0 900 600 1\r\nx\r\n");
        await look(first);
        await first.stop("SIGTERM");
        const dumped = await runVerb(["dump", log]);
        for (const line of dumped.stdout.trimEnd().split("\n").slice(1)) {
          const { id, createdAt } = JSON.parse(line);
          const old = (Date.now() - Date.parse(createdAt)) / 1000;
          assert(old >= -1 && old <= 2 * SLACK, `job ${id} of the dump was put at ${createdAt}`);
        }
        const jobs = await look(await start(time));
        assertEquals(jobs.size, 6);
        for (const id of jobs.keys()) assert(age(jobs, id) <= 2 * SLACK, `${id}: ${age(jobs, id)}`);
        for (const [id, delay] of [[3, 1000], [6, 900]]) {
          assert(left(jobs, id) >= delay - 2 * SLACK, `${id} has ${left(jobs, id)} of ${delay} left`);
        }
      });
    }
  }

  it("was ahead where a dump was made that is loaded here", LIMIT, async () => {
    const time = new FakeTime(join(folder, "time"));
    time.set(20 * YEAR);
    const first = await start(time);
    await fill(first);
    await first.stop("SIGTERM");
    const dumped = await runVerb(["dump", log]);
    rmSync(log, { recursive: true });
    assertEquals((await runVerb(["load", log], dumped.stdout)).code, 0);
    time.set(0);
    const jobs = await look(await start(time));
    assertEquals(jobs.size, 5);
    assert(left(jobs, 3) > 1000 - 2 * SLACK, `${left(jobs, 3)}`);
  });
});
