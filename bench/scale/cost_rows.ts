// The rows about cost: each says what a server is loaded with and which commands are measured on it.
import type { BenchServer } from "../support/server.ts";
import type { Stretch } from "./cost.ts";
import { ScaleClient } from "./scale_client.ts";
import { put, putReserveDelete, repeat, scattered } from "./stretches.ts";

export interface CostRow {
  readonly name: string;
  /** How many of it the loaded server carries. */
  readonly many: number;
  /** False for rows beyond what is promised; they are printed without a verdict. */
  readonly promised: boolean;
  /** Loads a server with `count` of it and returns what is to be measured, by name. */
  prepare(server: BenchServer, count: number): Promise<Record<string, Stretch>>;
}

export const COST_ROWS: readonly CostRow[] = [
  { name: "tubes", many: 50_000, promised: true, prepare: tubes },
  { name: "held", many: 50_000, promised: true, prepare: held },
  { name: "idle", many: 10_000, promised: true, prepare: idle },
  { name: "ready", many: 5_000_000, promised: true, prepare: ready },
  { name: "delayed", many: 1_000_000, promised: true, prepare: delayed },
  { name: "lapped", many: 5_000_000, promised: true, prepare: lapped },
  { name: "waiting", many: 10_000, promised: false, prepare: waiting },
  { name: "watched", many: 50_000, promised: false, prepare: watched },
];

const PRIORITIES = 1000;
/** A delay that does not end during a bench. */
const LONG_SECONDS = 100_000;

// Tubes with a ready job each; the commands go to a tube of their own, or to one tube after the other.
async function tubes(server: BenchServer, count: number): Promise<Record<string, Stretch>> {
  const client = await ScaleClient.open(server.port);
  await client.bulk(count, (i) => `use tube-${i}\r\n${put()}`, 2);
  await client.ask("use default\r\n");
  const other = await ScaleClient.open(server.port);
  const name = (i: number): string => `tube-${scattered(i, count)}`;
  return {
    "put reserve delete": putReserveDelete(client),
    "use watch ignore": repeat(
      other,
      (i) => `use ${name(i)}\r\n`,
      (i) => `watch ${name(i)}\r\n`,
      (i) => `ignore ${name(i)}\r\n`,
    ),
    "pause-tube": repeat(other, (i) => `pause-tube ${name(i)} 0\r\n`),
    "stats-tube": repeat(other, (i) => `stats-tube ${name(i)}\r\n`),
  };
}

// Jobs held by one connection, which goes on working; then another connection beside it.
async function held(server: BenchServer, count: number): Promise<Record<string, Stretch>> {
  const holder = await ScaleClient.open(server.port);
  await holder.bulk(count, () => `${put()}reserve-with-timeout 0\r\n`, 2);
  const ids = holder.takeReserved();
  const id = (i: number): number => ids[scattered(i, count)];
  return {
    "put reserve delete": putReserveDelete(holder),
    "touch": repeat(holder, (i) => `touch ${id(i)}\r\n`),
    "release reserve": repeat(
      holder,
      (i) => `release ${id(i)} 1024 0\r\n`,
      () => "reserve-with-timeout 0\r\n",
    ),
    "bury reserve-job": repeat(holder, (i) => `bury ${id(i)} 1024\r\n`, (i) => `reserve-job ${id(i)}\r\n`),
    "another's put reserve delete": putReserveDelete(await ScaleClient.open(server.port)),
  };
}

async function idle(server: BenchServer, count: number): Promise<Record<string, Stretch>> {
  await ScaleClient.openMany(server.port, count);
  return { "put reserve delete": putReserveDelete(await ScaleClient.open(server.port)) };
}

// Ready jobs of a thousand priorities in one tube; puts of any of them go into the middle of the heap.
async function ready(server: BenchServer, count: number): Promise<Record<string, Stretch>> {
  const client = await ScaleClient.open(server.port);
  const priority = (i: number): number => scattered(i, PRIORITIES);
  await client.bulk(count, (i) => put(priority(i)));
  return {
    "put reserve delete": putReserveDelete(client, priority),
    "peek-ready": repeat(client, () => "peek-ready\r\n"),
    "stats-tube": repeat(client, () => "stats-tube default\r\n"),
    "reserve release": reserveRelease(client),
  };
}

// The best job is released as the best again, so that the same one is reserved next.
function reserveRelease(client: ScaleClient): Stretch {
  const reserve = "reserve-with-timeout 0\r\n";
  return async (commands, together, latency) => {
    await client.ask(reserve);
    const [best] = client.takeReserved();
    const release = `release ${best} 0 0\r\n`;
    await client.ask(release);
    return repeat(client, () => reserve, () => release)(commands, together, latency);
  };
}

// Delayed jobs of a thousand different delays in the tube that is worked on.
async function delayed(server: BenchServer, count: number): Promise<Record<string, Stretch>> {
  const client = await ScaleClient.open(server.port);
  const delaySeconds = (i: number): number => LONG_SECONDS + scattered(i, PRIORITIES);
  await client.bulk(count, (i) => put(1024, delaySeconds(i)));
  return {
    "put reserve delete": putReserveDelete(client),
    "reserve release with delay": releaseDelayed(client, delaySeconds),
    "peek-delayed": repeat(client, () => "peek-delayed\r\n"),
  };
}

// A job is put, reserved, released with a delay and deleted: what the queue holds is the same afterwards.
function releaseDelayed(client: ScaleClient, delaySeconds: (i: number) => number): Stretch {
  let turn = 0;
  return async (commands, together, latency) => {
    let sent = 0;
    while (sent < commands) {
      const from = turn;
      turn += together;
      await client.bulk(together, () => `${put()}reserve-with-timeout 0\r\n`, 2);
      const ids = client.takeReserved();
      const text = (i: number): string =>
        `release ${ids[i]} 1024 ${delaySeconds(from + i)}\r\ndelete ${ids[i]}\r\n`;
      const sentAt = performance.now();
      await client.bulk(together, text, 2);
      latency.add(performance.now() - sentAt);
      sent += 4 * together;
    }
    return sent;
  };
}

// Ready jobs put long ago: since then so many ids have come and gone that, in a table whose size is a power of two
// and which is addressed by the id's low bits, new ids fall where the old jobs are.
async function lapped(server: BenchServer, count: number): Promise<Record<string, Stretch>> {
  const client = await ScaleClient.open(server.port);
  await client.bulk(count, () => put());
  await client.ask("use recent\r\nwatch recent\r\nignore default\r\n", 3);
  const spent = 2 ** (Math.ceil(Math.log2(count)) + 1) - count;
  await client.bulk(spent, (i) => `${put()}delete ${count + i + 1}\r\n`, 2);
  return { "put reserve delete": putReserveDelete(client) };
}

// Connections that wait for a job in another tube.
async function waiting(server: BenchServer, count: number): Promise<Record<string, Stretch>> {
  const waiters = await ScaleClient.openMany(server.port, count);
  for (const waiter of waiters) await waiter.ask("watch elsewhere\r\nignore default\r\n", 2);
  for (const waiter of waiters) waiter.send("reserve\r\n");
  return { "put reserve delete": putReserveDelete(await ScaleClient.open(server.port)) };
}

// One connection watches them all.
async function watched(server: BenchServer, count: number): Promise<Record<string, Stretch>> {
  const client = await ScaleClient.open(server.port);
  await client.bulk(count, (i) => `watch tube-${i}\r\n`);
  return { "put reserve delete": putReserveDelete(client) };
}
