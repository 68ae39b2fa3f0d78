// Rows about delay under a load that goes on: a queue that grows to millions, garbage collection while millions are ready,
// and a log that is compacted. The load is a process of its own; the quiet time has the same load on a small queue.
import type { BenchServer } from "../support/server.ts";
import { ownGenerator, runGenerator } from "../wire/generator.ts";
import type { LoadMode } from "../wire/load_options.ts";
import { Bystander } from "./bystander.ts";
import type { Delay, DelayRow } from "./delay_rows.ts";
import { ScaleClient } from "./scale_client.ts";
import { BODY_BYTES, put } from "./stretches.ts";

const CONNECTIONS = 4;
const DEPTH = 64;
const FEW_JOBS = 200_000;
const LOGGED_BODY = 1024;

export const BURDEN_ROWS: readonly DelayRow[] = [
  { name: "growth", many: 5_000_000, promised: true, measure: growth },
  { name: "collection", many: 5_000_000, promised: true, measure: collection },
  { name: "compaction", many: 300_000, promised: true, hasLog: true, measure: compaction },
];

// Pages of the job table, slabs, the index and its directory are added one after the other.
function growth(server: BenchServer, count: number): Promise<Delay> {
  return compare(server, () => load(server, "mixed", FEW_JOBS), () => load(server, "put", count));
}

// Jobs come and go while very many are ready: whatever garbage there is falls due for collection.
async function collection(server: BenchServer, count: number): Promise<Delay> {
  const client = await ScaleClient.open(server.port);
  const churn = (): Promise<void> => load(server, "mixed", FEW_JOBS * 5);
  return compare(server, churn, churn, () => client.bulk(count, () => put()));
}

// A backlog in the log's oldest segments has to be written again while jobs come and go.
async function compaction(server: BenchServer, count: number): Promise<Delay> {
  const client = await ScaleClient.open(server.port);
  const body = "x".repeat(LOGGED_BODY);
  const backlog = (): Promise<void> =>
    client.bulk(count, () => `put 1024 0 100000 ${LOGGED_BODY}\r\n${body}\r\n`);
  const delay = await compare(
    server,
    () => load(server, "mixed", FEW_JOBS / 10, LOGGED_BODY),
    () => load(server, "mixed", count * 2, LOGGED_BODY),
    backlog,
  );
  await client.ask("stats\r\n");
  if (!(client.field("binlog-records-migrated") > 0)) throw new Error("nothing was compacted");
  return delay;
}

/** Another client's waits during `quiet` and during `burden`; `prepare` runs unobserved in between. */
async function compare(
  server: BenchServer,
  quiet: () => Promise<void>,
  burden: () => Promise<void>,
  prepare: () => Promise<void> = () => Promise.resolve(),
): Promise<Delay> {
  const bystander = await Bystander.open(server.port);
  await load(server, "mixed", FEW_JOBS / 4);
  bystander.start();
  await quiet();
  const quietMs = (await bystander.stop()).maxMs;
  await prepare();
  bystander.start();
  const beganAt = performance.now();
  await burden();
  const tookMs = performance.now() - beganAt;
  const latency = await bystander.stop();
  return { quietMs, tookMs, largestMs: latency.maxMs, p99Ms: latency.quantileUs(0.99) / 1000 };
}

async function load(
  server: BenchServer,
  mode: LoadMode,
  jobs: number,
  bodyBytes: number = BODY_BYTES,
): Promise<void> {
  const { command } = ownGenerator();
  const shape = { connections: CONNECTIONS, depth: DEPTH, bodyBytes };
  // In a mixed load half of the connections put.
  const each = Math.ceil(jobs / CONNECTIONS) * (mode === "mixed" ? 2 : 1);
  await runGenerator(command, server, mode, shape, each);
}
