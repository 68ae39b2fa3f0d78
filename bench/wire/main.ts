// The wire bench: how fast is Runnerbean on each runtime, as a ratio to the reference, or as it is now to what it was? Starts each
// server in turn, in interleaved rounds with fresh processes, and drives all with the same load.
import process from "node:process";
import { parseArgs } from "node:util";
import { type Checkout, checkOut, checkoutServers, WORK_TREE } from "../support/checkouts.ts";
import { REFERENCE, type RuntimeName, RUNTIMES, serverPrograms } from "../support/programs.ts";
import { JsonLines, machine } from "../support/report.ts";
import { compareTable } from "./compare_table.ts";
import { otherGenerator, ownGenerator } from "./generator.ts";
import { WireMeasure } from "./measure.ts";
import { measureRounds } from "./rounds.ts";
import { chooseGroups, rowNames, WIRE_ROWS } from "./rows.ts";
import { detailTable, latencyTable, ratioTable } from "./wire_tables.ts";

const USAGE = `usage: bench/wire/main.ts [options] [ROW-PATTERN ...]
Rows are called like put-c50-d64-b1k: put, reserve-delete or mixed; connections 1, 50, 500; commands in flight per
connection 1, 64; bodies b2, b1k, b32k. Patterns are regular expressions; without one all rows are measured.
  --runtimes LIST    servers beside the reference (default bun,deno,node); NAME=COMMAND LINE for any other
  --compare REFS     commits instead of the reference: each after the first as a ratio to the first; "tree" is the work tree, and
                     what a single commit is compared with
  --no-reference     leave beanstalkd out (no ratios then)
  --rounds N         default 5 (short: 3, or 5 to compare)
  --seconds S        about how long one row runs (default 1, short: 0.15)
  --max-mib N        bodies in one run at most (default 1024, short: 256)
  --short            the rows that matter, in quick rounds that keep their servers: under two minutes on a quiet machine
  --generator PATH   another load generator with beanload's command line and --json output
  --list             print the rows' names
`;

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runtimes: { type: "string", default: RUNTIMES.join(",") },
      compare: { type: "string" },
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
  const { short, compare } = values;
  const commits = compare?.split(",").filter(Boolean) ?? [];
  return {
    runtimes: values.runtimes.split(",").filter(Boolean),
    commits: commits.length === 1 ? [...commits, WORK_TREE] : commits,
    withReference: !values["no-reference"],
    rounds: positive(values.rounds ?? (short && commits.length === 0 ? "3" : "5")),
    seconds: positive(values.seconds ?? (short ? "0.15" : "1")),
    maxBytes: positive(values["max-mib"] ?? (short ? "256" : "1024")) * 1048576,
    keepServers: short,
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

function serverNames(
  runtimes: readonly string[],
  checkouts: readonly Checkout[],
  withReference: boolean,
): string[] {
  if (checkouts.length > 0) return checkoutServers(runtimes as RuntimeName[], checkouts);
  return [...(withReference ? [REFERENCE] : []), ...runtimes];
}

async function main(): Promise<void> {
  const { runtimes, commits, withReference, rounds, groups, list, help, ...settings } = readArguments();
  if (help) return void process.stdout.write(USAGE);
  const rows = rowNames(groups);
  if (list) return void process.stdout.write(rows.join("\n") + "\n");
  // An exit, unlike a signal, ends the servers and removes what was checked out too.
  process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));

  const checkouts = checkOut(commits);
  const programs = serverPrograms(serverNames(runtimes, checkouts, withReference));
  const names = programs.map((program) => program.name);
  const lines = new JsonLines("wire");
  const measure = new WireMeasure(settings);
  console.log(`wire bench: ${machine(programs)}\nload generator: ${settings.generator.command.join(" ")}`);
  const all = await measureRounds(measure, programs, groups, rounds, lines);
  if (checkouts.length > 0) {
    const names = checkouts.map(({ name }) => name);
    console.log(
      `\nRatio to ${names[0]}: median (lowest .. highest)\n${compareTable(rows, runtimes, names, all)}`,
    );
  } else if (withReference) {
    console.log(`\nRatio to ${REFERENCE}: median (lowest .. highest)\n${ratioTable(rows, names, all)}`);
    console.log(`\nLatency as a ratio to ${REFERENCE}\n${latencyTable(rows, names, all)}`);
  } else console.log("\nno reference, no ratios");
  console.log(`\nMedians\n${detailTable(rows, names, all)}\n\n${lines.path}`);
}

await main();
