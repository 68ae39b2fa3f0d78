// The rows about delay: one client asks for something big, or something big falls due. How long does another
// client's command take meanwhile?
import process from "node:process";
import type { BenchServer } from "../support/server.ts";
import { Bystander } from "./bystander.ts";
import { ScaleClient } from "./scale_client.ts";
import { put } from "./stretches.ts";

export interface Delay {
  /** The largest latency while nothing happened, and from the burden on, in ms. */
  readonly quietMs: number;
  readonly largestMs: number;
  readonly p99Ms: number;
  /** How long the burden itself took (until its reply, or until all jobs had moved). */
  readonly tookMs: number;
}

export interface DelayRow {
  readonly name: string;
  readonly many: number;
  readonly promised: boolean;
  /** The server keeps a log on a disk, never synced: a sync would be the longest wait. */
  readonly hasLog?: boolean;
  measure(server: BenchServer, count: number): Promise<Delay>;
}

export const DELAY_LIMIT_MS = 10;

export const DELAY_ROWS: readonly DelayRow[] = [
  { name: "kick-buried", many: 1_000_000, promised: true, measure: kickBuried },
  { name: "kick-delayed", many: 1_000_000, promised: true, measure: kickDelayed },
  { name: "expiry-second", many: 1_000_000, promised: true, measure: expirySecond },
  { name: "expiry-instant", many: 1_000_000, promised: true, measure: expiryInstant },
  { name: "close-held", many: 50_000, promised: true, measure: closeHeld },
];

const QUIET_MS = 1500;
const SETTLE_MS = 1500;
const GIVE_UP_MS = 120_000;
const NEVER = 1_000_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function kickBuried(server: BenchServer, count: number): Promise<Delay> {
  const client = await ScaleClient.open(server.port);
  await client.bulk(count, () => put());
  // On a fresh server with one client jobs are reserved in the order of their ids, so bury can be sent along.
  await client.bulk(count, (i) => `reserve-with-timeout 0\r\nbury ${i + 1} 1024\r\n`, 2);
  client.takeReserved();
  await expectCount(client, "current-jobs-buried", count);
  return besides(server, async () => {
    await client.ask(`kick ${count}\r\n`);
    await expectCount(client, "current-jobs-ready", count);
  });
}

async function kickDelayed(server: BenchServer, count: number): Promise<Delay> {
  const client = await ScaleClient.open(server.port);
  await client.bulk(count, () => put(1024, NEVER));
  await expectCount(client, "current-jobs-delayed", count);
  return besides(server, async () => {
    await client.ask(`kick ${count}\r\n`);
    await expectCount(client, "current-jobs-ready", count);
  });
}

// All jobs fall due within one second.
async function expirySecond(server: BenchServer, count: number): Promise<Delay> {
  const { client, dueAt } = await fillDueTogether(server, count);
  return besides(server, async () => {
    await sleep(Math.max(0, dueAt + 1000 - performance.now()));
    await untilReady(client, count);
  }, dueAt - QUIET_MS);
}

// The server's process stands still while all jobs fall due, and wakes up with all of them overdue.
async function expiryInstant(server: BenchServer, count: number): Promise<Delay> {
  const { client, dueAt } = await fillDueTogether(server, count);
  await sleep(dueAt - 3000 - performance.now());
  const bystander = await Bystander.open(server.port);
  const quiet = await quietTime(bystander);
  await sleep(dueAt - 100 - performance.now());
  process.kill(server.pid, "SIGSTOP");
  await sleep(dueAt + 1100 - performance.now());
  process.kill(server.pid, "SIGCONT");
  const wokeAt = performance.now();
  bystander.start();
  await untilReady(client, count);
  return delayOf(quiet, bystander, performance.now() - wokeAt);
}

// A connection that holds many jobs goes away.
async function closeHeld(server: BenchServer, count: number): Promise<Delay> {
  const client = await ScaleClient.open(server.port);
  const holder = await ScaleClient.open(server.port);
  await holder.bulk(count, () => `${put()}reserve-with-timeout 0\r\n`, 2);
  await expectCount(client, "current-jobs-reserved", count);
  return besides(server, async () => {
    holder.close();
    await untilReady(client, count);
  });
}

// Delays are whole seconds: a job put in the k-th second gets k seconds less, so that all are due in the same one.
// Returns when that second begins.
async function fillDueTogether(
  server: BenchServer,
  count: number,
): Promise<{ client: ScaleClient; dueAt: number }> {
  const client = await ScaleClient.open(server.port);
  const trial = Math.min(count, 50_000);
  const trialAt = performance.now();
  await client.ask("use trial\r\n");
  await client.bulk(trial, () => put(1024, NEVER));
  await client.ask("use default\r\n");
  const trialMs = performance.now() - trialAt;
  const delaySeconds = Math.ceil((trialMs * count / trial) * 1.5 / 1000) + 6;
  const startedAt = performance.now();
  await client.bulk(
    count,
    () => put(1024, delaySeconds - Math.floor((performance.now() - startedAt) / 1000)),
  );
  return { client, dueAt: startedAt + delaySeconds * 1000 };
}

// Runs the burden beside a bystander, after a quiet time that tells what this machine does to latency anyway.
export async function besides(server: BenchServer, burden: () => Promise<void>, startAt = 0): Promise<Delay> {
  const bystander = await Bystander.open(server.port);
  await sleep(Math.max(0, startAt - 1000 - performance.now()));
  const quiet = await quietTime(bystander);
  bystander.start();
  await sleep(100);
  const beganAt = performance.now();
  await burden();
  return delayOf(quiet, bystander, performance.now() - beganAt);
}

async function quietTime(bystander: Bystander): Promise<number> {
  // The first commands of a connection are slower (nothing is compiled yet) and do not count.
  bystander.start();
  await sleep(300);
  await bystander.stop();
  bystander.start();
  await sleep(QUIET_MS - 300);
  return (await bystander.stop()).maxMs;
}

async function delayOf(quietMs: number, bystander: Bystander, tookMs: number): Promise<Delay> {
  await sleep(SETTLE_MS);
  const latency = await bystander.stop();
  return { quietMs, tookMs, largestMs: latency.maxMs, p99Ms: latency.quantileUs(0.99) / 1000 };
}

async function untilReady(client: ScaleClient, count: number): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  for (;;) {
    await client.ask("stats-tube default\r\n");
    if (client.field("current-jobs-ready") === count) return;
    if (performance.now() > giveUpAt) throw new Error(`not all jobs became ready: ${client.lastBody}`);
    await sleep(20);
  }
}

async function expectCount(client: ScaleClient, key: string, count: number): Promise<void> {
  await client.ask("stats-tube default\r\n");
  if (client.field(key) !== count) throw new Error(`${key} is not ${count}: ${client.lastBody}`);
}
