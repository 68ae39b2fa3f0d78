// Moving from a real beanstalkd: it writes its log with jobs of many kinds, is killed, and its jobs are brought over. What
// the new server says of each job is compared with what beanstalkd said before.
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { holderOf } from "../../src/cli/verbs/held_lock.ts";
import { storedFile } from "../journal/stored_log.ts";
import { requireProgram, skipWithout, sleep } from "../support/runtime.ts";
import { startServer } from "../support/server_process.ts";
import type { ServerProcess } from "../support/server_process.ts";
import { WireClient, yamlOf } from "../support/wire_client.ts";
import { runVerb, withDirectory } from "./run_verb.ts";

const LIMIT = { timeout: 240_000 };

const startBeanstalkd = (log: string, ...args: string[]): Promise<ServerProcess> =>
  startServer({ command: [requireProgram("beanstalkd")], args: ["-b", log, ...args] });

/** Names, sizes and times of all files of a directory, and their bytes. */
function snapshot(directory: string): unknown[] {
  return readdirSync(directory).sort().map((name) => {
    const { size, mtimeMs, mode } = statSync(join(directory, name));
    return [name, size, mtimeMs, mode, readFileSync(join(directory, name)).toString("base64")];
  });
}

class Producer {
  readonly client: WireClient;
  readonly ids: number[] = [];

  constructor(client: WireClient) {
    this.client = client;
  }

  async say(line: string, expected: RegExp): Promise<string> {
    const reply = await this.client.ask(`${line}\r\n`);
    assertMatch(reply, expected, line);
    return reply;
  }

  async put(body: string, pri = 0, delay = 0, ttr = 60): Promise<number> {
    const reply = await this.say(
      `put ${pri} ${delay} ${ttr} ${body.length}\r\n${body}`,
      /^INSERTED \d+\r\n$/,
    );
    const id = Number(reply.split(" ")[1]);
    this.ids.push(id);
    return id;
  }

  async reserve(id: number): Promise<void> {
    await this.say(`reserve-job ${id}`, /^RESERVED /);
  }

  async bury(id: number, pri: number): Promise<void> {
    await this.reserve(id);
    await this.say(`bury ${id} ${pri}`, /^BURIED\r\n$/);
  }
}

/** Jobs of all kinds, in an order that the log must tell: some buried again, some deleted, some moved by compaction. */
async function makeJobs(producer: Producer): Promise<{ buried: number[]; held: number }> {
  const { client } = producer;
  await producer.put("plain");
  await producer.put("", 4294967295, 0, 4294967295);
  await producer.put("\0\xff\r\n\r\nbinary", 1023, 0, 1);
  await producer.put("x".repeat(65_000), 7);
  await client.ask("use t+/;.$_()-\r\n");
  await producer.put("in years", 3, 315_360_000, 120);
  await producer.put("soon over", 3, 1);
  const released = await producer.put("released", 5);
  await producer.reserve(released);
  await producer.say(`release ${released} 9 4000`, /^RELEASED/);
  const kicked = await producer.put("kicked", 5);
  await producer.bury(kicked, 77);
  await producer.say(`kick-job ${kicked}`, /^KICKED/);
  const deleted = await producer.put("deleted");
  await producer.say(`delete ${deleted}`, /^DELETED/);
  producer.ids.splice(producer.ids.indexOf(deleted), 1);
  await client.ask(`use ${"b".repeat(200)}\r\n`);
  const many: number[] = [];
  for (let i = 0; i < 6; i++) many.push(await producer.put(`buried ${i}`, i));
  const order = [many[3], many[0], many[5], many[1]];
  for (const id of order) await producer.bury(id, 2000);
  await producer.say(`kick-job ${many[3]}`, /^KICKED/);
  await producer.bury(many[3], 2001);
  const held = await producer.put("held");
  await producer.reserve(held);
  // Churn, so that files come and go.
  await client.ask("use churn\r\n");
  for (let i = 0; i < 200; i++) {
    const id = await producer.put("y".repeat(500));
    producer.ids.pop();
    await producer.say(`delete ${id}`, /^DELETED/);
  }
  return { buried: [many[0], many[5], many[1], many[3]], held };
}

