// Measures one contestant: a fresh server for the load, another one for the backlog, the client a process of its own.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type RuntimeName, runtimePath, scriptCommand } from "../support/programs.ts";
import { CLIENT_CORE, onCore } from "../support/server.ts";
import type { Contestant } from "./contestants.ts";
import type { LoadOrder, LoadReport } from "./load.ts";

export interface Measurement {
  readonly row: string;
  readonly round: number;
  readonly report: LoadReport;
}

export interface MeasureSettings {
  readonly dir: string;
  readonly clients: RuntimeName;
  readonly seconds: number;
  readonly backlogJobs: number;
}

const PRODUCERS = 10;
const WORKERS = 10;
const BODY_BYTES = 100;
const WARM_UP_SECONDS = 0.7;
const MOST_MS = 120_000;

const LOAD = fileURLToPath(new URL("load.ts", import.meta.url));

/** Full speed, then `pace` jobs a second. */
export function measureLoad(
  contestant: Contestant,
  pace: number,
  settings: MeasureSettings,
): Promise<LoadReport> {
  return runLoad(contestant, settings, { pace, backlog: 0 });
}

/** Memory with a backlog. */
export function measureBacklog(contestant: Contestant, settings: MeasureSettings): Promise<LoadReport> {
  return runLoad(contestant, settings, { pace: 0, backlog: settings.backlogJobs });
}

async function runLoad(
  { kind, slots, start }: Contestant,
  { dir, clients, seconds }: MeasureSettings,
  what: { pace: number; backlog: number },
): Promise<LoadReport> {
  const queue = await start(dir);
  try {
    const { host, port, path, pid: serverPid } = queue;
    const staff = { producers: PRODUCERS, workers: WORKERS, slots };
    const times = { warmUpSeconds: WARM_UP_SECONDS, seconds };
    const order: LoadOrder = {
      kind,
      host,
      port,
      path,
      staff,
      serverPid,
      bodyBytes: BODY_BYTES,
      ...times,
      ...what,
    };
    return await runClient([...clientCommand(kind === "kv" ? "deno" : clients), JSON.stringify(order)]);
  } finally {
    await queue.stop();
  }
}

function clientCommand(runtime: RuntimeName): string[] {
  const path = runtimePath(runtime);
  if (!path) throw new Error(`${runtime} is missing`);
  const command = [...scriptCommand(runtime, path), ...(runtime === "deno" ? ["--unstable-kv"] : []), LOAD];
  return onCore(CLIENT_CORE, command);
}

async function runClient([path, ...args]: string[]): Promise<LoadReport> {
  const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"] });
  const tooLong = setTimeout(() => child.kill("SIGKILL"), MOST_MS);
  let printed = "";
  let complained = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => (printed += text));
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (complained += text));
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    if (code === 0) return JSON.parse(printed) as LoadReport;
    if (code === null) throw new Error(`not done after ${MOST_MS / 1000} s`);
    throw new Error(`the client left with ${code}: ${complained.trim().slice(-500)}`);
  } finally {
    clearTimeout(tooLong);
  }
}
