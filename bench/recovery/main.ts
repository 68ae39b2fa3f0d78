// The recovery bench: how long is a server away that was killed with many jobs in its log? From the start of the process
// to its first reply, the files in the page cache, as ratios to the reference with the same jobs and to `cat`.
import process from "node:process";
import { parseArgs } from "node:util";
import { diskFacts } from "../support/disk.ts";
import { isReference, REFERENCE, RUNTIMES, type ServerProgram, serverPrograms } from "../support/programs.ts";
import { JsonLines, machine } from "../support/report.ts";
import { bindSelfToClientCore } from "../support/server.ts";
import { type Generator, ownGenerator } from "../wire/generator.ts";
import { buildLog, cloneLog, type Load, type Log } from "./logs.ts";
import { readAll, recover } from "./recover.ts";
import { type Measurement, recoveryTable } from "./recovery_table.ts";

const USAGE = `usage: bench/recovery/main.ts [options] [ROW ...]
Rows: b100 (300,000 jobs of 100 bytes), b1k (300,000 jobs of 1 KiB, 0.3 GB of bodies).
  --jobs-b100 N      other amounts (rounded up to tens); --full is --jobs-b100 1000000 --jobs-b1k 3000000
  --jobs-b1k N
  --full             the amounts for the record: needs 7 GB of disk and as much memory
  --dir DIR          where logs are written (default /var/tmp); must be a disk
  --runtimes LIST    default bun,deno,node; NAME=COMMAND LINE for any other server that takes -b
  --no-reference     leave beanstalkd out (no ratios to it then)
  --rounds N         default 5
`;

/** The log as far as a round needs it. */
interface Subject {
  readonly program: ServerProgram;
  readonly log: Log;
}

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      "jobs-b100": { type: "string" },
      "jobs-b1k": { type: "string" },
      full: { type: "boolean", default: false },
      dir: { type: "string", default: "/var/tmp" },
      runtimes: { type: "string", default: RUNTIMES.join(",") },
      "no-reference": { type: "boolean", default: false },
      rounds: { type: "string", default: "5" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { full, dir, help } = values;
  const loads: Load[] = [
    { name: "b100", jobs: tens(values["jobs-b100"] ?? (full ? "1000000" : "300000")), bodyBytes: 100 },
    { name: "b1k", jobs: tens(values["jobs-b1k"] ?? (full ? "3000000" : "300000")), bodyBytes: 1024 },
  ];
  const unknown = positionals.find((name) => !loads.some((load) => load.name === name));
  if (unknown !== undefined) throw new Error(`no row is called ${unknown}`);
  return {
    dir,
    help,
    servers: [...(values["no-reference"] ? [] : [REFERENCE]), ...values.runtimes.split(",").filter(Boolean)],
    rounds: positive(values.rounds),
    loads: loads.filter(({ name }) => positionals.length === 0 || positionals.includes(name)),
  };
}

function positive(text: string): number {
  if (!(Number(text) > 0)) throw new Error(`${text} is not above 0`);
  return Number(text);
}

const tens = (text: string): number => Math.ceil(positive(text) / 10) * 10;

async function main(): Promise<void> {
  const { dir, help, servers, rounds, loads } = readArguments();
  if (help) return void process.stdout.write(USAGE);
  // An exit, unlike a signal, ends the servers and removes their logs too.
  process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
  bindSelfToClientCore();
  const programs = serverPrograms(servers);
  const names = programs.map((program) => program.name);
  console.log(`recovery bench: ${machine(programs)}\n${diskFacts(dir)}`);
  const lines = new JsonLines("recovery");
  const all: Measurement[] = [];
  const generator = ownGenerator();
  for (const load of loads) all.push(...await measureLoad(load, programs, generator, dir, rounds, lines));
  console.log(`\nProcess start to first reply; ratios: median (lowest .. highest)`);
  console.log(`${recoveryTable(loads, names, all)}\n\n${lines.path}`);
}

/** Builds the logs of a load and recovers them in interleaved rounds. */
async function measureLoad(
  load: Load,
  programs: readonly ServerProgram[],
  generator: Generator,
  dir: string,
  rounds: number,
  lines: JsonLines,
): Promise<Measurement[]> {
  const subjects = await buildLogs(load, programs, generator, dir);
  const all: Measurement[] = [];
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < subjects.length; turn++) {
      // Who goes first changes from round to round, so that a drift of the machine meets all alike.
      const { program, log } = subjects[(turn + round) % subjects.length];
      const measured = await measureOnce(program, log, round, dir);
      lines.add(measured);
      all.push(measured);
    }
    console.error(`${load.name}: round ${round + 1} of ${rounds} done`);
  }
  for (const log of new Set(subjects.map((subject) => subject.log))) log.directory.remove();
  return all;
}

// One log serves all runtimes, since their format is one.
async function buildLogs(
  load: Load,
  programs: readonly ServerProgram[],
  generator: Generator,
  dir: string,
): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const program of programs) {
    const kin = subjects.find((other) => isReference(other.program.name) === isReference(program.name));
    subjects.push({ program, log: kin?.log ?? await buildLog(program, load, generator, dir) });
    if (!kin) console.error(`${load.name}: ${load.jobs} jobs put on ${program.name}`);
  }
  return subjects;
}

async function measureOnce(
  program: ServerProgram,
  log: Log,
  round: number,
  dir: string,
): Promise<Measurement> {
  const clone = cloneLog(log, dir);
  try {
    // The first reading warms the page cache, the second is what reading costs by itself.
    readAll(clone.path);
    const catSeconds = readAll(clone.path);
    const recovery = await recover(program, clone.path);
    if (recovery.jobs !== log.load.jobs) {
      throw new Error(`${program.name} recovered ${recovery.jobs} jobs of ${log.load.jobs}`);
    }
    const emptySeconds = (await recover(program, null)).seconds;
    const { name } = program;
    return {
      row: log.load.name,
      server: name,
      round,
      logBytes: log.bytes,
      catSeconds,
      emptySeconds,
      ...recovery,
    };
  } finally {
    clone.remove();
  }
}

await main();