interface Seen {
  readonly stats: Record<string, string>;
  readonly body: string;
}

async function look(client: WireClient, id: number): Promise<Seen> {
  return { stats: yamlOf(await client.ask(`stats-job ${id}\r\n`)), body: await client.ask(`peek ${id}\r\n`) };
}

const SAME = ["id", "tube", "pri", "delay", "ttr", "reserves", "timeouts", "releases", "buries", "kicks"];
const fieldsOf = ({ stats }: Seen): Record<string, string> =>
  Object.fromEntries(SAME.map((name) => [name, stats[name]]));

describe("import from beanstalkd", () => {
  const skip = skipWithout("beanstalkd");

  it("brings every job over, with all that beanstalkd knew of it", { ...LIMIT, skip }, async () => {
    await withDirectory(async (inside) => {
      const [from, to] = [inside("from"), inside("to")];
      mkdirSync(from);
      const before = new Map<number, Seen>();
      const theirs = await startBeanstalkd(from, "-s", "8192");
      let made: { buried: number[]; held: number };
      try {
        const producer = new Producer(await WireClient.connect(theirs.port));
        made = await makeJobs(producer);
        await sleep(1100);
        for (const id of producer.ids) before.set(id, await look(producer.client, id));
        producer.client.close();
      } finally {
        await theirs.stop("SIGKILL");
      }
      assert(readdirSync(from).length >= 4, "the log has several files");
      const files = snapshot(from);
      const check = await runVerb(["check", from]);
      assertEquals(check.code, 0, check.stdout + check.stderr);
      assertStringIncludes(check.stdout, `${from}: a log of beanstalkd\n`);
      assertStringIncludes(check.stdout, `\n${before.size} jobs (`);
      assertStringIncludes(
        check.stdout,
        `bring its jobs over with: runnerbean import ${from} NEW-DIRECTORY\n`,
      );
      const imported = await runVerb(["import", from, to]);
      assertEquals([imported.code, imported.stderr], [0, ""]);
      assertStringIncludes(imported.stdout, `written to ${to}: ${before.size} jobs; next id `);
      assertEquals(snapshot(from), files);
      assertEquals(readdirSync(to), ["segment.1", "state"]);

      const ours = await startServer({ args: ["-b", to] });
      try {
        const client = await WireClient.connect(ours.port);
        assertEquals(yamlOf(await client.ask("stats\r\n"))["total-jobs"], "0");
        for (const [id, seen] of before) await compare(client, id, seen, id === made.held);
        await client.ask(`use ${"b".repeat(200)}\r\n`);
        for (const id of made.buried) {
          assertMatch(await client.ask("peek-buried\r\n"), new RegExp(`^FOUND ${id} `));
          await client.ask(`delete ${id}\r\n`);
        }
        const next = /^INSERTED (\d+)/.exec(await client.ask("put 0 0 60 1\r\nx\r\n"));
        assert(Number(next?.[1]) > Math.max(...before.keys()) + 200, "no id is used again");
        client.close();
      } finally {
        await ours.stop("SIGTERM");
      }
    });
  });

  it("leaves a log alone that beanstalkd uses: exit 10, and who it is", { ...LIMIT, skip }, async () => {
    await withDirectory(async (inside) => {
      const from = inside("from");
      mkdirSync(from);
      const theirs = await startBeanstalkd(from);
      try {
        const lock = join(from, "lock");
        if (process.platform === "linux") assertEquals(holderOf(lock), theirs.pid);
        for (const words of [["import", from, inside("to")], ["check", from]]) {
          const ended = await runVerb(words);
          assertEquals([ended.code, ended.stdout], [10, ""], ended.stderr);
          assertMatch(
            ended.stderr,
            /: (?:process \d+|another process) uses .*from; stop that server first\n$/,
          );
          if (process.platform === "linux") assertStringIncludes(ended.stderr, `process ${theirs.pid} uses`);
        }
      } finally {
        await theirs.stop("SIGKILL");
      }
      assertEquals(readdirSync(inside(".")), ["from"]);
      assertEquals(holderOf(join(from, "lock")), null);
      assertEquals((await runVerb(["import", from, inside("to")])).code, 0);
    });
  });

  it("names `import` when a server is started with such a log", LIMIT, async () => {
    await withDirectory(async (inside) => {
      mkdirSync(inside("from"));
      writeFileSync(inside("from/binlog.1"), storedFile(7, [{ id: 1, tube: "a" }]));
      const ended = await runVerb(["-b", inside("from"), "-p", "0"]);
      assertEquals([ended.code, ended.stdout], [1, ""]);
      assertMatch(ended.stderr, /holds a log of beanstalkd; .*: runnerbean import .*from NEW-DIRECTORY/);
    });
  });
});

