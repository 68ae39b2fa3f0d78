// The load generator, a program of its own: opens connections, moves jobs, prints one line of JSON.
// It means to be cheaper than the server it measures and tells its own CPU time, so that a run that was limited
// by the client can be told from one limited by the server. Exit codes: 0; 1 for unexpected replies; 2 for wrong
// usage; 3 when --max-secs ran out.
import process from "node:process";
import type { Histogram } from "../support/histogram.ts";
import { CpuMeter, peakBytes, residentBytes } from "../support/proc.ts";
import { type ConnectionShare, LoadConnection } from "./load_connection.ts";
import { type LoadOptions, parseLoadOptions } from "./load_options.ts";
import { type OpenSocket, socketOpener } from "./load_socket.ts";
import { KINDS, LoadTally } from "./load_tally.ts";
import { PutFrames } from "./put_frames.ts";
import { useOwnTube } from "./own_tube.ts";

const WARM_UP_TUBE = "load-warm-up";
const WARM_UP_DEPTH = 16;
const EXIT_UNEXPECTED = 1;
const EXIT_USAGE = 2;
const EXIT_TOO_SLOW = 3;

interface Outcome {
  readonly seconds: number;
  readonly clientCpu: number;
  readonly serverCpu: number;
  readonly aborted: boolean;
}

/** What each connection of this load has to do. */
function sharesOf(options: LoadOptions): ConnectionShare[] {
  const { mode, connections, jobsPerConnection: jobs, depth } = options;
  const blocking = options.blocking || mode === "mixed";
  return Array.from({ length: connections }, (_, i) => {
    const puts = mode === "put" || (mode === "mixed" && (connections === 1 || i < connections / 2));
    const reserves = mode === "reserve-delete" || (mode === "mixed" && (connections === 1 || !puts));
    return { puts: puts ? jobs : 0, reserves: reserves ? jobs : 0, depth, blocking };
  });
}

/** Opens all connections, lets them run and resolves when each has done its share. */
async function runLoad(
  options: LoadOptions,
  tally: LoadTally,
  open: OpenSocket,
  tube: string,
): Promise<Outcome> {
  const shares = sharesOf(options);
  const frames = new PutFrames(options, options.depth);
  let left = shares.length;
  let allDone = (): void => {};
  const finished = new Promise<void>((resolve) => (allDone = resolve));
  const connections: LoadConnection[] = [];
  for (const share of shares) {
    const connection = new LoadConnection(share, frames, tally, () => --left === 0 && allDone());
    connection.socket = tube
      ? await useOwnTube(open, options.host, options.port, tube, connection)
      : await open(options.host, options.port, connection);
    connections.push(connection);
  }
  const serverCpu = new CpuMeter(options.serverPid);
  const clientCpu = process.cpuUsage();
  const startedAt = performance.now();
  for (const connection of connections) connection.start();
  let giveUp: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<void>((resolve) => (giveUp = setTimeout(resolve, options.maxSeconds * 1000)));
  await Promise.race([finished, tooLate]);
  clearTimeout(giveUp);
  const seconds = (performance.now() - startedAt) / 1000;
  const used = process.cpuUsage(clientCpu);
  const outcome = {
    seconds,
    clientCpu: (used.user + used.system) / 1e6,
    serverCpu: serverCpu.seconds(),
    aborted: left > 0,
  };
  for (const connection of connections) connection.stop();
  return outcome;
}

/** Moves jobs through a tube of its own, so that what is measured afterwards runs compiled code. */
async function warmUp(options: LoadOptions, open: OpenSocket): Promise<void> {
  if (options.warmUpJobs === 0) return;
  const light: LoadOptions = {
    ...options,
    mode: "mixed",
    connections: 2,
    jobsPerConnection: options.warmUpJobs,
    bodyBytes: 2,
    depth: WARM_UP_DEPTH,
    delaySeconds: 0,
  };
  await runLoad(light, new LoadTally(), open, WARM_UP_TUBE);
}

function latencyOf(histogram: Histogram): object {
  const quantile = (share: number): number => rounded(histogram.quantileUs(share));
  return {
    n: histogram.count,
    p50: quantile(0.5),
    p90: quantile(0.9),
    p99: quantile(0.99),
    p999: quantile(0.999),
    max: rounded(histogram.maxMs * 1000),
  };
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

function report(options: LoadOptions, tally: LoadTally, outcome: Outcome): object {
  const { seconds, clientCpu, serverCpu } = outcome;
  const latency: Record<string, object> = { all: latencyOf(tally.latency) };
  KINDS.forEach((name, kind) => (latency[name] = latencyOf(tally.latencyOf[kind])));
  return {
    label: options.label,
    mode: options.mode,
    conns: options.connections,
    jobs_per_conn: options.jobsPerConnection,
    body: options.bodyBytes,
    depth: options.depth,
    ops: tally.replies,
    jobs: tally.jobs,
    secs: seconds,
    ops_per_s: rounded(tally.replies / seconds),
    jobs_per_s: rounded(tally.jobs / seconds),
    bytes_out: tally.bytesOut,
    bytes_in: tally.bytesIn,
    client_cpu_s: clientCpu,
    server_cpu_s: serverCpu,
    client_cpu: rounded(clientCpu / seconds),
    server_cpu: rounded(serverCpu / seconds),
    server_rss_kb: residentBytes(options.serverPid) / 1024,
    server_hwm_kb: peakBytes(options.serverPid) / 1024,
    timed_out: tally.timedOut,
    unexpected: tally.unexpected,
    aborted: outcome.aborted,
    lat_us: latency,
    unexpected_text: tally.unexpectedText,
  };
}

async function main(): Promise<number> {
  let options: LoadOptions;
  try {
    options = parseLoadOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return EXIT_USAGE;
  }
  const open = socketOpener();
  await warmUp(options, open);
  const tally = new LoadTally();
  const outcome = await runLoad(options, tally, open, "");
  process.stdout.write(JSON.stringify(report(options, tally, outcome)) + "\n");
  return outcome.aborted ? EXIT_TOO_SLOW : tally.unexpected > 0 ? EXIT_UNEXPECTED : 0;
}

process.exitCode = await main();
