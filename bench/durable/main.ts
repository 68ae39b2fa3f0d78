// The durable bench: how fast is Runnerbean when every reply waits for the disk, as ratios to the reference with and
// without sync and to itself in memory? The loads and the way of measuring are the wire bench's.
import process from "node:process";
import { parseArgs } from "node:util";
import { diskFacts } from "../support/disk.ts";
import { type Checkout, checkOut, checkoutServers, WORK_TREE } from "../support/checkouts.ts";
import {
  isReference,
  type RuntimeName,
  RUNTIMES,
  type ServerProgram,
  serverPrograms,
} from "../support/programs.ts";
import { JsonLines, machine } from "../support/report.ts";
import { compareTable } from "../wire/compare_table.ts";
import { otherGenerator, ownGenerator } from "../wire/generator.ts";
import { WireMeasure } from "../wire/measure.ts";
import { measureRounds } from "../wire/rounds.ts";
import { type Catalogue, chooseGroups, rowNames } from "../wire/rows.ts";
import { detailTable } from "../wire/wire_tables.ts";
import { durableTable } from "./durable_tables.ts";
import { durablePrograms, startDurable, SYNCED_REFERENCE } from "./servers.ts";

const USAGE = `usage: bench/durable/main.ts [options] [ROW-PATTERN ...]
Rows are called like put-c50-d64-b1k: put, reserve-delete or mixed; connections 1, 50, 500 with one command in flight
(d1), 1 and 50 with 64; bodies b2, b1k. Patterns are regular expressions; without one all rows are measured.
  --dir DIR          where logs are written (default /var/tmp); must be a disk
  --runtimes LIST    default bun,deno,node; NAME=COMMAND LINE for any other server that takes -b
  --compare REFS     commits instead of references: each after the first as a ratio to the first; "tree" is the work tree, and
                     what a single commit is compared with
  --no-memory        leave out the servers without a log
  --rounds N         default 5 (short: 1, or 5 to compare)
  --seconds S        about how long one row runs (default 1, short: 0.15)
  --max-mib N        bodies in one run at most (default 512, short: 128)
  --short            put only, four shapes, one quick round: a glance
  --generator PATH   another load generator with beanload's command line and --json output
  --list             print the rows' names
`;

const ROWS: Catalogue = {
  shapes: [2, 1024].flatMap((bodyBytes) => [
    { connections: 1, depth: 1, bodyBytes },
    { connections: 50, depth: 1, bodyBytes },
    { connections: 500, depth: 1, bodyBytes },
    { connections: 1, depth: 64, bodyBytes },
    { connections: 50, depth: 64, bodyBytes },
  ]),
  short: /^put-(c1-d1|c50-d1|c500-d1|c50-d64)-b2$/,
};

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      dir: { type: "string", default: "/var/tmp" },
      runtimes: { type: "string", default: RUNTIMES.join(",") },
      compare: { type: "string" },
      "no-memory": { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string" },
      "max-mib": { type: "string" },
      short: { type: "boolean", default: false },
      generator: { type: "string" },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { short, dir, list, help } = values;
  const commits = values.compare?.split(",").filter(Boolean) ?? [];
  return {
    dir,
    list,
    help,
    runtimes: values.runtimes.split(",").filter(Boolean),
    commits: commits.length === 1 ? [...commits, WORK_TREE] : commits,
    withMemory: !values["no-memory"],
    rounds: positive(values.rounds ?? (short && commits.length === 0 ? "1" : "5")),
    seconds: positive(values.seconds ?? (short ? "0.15" : "1")),
    maxBytes: positive(values["max-mib"] ?? (short ? "128" : "512")) * 1048576,
    generator: values.generator ? otherGenerator(values.generator) : ownGenerator(),
    groups: chooseGroups(ROWS, positionals, short),
  };
}

function positive(text: string): number {
  if (!(Number(text) > 0)) throw new Error(`${text} is not above 0`);
  return Number(text);
}

// The log's own threads and the disk warm up less with more jobs; half of the wire bench's warm-up is enough, and long.
const warmUpShare = (server: string): number => isReference(server) ? 0.01 : 0.5;

function programsFor(
  runtimes: readonly string[],
  checkouts: readonly Checkout[],
  withMemory: boolean,
): ServerProgram[] {
  if (checkouts.length === 0) return durablePrograms(runtimes, withMemory);
  return serverPrograms(checkoutServers(runtimes as RuntimeName[], checkouts));
}

async function main(): Promise<void> {
  const { dir, list, help, runtimes, commits, withMemory, rounds, groups, ...settings } = readArguments();
  if (help) return void process.stdout.write(USAGE);
  const rows = rowNames(groups);
  if (list) return void process.stdout.write(rows.join("\n") + "\n");
  // An exit, unlike a signal, ends the servers and removes their logs too.
  process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));

  const checkouts = checkOut(commits);
  const programs = programsFor(runtimes, checkouts, withMemory);
  const names = programs.map((program) => program.name);
  console.log(`durable bench: ${machine(programs)}\n${diskFacts(dir)}`);
  console.log(`load generator: ${settings.generator.command.join(" ")}`);
  const lines = new JsonLines("durable");
  const measure = new WireMeasure({
    ...settings,
    start: (program) => startDurable(program, dir),
    warmUpShare,
    isSlow: (server) => server === SYNCED_REFERENCE,
  });
  const all = await measureRounds(measure, programs, groups, rounds, lines);
  if (checkouts.length > 0) {
    const commits = checkouts.map(({ name }) => name);
    console.log(`\nRatio to ${commits[0]}: median (lowest .. highest)`);
    console.log(`${compareTable(rows, runtimes, commits, all)}\n\n${lines.path}`);
    return;
  }
  console.log(`\nReplies a second with sync before each reply; ratios: median (lowest .. highest)`);
  console.log(durableTable(rows, names, all));
  console.log(`\nMedians\n${detailTable(rows, names, all)}\n\n${lines.path}`);
}

await main();
