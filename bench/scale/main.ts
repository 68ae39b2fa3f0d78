// The scale bench: does a command cost more when there is much of something, is anybody kept waiting by something
// big, and what does a job cost in memory? Rows by name, on each runtime and, if asked, the reference.
import process from "node:process";
import { parseArgs } from "node:util";
import { REFERENCE, RUNTIMES, type ServerProgram, serverPrograms } from "../support/programs.ts";
import { digits, JsonLines, machine, table } from "../support/report.ts";
import { workDirectory } from "../support/disk.ts";
import { bindSelfToClientCore, startServer } from "../support/server.ts";
import { compareCost, type CostPlan, LOCK_STEP, PIPELINED } from "./cost.ts";
import { COST_ROWS, type CostRow } from "./cost_rows.ts";
import { BURDEN_ROWS } from "./burden_rows.ts";
import { DELAY_LIMIT_MS, DELAY_ROWS, type DelayRow } from "./delay_rows.ts";
import { boundOf, type Figure, type FigureRow, verdictOn } from "./figures.ts";
import { FRAGMENTATION_ROW } from "./fragmentation_row.ts";
import { IDLE_ROW } from "./idle_row.ts";
import { MEMORY_ROW } from "./memory_row.ts";
import { TAIL_ROWS } from "./tail_rows.ts";
import { WATCH_ROWS } from "./watch_rows.ts";

const COST_LIMIT = 1.5;
const ALL_DELAY_ROWS: readonly DelayRow[] = [...DELAY_ROWS, ...BURDEN_ROWS, ...WATCH_ROWS];
const FIGURE_ROWS: readonly FigureRow[] = [MEMORY_ROW, FRAGMENTATION_ROW, IDLE_ROW, ...TAIL_ROWS];
const ROW_NAMES: readonly string[] = [
  ...new Set([...COST_ROWS, ...ALL_DELAY_ROWS, ...FIGURE_ROWS].map((row) => row.name)),
];

const USAGE = `usage: bench/scale/main.ts [options] [ROW-PATTERN ...]
Rows: ${ROW_NAMES.join(", ")}.
  --runtimes LIST   default bun,deno,node; NAME=COMMAND LINE for any other server
  --reference       beanstalkd too (slow: it takes a minute to fill 5,000,000 jobs); goals that are a ratio
                    to it are judged only then
  --dir DIR         where logs are written (default /var/tmp); must be a disk
  --size S          scale all amounts by S (default 1; --short is --size 0.05)
  --short           a twentieth of everything: shows cliffs, proves nothing
  --check           exit with 1 when a promised limit is missed
`;

interface Report {
  readonly lines: JsonLines;
  readonly costs: string[][];
  readonly delays: string[][];
  readonly figures: string[][];
  /** What the reference showed, by row and name. */
  readonly ofReference: Map<string, Figure>;
  missed: number;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runtimes: { type: "string", default: RUNTIMES.join(",") },
      reference: { type: "boolean", default: false },
      size: { type: "string" },
      dir: { type: "string", default: "/var/tmp" },
      short: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return process.stdout.write(USAGE) ? 0 : 0;
  const size = Number(values.size ?? (values.short ? 0.05 : 1));
  if (!(size > 0)) throw new Error(`--size ${values.size} is not above 0`);
  // An exit, unlike a signal, ends the servers too.
  process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
  bindSelfToClientCore();

  const patterns = positionals.map((pattern) => new RegExp(`^(${pattern})`));
  const wanted = (name: string): boolean =>
    patterns.length === 0 || patterns.some((pattern) => pattern.test(name));
  const names = [...(values.reference ? [REFERENCE] : []), ...values.runtimes.split(",").filter(Boolean)];
  const programs = serverPrograms(names);
  console.log(`scale bench, size ${size}: ${machine(programs)}`);
  const report: Report = {
    lines: new JsonLines("scale"),
    costs: [],
    delays: [],
    figures: [],
    ofReference: new Map(),
    missed: 0,
  };
  for (const program of programs) {
    for (const row of COST_ROWS) {
      if (wanted(row.name)) {
        await attempt(program, row.name, () => costRow(program, row, size, report));
      }
    }
    for (const row of ALL_DELAY_ROWS) {
      if (wanted(row.name)) {
        await attempt(program, row.name, () => delayRow(program, row, size, values.dir, report));
      }
    }
    for (const row of FIGURE_ROWS) {
      if (wanted(row.name)) {
        await attempt(program, row.name, () => figureRow(program, row, size, report));
      }
    }
  }
  printReport(report);
  return values.check && report.missed > 0 ? 1 : 0;

