// A program of its own: the producers and workers of one queue. Takes its orders as JSON in the first argument and prints
// what it measured as one line of JSON. Full speed first, then the moderate rate; or a backlog that stays.
import process from "node:process";
import { CpuMeter, residentBytes } from "../support/proc.ts";
import { storeSeconds } from "./kv_queue.ts";
import { openQueue, type QueueKind, type QueueSettings } from "./queue.ts";
import { Workload } from "./workload.ts";

export interface LoadOrder extends QueueSettings {
  readonly kind: QueueKind;
  /** The server's process; 0 when the queue is a library in this one. */
  readonly serverPid: number;
  readonly bodyBytes: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Jobs a second of the second phase, but half of what this queue can do at most; 0 leaves it out. */
  readonly pace: number;
  /** Instead of all that: so many jobs put and left. */
  readonly backlog: number;
}

export interface Phase {
  readonly jobsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly serverUsPerJob: number;
  readonly clientUsPerJob: number;
  /** The client's share of a core. */
  readonly clientBusy: number;
  /** Jobs put a second, where that was given. */
  readonly pace: number;
  /** Whether jobs piled up: then the latencies say nothing but that. */
  readonly overloaded: boolean;
  /** Jobs that were finished more than once, since the start of the load. */
  readonly repeated: number;
}

export interface LoadReport {
  readonly full?: Phase;
  readonly paced?: Phase;
  readonly backlog?: {
    readonly jobs: number;
    readonly beforeBytes: number;
    readonly bytes: number;
  };
}

const DRAIN_MS = 40_000;
/** A queue keeps up with a pace when it finishes this share of it. */
const KEPT_UP = 0.9;
const WARM_UP_JOBS = 20_000;
const LONGEST_WARM_UP_MS = 4000;
const REST_MS = 500;
const BACKLOG_WARM_UP_JOBS = 1000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** CPU seconds of both sides since this was made. */
function cpuMeter({ serverPid }: LoadOrder): () => { server: number; client: number } {
  const before = process.cpuUsage();
  const own = (): number => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  };
  if (serverPid > 0) {
    const meter = new CpuMeter(serverPid);
    return () => ({ server: meter.seconds(), client: own() });
  }
  const storeBefore = storeSeconds();
  return () => {
    const server = storeSeconds() - storeBefore;
    return { server, client: own() - server };
  };
}

/** Some time, and at full speed as many jobs as it takes until what compiles while it runs has done so. */
async function warmUp(order: LoadOrder, workload: Workload, pace: number): Promise<void> {
  const giveUpAt = performance.now() + LONGEST_WARM_UP_MS;
  await sleep(order.warmUpSeconds * 1000);
  while (pace === 0 && workload.finished < WARM_UP_JOBS && performance.now() < giveUpAt) await sleep(50);
}

/** Runs a load, and measures it after its warm-up while it goes on. */
async function phase(
  order: LoadOrder,
  workload: Workload,
  pace: number,
  run: (isOver: () => boolean) => Promise<void>,
): Promise<Phase> {
  let over = false;
  const running = run(() => over);
  await Promise.race([running, warmUp(order, workload, pace)]);
  workload.takeLatencies();
  const cpuSeconds = cpuMeter(order);
  const finishedBefore = workload.finished;
  const startedAt = performance.now();
  await Promise.race([running, sleep(order.seconds * 1000)]);
  const seconds = (performance.now() - startedAt) / 1000;
  const jobs = workload.finished - finishedBefore;
  const { server, client } = cpuSeconds();
  const latencies = workload.takeLatencies();
  over = true;
  const drained = await Promise.race([running.then(() => workload.drained(DRAIN_MS)), sleep(DRAIN_MS)]);
  const jobsPerSecond = jobs / seconds;
  return {
    jobsPerSecond,
    p50Ms: latencies.quantileUs(0.5) / 1000,
    p99Ms: latencies.quantileUs(0.99) / 1000,
    serverUsPerJob: server / jobs * 1e6,
    clientUsPerJob: client / jobs * 1e6,
    clientBusy: client / seconds,
    pace,
    overloaded: workload.overloaded || !drained ||
      jobsPerSecond < pace * KEPT_UP,
    repeated: workload.repeated,
  };
}

async function main(): Promise<LoadReport> {
  const order = JSON.parse(process.argv[2]) as LoadOrder;
  const workload = new Workload(await openQueue(order.kind, order), order.staff.producers, order.bodyBytes);
  if (order.backlog > 0) {
    const pid = order.serverPid || process.pid;
    await workload.backlog(BACKLOG_WARM_UP_JOBS);
    await sleep(REST_MS);
    const beforeBytes = residentBytes(pid);
    await workload.backlog(order.backlog);
    await sleep(REST_MS);
    const jobs = order.backlog - BACKLOG_WARM_UP_JOBS;
    return { backlog: { jobs, beforeBytes, bytes: residentBytes(pid) } };
  }
  await workload.startWorkers();
  const full = await phase(order, workload, 0, (isOver) => workload.fullSpeed(isOver));
  const pace = Math.min(order.pace, full.jobsPerSecond / 2);
  if (pace <= 0 || full.overloaded) return { full };
  return { full, paced: await phase(order, workload, pace, (isOver) => workload.paced(pace, isOver)) };
}

const report = await main();
// The workers wait for jobs for ever.
process.stdout.write(JSON.stringify(report) + "\n", () => process.exit(0));
