// The wire bench: how fast is Runnerbean on each runtime, as a ratio to the reference? Starts each server in
// turn, in interleaved rounds with a fresh process each time, and drives all with the same load.
import process from "node:process";
import { parseArgs } from "node:util";
import { REFERENCE, RUNTIMES, serverPrograms } from "../support/programs.ts";
import { JsonLines, machine } from "../support/report.ts";
import { otherGenerator, ownGenerator } from "./generator.ts";
import { WireMeasure } from "./measure.ts";
import { measureRounds } from "./rounds.ts";
import { chooseGroups, rowNames, WIRE_ROWS } from "./rows.ts";
import { detailTable, ratioTable } from "./wire_tables.ts";

const USAGE = `usage: bench/wire/main.ts [options] [ROW-PATTERN ...]
Rows are called like put-c50-d64-b1k: put, reserve-delete or mixed; connections 1, 50, 500; commands in flight per
connection 1, 64; bodies b2, b1k, b32k. Patterns are regular expressions; without one all rows are measured.
  --runtimes LIST    servers beside the reference (default bun,deno,node); NAME=COMMAND LINE for any other
  --no-reference     leave beanstalkd out (no ratios then)
  --rounds N         default 5 (short: 2)
  --seconds S        about how long one row runs (default 1, short: 0.15)
  --max-mib N        bodies in one run at most (default 1024, short: 256)
  --short            seven shapes, two quick rounds: under two minutes, a glance only
  --generator PATH   another load generator with beanload's command line and --json output
  --list             print the rows' names
`;

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runtimes: { type: "string", default: RUNTIMES.join(",") },
      "no-reference": { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string" },
      "max-mib": { type: "string" },
      short: { type: "boolean", default: false },
      generator: { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const short = values.short;
  return {
    servers: [...(values["no-reference"] ? [] : [REFERENCE]), ...values.runtimes.split(",").filter(Boolean)],
    rounds: positive(values.rounds ?? (short ? "2" : "5")),
    seconds: positive(values.seconds ?? (short ? "0.15" : "1")),
    maxBytes: positive(values["max-mib"] ?? (short ? "256" : "1024")) * 1048576,
    generator: values.generator ? otherGenerator(values.generator) : ownGenerator(),
    groups: chooseGroups(WIRE_ROWS, positionals, short),
    list: values.list,
    help: values.help,
  };
}

function positive(text: string): number {
  if (!(Number(text) > 0)) throw new Error(`${text} is not above 0`);
  return Number(text);
}

async function main(): Promise<void> {
  const { servers, rounds, groups, list, help, ...settings } = readArguments();
  if (help) return void process.stdout.write(USAGE);
  const rows = rowNames(groups);
  if (list) return void process.stdout.write(rows.join("\n") + "\n");
  // An exit, unlike a signal, ends the servers too.
  process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));

  const programs = serverPrograms(servers);
  const names = programs.map((program) => program.name);
  const lines = new JsonLines("wire");
  const measure = new WireMeasure(settings);
  console.log(`wire bench: ${machine(programs)}\nload generator: ${settings.generator.command.join(" ")}`);
  const all = await measureRounds(measure, programs, groups, rounds, lines);
  if (!names.includes(REFERENCE)) console.log("\nno reference, no ratios");
  else console.log(`\nRatio to ${REFERENCE}: median (lowest .. highest)\n${ratioTable(rows, names, all)}`);
  console.log(`\nMedians\n${detailTable(rows, names, all)}\n\n${lines.path}`);
}

await main();