  // A row that fails (a server that dies, a reply that means failure) is told and the others go on.
  async function attempt(program: ServerProgram, row: string, measure: () => Promise<void>): Promise<void> {
    const startedAt = Date.now();
    try {
      await measure();
      console.error(`${program.name} ${row}: ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
    } catch (error) {
      report.missed++;
      console.error(`${program.name} ${row} FAILED: ${(error as Error).message}`);
    }
  }
}

async function costRow(program: ServerProgram, row: CostRow, size: number, report: Report): Promise<void> {
  const many = Math.max(1, Math.round(row.many * size));
  const [base, loaded] = [await startServer(program), await startServer(program)];
  try {
    const baseStretches = await row.prepare(base, 1);
    const loadedStretches = await row.prepare(loaded, many);
    for (const [commands, stretch] of Object.entries(loadedStretches)) {
      const sides = [{ server: base, stretch: baseStretches[commands] }, {
        server: loaded,
        stretch,
      }] as const;
      for (const plan of [LOCK_STEP, PIPELINED]) {
        const cost = await compareCost(...sides, quickened(plan, program, size));
        const how = plan.together === 1 ? "lock-step" : `${plan.together} at once`;
        report.lines.add({ row: row.name, many, server: program.name, commands, how, ...cost });
        // The promise is about what a client meets, so lock-step decides; the sharper view is shown beside it.
        const verdict = !row.promised || plan.together > 1 ? "" : cost.ratio <= COST_LIMIT ? "ok" : "OVER";
        if (verdict === "OVER") report.missed++;
        const numbers = [cost.baseUs, cost.loadedUs, cost.ratio, cost.baseP99Us, cost.loadedP99Us].map(
          digits,
        );
        report.costs.push([`${row.name} ${many}`, program.name, commands, how, ...numbers, verdict]);
      }
    }
  } finally {
    await Promise.all([base.stop(), loaded.stop()]);
  }
}

// The reference compiles nothing while it runs, and takes a second for what takes others a tenth. The short form
// takes fewer slices.
function quickened(plan: CostPlan, program: ServerProgram, size: number): CostPlan {
  const slices = size < 1 ? Math.ceil(plan.slices / 2) : plan.slices;
  const slow = program.name === REFERENCE && plan.together > 1;
  return slow ? { ...plan, slices, warmUp: 1000, commands: 8000 } : { ...plan, slices };
}

async function delayRow(
  program: ServerProgram,
  row: DelayRow,
  size: number,
  dir: string,
  report: Report,
): Promise<void> {
  const many = Math.max(1, Math.round(row.many * size));
  const log = row.hasLog ? workDirectory(dir) : null;
  const server = await startServer(program, log === null ? [] : ["-b", log.path, "-F"]);
  try {
    const delay = await row.measure(server, many);
    report.lines.add({ row: row.name, many, server: program.name, ...delay });
    // Where others keep a client waiting as long even in quiet times, nothing is shown either way.
    const over = delay.quietMs < DELAY_LIMIT_MS ? "OVER" : "noisy";
    const verdict = !row.promised ? "" : delay.largestMs < DELAY_LIMIT_MS ? "ok" : over;
    if (verdict === "OVER") report.missed++;
    const numbers = [delay.quietMs, delay.largestMs, delay.p99Ms, delay.tookMs].map(digits);
    report.delays.push([`${row.name} ${many}`, program.name, ...numbers, verdict]);
  } finally {
    await server.stop();
    log?.remove();
  }
}

async function figureRow(
  program: ServerProgram,
  row: FigureRow,
  size: number,
  report: Report,
): Promise<void> {
  for (const figure of await row.measure(program, size)) {
    const key = `${row.name} ${figure.name}`;
    if (program.name === REFERENCE) report.ofReference.set(key, figure);
    const bound = program.name === REFERENCE ? NaN : boundOf(figure, report.ofReference.get(key));
    const verdict = verdictOn(figure, bound);
    if (verdict === "OVER") report.missed++;
    report.lines.add({
      row: row.name,
      server: program.name,
      figure: figure.name,
      value: figure.value,
      bound,
    });
    const sign = Number.isNaN(bound) ? "" : figure.goal?.atLeast ? ">= " : "<= ";
    report.figures.push([
      row.name,
      program.name,
      figure.name,
      digits(figure.value),
      sign + digits(bound),
      verdict,
    ]);
  }
}

function printReport(report: Report): void {
  const { costs, delays, figures } = report;
  if (costs.length > 0) {
    const head = [
      "load",
      "server",
      "commands",
      "sent",
      "us with 1",
      "loaded",
      "ratio",
      "p99 us with 1",
      "loaded",
      "",
    ];
    console.log(`\nServer CPU per command; limit for the ratio ${COST_LIMIT}\n${table(head, costs)}`);
  }
  if (delays.length > 0) {
    const head = ["burden", "server", "quiet max ms", "largest ms", "p99 ms", "took ms", ""];
    console.log(`\nAnother client's lock-step commands; limit ${DELAY_LIMIT_MS} ms\n${table(head, delays)}`);
  }
  if (figures.length > 0) {
    console.log(`\n${table(["row", "server", "figure", "value", "goal", ""], figures)}`);
  }
  console.log(`\n${report.lines.path}`);
}

process.exitCode = await main();
// Sockets of servers that are gone may still be known to the event loop.
process.exit();
