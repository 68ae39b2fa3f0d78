// Micro benches of the core, the parser and the journal's records: nanoseconds (mitata) and bytes allocated per operation, on
// every runtime found. Each runtime measures in processes of its own: allocation is counted with other settings than time.
import process from "node:process";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { allocationCommand } from "../support/allocation.ts";
import { type RuntimeName, runtimePath, RUNTIMES, scriptCommand } from "../support/programs.ts";
import { digits, JsonLines, machine, table } from "../support/report.ts";
import { onCore, SERVER_CORE } from "../support/server.ts";
import type { OperationFigures } from "./measure_operations.ts";
import { GROUP_NAMES } from "./group_names.ts";

const USAGE = `usage: bench/micro/main.ts [options] [NAME ...]
Names: ${GROUP_NAMES.join(", ")}; without one all.
  --runtimes LIST    default bun,deno,node
  --seconds S        how long each operation is timed (default 0.2)
  --no-time          allocations only
  --no-bytes         time only
`;
const MEASURE = fileURLToPath(new URL("measure.ts", import.meta.url));

function measureOn(
  runtime: RuntimeName,
  what: "time" | "bytes",
  args: readonly string[],
): OperationFigures[] {
  const path = runtimePath(runtime);
  if (!path) throw new Error(`${runtime} is missing`);
  const program = [MEASURE, what, ...args];
  const { command, environment } = what === "bytes"
    ? allocationCommand(runtime, path, program)
    : { command: [...scriptCommand(runtime, path), ...program], environment: {} };
  const [file, ...rest] = onCore(SERVER_CORE, command);
  const env = { ...process.env, ...environment };
  const { stdout, stderr, status } = spawnSync(file, rest, { env, encoding: "utf8", maxBuffer: 1e8 });
  if (status !== 0) throw new Error(`${command.join(" ")} left with ${status}: ${stderr}`);
  return JSON.parse(stdout) as OperationFigures[];
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runtimes: { type: "string", default: RUNTIMES.join(",") },
      seconds: { type: "string", default: "0.2" },
      "no-time": { type: "boolean", default: false },
      "no-bytes": { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return void process.stdout.write(USAGE);
  const runtimes = values.runtimes.split(",").filter(Boolean) as RuntimeName[];
  const names = positionals.length > 0 ? positionals : [...GROUP_NAMES];
  const unknown = names.find((name) => !GROUP_NAMES.includes(name));
  if (unknown !== undefined) throw new Error(`no bench is called ${unknown}: ${GROUP_NAMES.join(", ")}`);
  console.log(`micro benches: ${machine([])}`);
  const lines = new JsonLines("micro");
  for (const name of names) {
    const columns = runtimes.flatMap((runtime) => [
      ...(values["no-time"] ? [] : [{ runtime, what: "time" as const }]),
      ...(values["no-bytes"] ? [] : [{ runtime, what: "bytes" as const }]),
    ]);
    const figures = columns.map(({ runtime, what }) => {
      const measured = measureOn(runtime, what, what === "time" ? [values.seconds, name] : [name]);
      for (const line of measured) lines.add({ runtime, ...line });
      return measured;
    });
    const head = [
      "operation",
      ...columns.map(({ runtime, what }) => `${runtime} ${what === "time" ? "ns" : "B"}`),
    ];
    const rows = figures[0].map(({ group, name: operation }, i) => [
      `${group}: ${operation}`,
      ...figures.map((of) => cell(of[i])),
    ]);
    console.log(`\n${table(head, rows)}`);
  }
  console.log(
    `\nns: median (quarters below and above); B: bytes allocated by most stretches / on average\n${lines.path}`,
  );
}

function cell({ ns, bytes }: OperationFigures): string {
  if (ns) return `${digits(ns.p50)} (${digits(ns.p25)}..${digits(ns.p75)})`;
  return `${bytes!.usual.toFixed(1)} / ${bytes!.mean.toFixed(1)}`;
}

main();