describe("import of what is not right", () => {
  it(
    "puts torn jobs aside as lines that load takes, and goes on behind bad places: exit 1",
    LIMIT,
    async () => {
      await withDirectory(async (inside) => {
        const from = inside("from");
        mkdirSync(from);
        writeFileSync(
          join(from, "binlog.1"),
          storedFile(7, [{ id: 1, tube: "a" }, { id: 2, tube: "a", body: "torn body\0\0" }, {
            id: 3,
            tube: "a",
            size: -1,
          }]),
        );
        writeFileSync(join(from, "binlog.2"), storedFile(5, [{ id: 9, tube: "v5", state: 3 }]));
        writeFileSync(join(from, "lock"), "");
        for (const name of readdirSync(from)) chmodSync(join(from, name), 0o400);
        const check = await runVerb(["check", from]);
        assertEquals(check.code, 1);
        assertMatch(check.stdout, /^2 jobs \(1 ready, 0 delayed, 1 buried\) in 2 tubes; next id \d+$/m);
        assertMatch(check.stdout, /^1 torn job, whose end never reached the disk$/m);
        const imported = await runVerb(["import", from, inside("to")]);
        assertEquals(imported.code, 1);
        assertMatch(imported.stdout, /^written to .*: 2 jobs; next id 1\d$/m);
        assertMatch(imported.stderr, /^runnerbean: 1 torn job, .*: put aside in .*to\/quarantine\.jsonl$/m);
        assertMatch(
          imported.stderr,
          /^runnerbean: binlog\.1, offset \d+: no job has a body of such a size; 92 bytes/m,
        );
        assertEquals(readdirSync(inside("to")).sort(), ["quarantine.jsonl", "segment.1", "state"]);
        const dump = await runVerb(["dump", inside("to")]);
        assertEquals(dump.stdout.trimEnd().split("\n").slice(1).map((line) => JSON.parse(line).id), [1, 9]);
        const quarantine = readFileSync(inside("to/quarantine.jsonl"), "utf8");
        assertEquals(JSON.parse(quarantine).body, "torn body");
        const loaded = await runVerb(["load", inside("torn"), inside("to/quarantine.jsonl")]);
        assertStringIncludes(loaded.stdout, ": 1 job; next id 3\n");
        assertEquals((await runVerb(["check", inside("to")])).code, 0);
      });
    },
  );
});

/** A job that somebody held is ready again, with the counts that its last record told. */
async function compare(client: WireClient, id: number, before: Seen, wasHeld: boolean): Promise<void> {
  const after = await look(client, id);
  assertEquals(after.body, before.body);
  const unrecorded: Record<string, string> = wasHeld ? { reserves: "0" } : {};
  assertEquals(fieldsOf(after), { ...fieldsOf(before), ...unrecorded });
  const { state } = before.stats;
  assertEquals(after.stats.state, state === "reserved" ? "ready" : state);
  for (const name of ["age", ...(state === "delayed" ? ["time-left"] : [])]) {
    const moved = Math.abs(Number(after.stats[name]) - Number(before.stats[name]));
    assert(moved < 60, `${name} of job ${id}: ${before.stats[name]}, then ${after.stats[name]}`);
  }
}
