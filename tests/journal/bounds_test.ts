// The log stays within twice the live data plus two segments, whatever is done to the jobs, and does not grow by restarting.
// RUNNERBEAN_BOUNDS_SCALE (1 with CI=true, else 0.2) says how much of the full counts is done.

import process from "node:process";
import { afterEach, describe, it } from "node:test";
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { Random, takeAny } from "../support/random.ts";
import { freshSeed, sleep } from "../support/runtime.ts";
import { type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { Churn } from "./churn.ts";
import { directoryBytes, PlainDirectory, RealDirectory } from "./directories.ts";

const SCALE = Number(process.env.RUNNERBEAN_BOUNDS_SCALE ?? (process.env.CI === "true" ? 1 : 0.2));
const KIB = 1024;
const MIB = 1024 * KIB;
const scaled = (count: number): number => Math.ceil(count * SCALE);

function say(churn: Churn, what: string): void {
  console.log(churn.report(what));
}

describe("the size of the log", () => {
  let real: RealDirectory | null = null;
  let server: ServerProcess | null = null;

  afterEach(async () => {
    await server?.stop();
    server = null;
    real?.remove();
    real = null;
  });

  for (const segmentBytes of [64 * KIB, MIB]) {
    it(`one job, bury and kick, segments of ${segmentBytes}`, { timeout: 240_000 }, async () => {
      const rounds = scaled(100_000);
      const churn = new Churn(new PlainDirectory(), segmentBytes);
      const id = churn.put(1000);
      for (let round = 0; round < rounds; round++) {
        churn.queue.reserve(id);
        churn.queue.bury(id, round);
        churn.queue.kick(id);
        if (round % 10 === 9) await churn.commit();
      }
      await churn.idle();
      say(churn, `${rounds} rounds of bury and kick`);
      assertGreaterOrEqual(churn.queue.binlog.facts.written, 2 * rounds);
      await churn.restart("killed");
      const job = churn.queue.engine.live.find(id)!;
      assertEquals([job.buries, job.kicks, job.pri], [rounds, rounds, rounds - 1]);
    });
  }

  it("many jobs through five idle restarts, on a disk", { timeout: 240_000 }, async () => {
    const jobs = scaled(300_000);
    real = new RealDirectory();
    const churn = new Churn(real, MIB, { lookEvery: 20 });
    for (let count = 1; count <= jobs; count++) {
      assert(churn.put(count % 64) > 0);
      if (count % 500 === 0) await churn.commit();
    }
    await churn.idle();
    const sizes: number[] = [];
    for (let restart = 0; restart < 5; restart++) {
      await churn.restart(restart % 2 === 0 ? "killed" : "closed");
      assertEquals(churn.queue.jobs, jobs);
      await churn.idle();
      sizes.push(real.totalBytes());
    }
    say(churn, `${jobs} jobs through five restarts (${sizes})`);
    assertLessOrEqual(Math.max(...sizes), sizes[0] + MIB, "it does not grow by restarting");
  });

  it("jobs put and truncated, and cleared away while others come", { timeout: 240_000 }, async () => {
    const rounds = scaled(60);
    const churn = new Churn(new PlainDirectory(), 256 * KIB);
    for (let round = 0; round < rounds; round++) {
      for (let count = 0; count < 2000; count++) {
        churn.put(count % 200);
        if (count % 50 === 0) {
          churn.queue.work();
          await churn.commit();
        }
      }
      churn.truncate();
      await churn.commit();
      if (round % 10 === 9) await churn.restart(round % 20 === 9 ? "killed" : "closed");
    }
    while (churn.queue.engine.hasWork) churn.queue.work();
    await churn.idle();
    say(churn, `${rounds} truncates of 2000 jobs`);
    assertEquals(churn.queue.jobs, 0);
  });

  it("one job with ever another body", { timeout: 240_000 }, async () => {
    const rounds = scaled(50_000);
    const churn = new Churn(new PlainDirectory(), 256 * KIB);
    const id = churn.put(1000);
    for (let round = 0; round < rounds; round++) {
      churn.requeue(id, round % 3000);
      if (round % 10 === 9) await churn.commit();
    }
    await churn.idle();
    say(churn, `${rounds} requeues`);
    await churn.restart("killed");
    assertEquals(churn.queue.engine.live.find(id)!.bodyBytes, (rounds - 1) % 3000 + 2);
  });

  it("jobs put and deleted beside an old one", { timeout: 240_000 }, async () => {
    const jobs = scaled(1_000_000);
    const churn = new Churn(new PlainDirectory(), MIB);
    churn.put(500);
    const waiting: number[] = [];
    for (let count = 1; count <= jobs; count++) {
      waiting.push(churn.put(count % 100));
      if (waiting.length === 50) {
        for (const id of waiting) churn.delete(id);
        waiting.length = 0;
        await churn.commit();
      }
    }
    await churn.idle();
    say(churn, `${jobs} jobs put and deleted beside one old job`);
    assertEquals(churn.queue.binlog.facts.written, 2 * jobs + 1 + churn.queue.binlog.facts.migrated);
    await churn.restart("killed");
    assertEquals(churn.queue.jobs, churn.bodies.size);
  });

  for (const segmentBytes of [64 * KIB, 256 * KIB, MIB]) {
    it(`random work, segments of ${segmentBytes}`, { timeout: 240_000 }, async () => {
      const seed = freshSeed(`random work, segments of ${segmentBytes}`);
      const churn = new Churn(new PlainDirectory(), segmentBytes);
      await randomWork(churn, new Random(seed), scaled(60_000));
      say(churn, "random work");
      assertEquals(churn.refused, 0, "there is room");
    });
  }

  for (const kind of ["interval", "never"] as const) {
    it(`random work, sync policy ${kind}`, { timeout: 240_000 }, async () => {
      const seed = freshSeed(`random work, sync policy ${kind}`);
      const sync = kind === "never" ? { kind } : { kind, ms: 20 };
      const churn = new Churn(new PlainDirectory(), 256 * KIB, { sync });
      await randomWork(churn, new Random(seed), scaled(60_000));
      say(churn, `random work, sync policy ${kind}`);
    });
  }

  it("through a server process", { timeout: 240_000 }, async () => {
    const segmentBytes = 256 * KIB;
    real = new RealDirectory();
    const { path } = real;
    server = await startServer({ args: ["-b", path, "-s", String(segmentBytes)] });
    const most = await churnOnWire(server.port, path, scaled(100_000));
    const rest = directoryBytes(path);
    // Some 50 jobs are live at most, of 200 bytes.
    const allowed = 2 * 50 * 200 + 2 * segmentBytes + 8 * KIB;
    console.log(`through a server: at most ${most} bytes, ${rest} at last; ${allowed} are allowed`);
    assertLessOrEqual(most, allowed);
  });

  it("random work on a disk", { timeout: 240_000 }, async () => {
    const seed = freshSeed("random work on a disk");
    real = new RealDirectory();
    const churn = new Churn(real, 256 * KIB, { lookEvery: 10 });
    await randomWork(churn, new Random(seed), scaled(10_000));
    say(churn, "random work on a disk");
  });
});

/** Puts and deletes 50 jobs at a time beside an old one; answers the most bytes that the directory ever had. */
async function churnOnWire(port: number, path: string, jobs: number): Promise<number> {
  const client = await WireClient.connect(port);
  let most = 0;
  const put = `put 0 0 60 100\r\n${"x".repeat(100)}\r\n`;
  assertEquals(await client.ask(put), "INSERTED 1\r\n");
  for (let first = 2; first < jobs; first += 48) {
    client.send(put.repeat(48));
    for (let id = first; id < first + 48; id++) assertEquals(await client.reply(), `INSERTED ${id}\r\n`);
    client.send(Array.from({ length: 48 }, (_, i) => `delete ${first + i}\r\n`).join(""));
    for (let left = 48; left > 0; left--) assertEquals(await client.reply(), "DELETED\r\n");
    most = Math.max(most, directoryBytes(path));
  }
  await sleep(300);
  client.close();
  return Math.max(most, directoryBytes(path));
}

/** What comes next: each is a few hundred steps of one kind. */
const MOODS = ["grow", "turn over", "shrink", "change", "newest half", "all", "restart", "idle"] as const;

async function randomWork(churn: Churn, random: Random, steps: number): Promise<void> {
  const ids = [...churn.bodies.keys()];
  const turn = async (): Promise<void> => {
    // As the server does: no command adds to a turn that is full.
    if (churn.queue.binlog.isFull || random.chance(0.2)) await churn.commit();
  };
  for (let step = 0; step < steps; step++) {
    const mood = MOODS[random.weighted([5, 8, 4, 5, 1, 0.3, 1, 1])];
    const largest = random.pick([
      0,
      10,
      100,
      100,
      1000,
      1000,
      10_000,
      Math.min(100_000, churn.segmentBytes / 2),
    ]);
    const length = mood === "restart" || mood === "idle"
      ? 1
      : Math.min(random.below(600), 4_000_000 / (largest + 100));
    for (let i = 0; i < length && step < steps; i++, step++) {
      if (mood === "grow" || (mood === "turn over" && random.chance(0.5))) {
        ids.push(churn.put(random.below(largest + 1)));
      } else if ((mood === "shrink" || mood === "turn over") && ids.length > 0) {
        churn.delete(takeAny(ids, random));
      } else if (mood === "change" && ids.length > 0) change(churn, random.pick(ids));
      await turn();
    }
    if (mood === "newest half") {
      ids.sort((a, b) => a - b);
      for (const id of ids.splice(ids.length >> 1)) {
        churn.delete(id);
        await turn();
      }
    }
    if (mood === "all") {
      for (const id of ids.splice(0)) {
        churn.delete(id);
        await turn();
      }
    }
    if (mood === "idle") await churn.idle();
    if (mood === "restart") {
      await churn.commit();
      await churn.restart(random.pick(["killed", "closed"]));
    }
  }
  await churn.idle();
}

function change(churn: Churn, id: number): void {
  churn.queue.reserve(id);
  churn.queue.bury(id, 1);
  churn.queue.kick(id);
}
