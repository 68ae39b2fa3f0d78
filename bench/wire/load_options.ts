// The load generator's command line: what the C generator takes, so that one can stand in for the other.
import { parseArgs } from "node:util";

export type LoadMode = "put" | "reserve-delete" | "mixed";

export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  readonly mode: LoadMode;
  readonly connections: number;
  readonly jobsPerConnection: number;
  readonly bodyBytes: number;
  readonly depth: number;
  /** Whose CPU time and memory are reported too; 0 for nobody's. */
  readonly serverPid: number;
  readonly label: string;
  /** Priorities are spread below this; 0 for the same one everywhere. */
  readonly priorities: number;
  readonly delaySeconds: number;
  readonly ttrSeconds: number;
  /** reserve-delete sends "reserve" and waits for jobs, instead of "reserve-with-timeout 0". */
  readonly blocking: boolean;
  readonly maxSeconds: number;
  /** Jobs each of two connections moves before the count begins, so that this program runs compiled. */
  readonly warmUpJobs: number;
}

export const USAGE = `usage: load.ts [options] HOST PORT MODE CONNECTIONS JOBS-PER-CONNECTION BODY-SIZE DEPTH
MODE: put | reserve-delete | mixed
  --pid PID      also report this server's CPU time and memory
  --label TEXT   copied into the output
  --pri N        priorities below N instead of 1024 for all
  --delay S, --ttr S   of every put (default 0, 600)
  --block        reserve-delete: send reserve, not reserve-with-timeout 0
  --max-secs S   give up after S seconds (default 300)
  --warm-up N    jobs moved through a tube of their own before the count begins (default 4000)
  --json         accepted for the C generator's sake: the output always is one line of JSON
`;

const MODES: readonly string[] = ["put", "reserve-delete", "mixed"];

/** Throws with the usage when the arguments make no sense. */
export function parseLoadOptions(args: string[]): LoadOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: "boolean" },
      block: { type: "boolean", default: false },
      pid: { type: "string", default: "0" },
      label: { type: "string", default: "" },
      pri: { type: "string", default: "0" },
      delay: { type: "string", default: "0" },
      ttr: { type: "string", default: "600" },
      "max-secs": { type: "string", default: "300" },
      "warm-up": { type: "string", default: "4000" },
    },
  });
  const [host, port, mode, connections, jobs, bytes, depth] = positionals;
  if (positionals.length !== 7 || !MODES.includes(mode)) throw new Error(USAGE);
  return {
    host,
    port: whole(port, 1),
    mode: mode as LoadMode,
    // Half of the connections put and half reserve, so mixed wants an even number; one alone does both.
    connections: mode === "mixed" && Number(connections) > 1
      ? whole(connections, 1) & ~1
      : whole(connections, 1),
    jobsPerConnection: whole(jobs, 1),
    bodyBytes: whole(bytes, 0),
    depth: whole(depth, 1),
    serverPid: whole(values.pid, 0),
    label: values.label,
    priorities: whole(values.pri, 0),
    delaySeconds: whole(values.delay, 0),
    ttrSeconds: whole(values.ttr, 0),
    blocking: values.block,
    maxSeconds: whole(values["max-secs"], 1),
    warmUpJobs: whole(values["warm-up"], 0),
  };
}

function whole(text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new Error(`${text} is not a whole number >= ${least}\n${USAGE}`);
  }
  return value;
}
