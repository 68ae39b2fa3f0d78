// What does it cost the queue to be looked at? Throughput on the wire with the HTTP port open, a scraper every second and a
// console that listens to live events, as a ratio to a server without, on each runtime, in interleaved rounds.
import process from "node:process";
import { parseArgs } from "node:util";
import { type RuntimeName, RUNTIMES, type ServerProgram, serverPrograms } from "../support/programs.ts";
import { ratioOf, ratioText } from "../support/ratios.ts";
import { JsonLines, machine, table } from "../support/report.ts";
import { startServer } from "../support/server.ts";
import { otherGenerator, ownGenerator } from "../wire/generator.ts";
import { type Measurement, WireMeasure } from "../wire/measure.ts";
import { measureRounds } from "../wire/rounds.ts";
import { chooseGroups, rowNames, WIRE_ROWS } from "../wire/rows.ts";
import { startWatched, WATCHED } from "./watched_server.ts";

const DEFAULT_ROWS = "-c50-d(1|64)-b2$";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runtimes: { type: "string", default: RUNTIMES.join(",") },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1.5" },
    generator: { type: "string" },
  },
});
const runtimes = values.runtimes.split(",") as RuntimeName[];
const groups = chooseGroups(WIRE_ROWS, positionals.length > 0 ? positionals : [DEFAULT_ROWS], false);
const plain = serverPrograms(runtimes);
const programs: ServerProgram[] = plain.flatMap((
  program,
) => [program, { ...program, name: program.name + WATCHED }]);
const measure = new WireMeasure({
  generator: values.generator ? otherGenerator(values.generator) : ownGenerator(),
  seconds: Number(values.seconds),
  maxBytes: 1024 ** 3,
  start: (program) => program.name.endsWith(WATCHED) ? startWatched(program) : startServer(program),
});
process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
const lines = new JsonLines("http");
console.log(`http bench: ${machine(plain)}`);
const all = await measureRounds(measure, programs, groups, Number(values.rounds), lines);

/** Watched by plain, round by round; by the clock, or per second of the server's CPU time. */
function ratio(row: string, runtime: string, rateOf: (measurement: Measurement) => number): string {
  const rates = (server: string): number[] =>
    all.filter((each) => each.row === row && each.server === server).map(rateOf);
  return ratioText(ratioOf(rates(runtime + WATCHED), rates(runtime)));
}

const rows = rowNames(groups).flatMap((row) =>
  runtimes.map((runtime) => [
    `${row} ${runtime}`,
    ratio(row, runtime, ({ result }) => result.ops_per_s),
    ratio(row, runtime, ({ result }) => result.ops / result.server_cpu_s),
  ])
);
console.log(`\nWatched as a ratio to plain: median (lowest .. highest)`);
console.log(table(["row", "commands a second", "commands per CPU second"], rows));
console.log(`\n${lines.path}`);
