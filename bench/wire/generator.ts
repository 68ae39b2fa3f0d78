// Runs a load generator (ours or another one with its command line) as a process and takes its line of JSON.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { runtimePath, scriptCommand } from "../support/programs.ts";
import { type BenchServer, CLIENT_CORE, HOST, onCore } from "../support/server.ts";
import type { LoadMode } from "./load_options.ts";
import type { Shape } from "./rows.ts";

/** The part of a generator's output that is used here; names as the C generator gives them. */
export interface LoadResult {
  readonly ops: number;
  readonly jobs: number;
  readonly secs: number;
  readonly ops_per_s: number;
  readonly jobs_per_s: number;
  readonly client_cpu: number;
  readonly server_cpu: number;
  readonly server_cpu_s: number;
  readonly server_hwm_kb: number;
  readonly unexpected: number;
  readonly unexpected_text: readonly string[];
  readonly timed_out: number;
  readonly lat_us: { readonly all: { readonly p50: number; readonly p99: number; readonly p999: number } };
}

const MAX_SECONDS = 60;

export interface Generator {
  readonly command: readonly string[];
  /** Options for runs that only warm the server up: the generator need not warm itself up then. */
  readonly carelessly: readonly string[];
  /** Options for servers so slow that warming up on them costs more than it brings. */
  readonly sparingly: readonly string[];
}

/** Our own generator, on Bun when it can be had (it is the cheapest client), else on Node. */
export function ownGenerator(): Generator {
  const load = fileURLToPath(new URL("load.ts", import.meta.url));
  for (const runtime of ["bun", "node"] as const) {
    const path = runtimePath(runtime);
    if (path) {
      const command = [...scriptCommand(runtime, path), load];
      return { command, carelessly: ["--warm-up", "0"], sparingly: ["--warm-up", "300"] };
    }
  }
  throw new Error("the load generator needs Bun or Node");
}

/** Another generator, which takes beanload's command line and prints its JSON. */
export function otherGenerator(path: string): Generator {
  return { command: [path], carelessly: [], sparingly: [] };
}

/** One run of a load. Throws when a reply was not what the load expects, or a connection was lost. */
export async function runGenerator(
  generator: readonly string[],
  server: BenchServer,
  mode: LoadMode,
  shape: Shape,
  jobsPerConnection: number,
): Promise<LoadResult> {
  const options = ["--json", "--pid", String(server.pid), "--max-secs", String(MAX_SECONDS)];
  const { connections, depth, bodyBytes } = shape;
  const load = [HOST, server.port, mode, connections, jobsPerConnection, bodyBytes, depth].map(String);
  const [path, ...args] = onCore(CLIENT_CORE, [...generator, ...options, ...load]);
  const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  let complained = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => (printed += text));
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (complained += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code === 0) return JSON.parse(printed) as LoadResult;
  const what = printed ? (JSON.parse(printed) as LoadResult).unexpected_text.join("; ") : complained;
  throw new Error(`${mode} on ${server.name}: the generator left with ${code}: ${what}`);
}
