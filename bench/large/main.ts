// Does a large queue keep anybody waiting? Emptying a tube with a million jobs, and looking at ten thousand tubes with five
// million jobs in every way that the API, the wire and the console have, with another client beside it.
import process from "node:process";
import { parseArgs } from "node:util";
import { type RuntimeName, RUNTIMES, type ServerProgram, serverPrograms } from "../support/programs.ts";
import { digits, JsonLines, machine, table } from "../support/report.ts";
import { bindSelfToClientCore } from "../support/server.ts";
import { measureLooks } from "./look.ts";
import type { Look } from "./looked.ts";
import { CONSOLE_ROW, PAGE_LIMIT_MS } from "./open_console.ts";
import { measureTruncate, type Truncate, TRUNCATE_LIMIT_MS } from "./truncate.ts";

/** While anything is looked at, no other client may wait longer than that. */
const BLOCK_LIMIT_MS = 20;

const USAGE = `usage: bench/large/main.ts [options] [ROW-PATTERN ...]
  --runtimes LIST   default bun,deno,node
  --part PART       truncate or look; default both
  --tubes N         default 10000
  --jobs N          default 5000000; a fifth of it is truncated
  --repeats N       tries of each row (default 5)
  --dir DIR         where logs are written (default /var/tmp)
  --check           exit with 1 when a limit is missed
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runtimes: { type: "string", default: RUNTIMES.join(",") },
    part: { type: "string" },
    tubes: { type: "string", default: "10000" },
    jobs: { type: "string", default: "5000000" },
    repeats: { type: "string", default: "5" },
    dir: { type: "string", default: "/var/tmp" },
    check: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  process.stdout.write(USAGE);
  process.exit();
}
process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
bindSelfToClientCore();
const programs = serverPrograms(values.runtimes.split(",") as RuntimeName[]);
const patterns = positionals.map((pattern) => new RegExp(pattern));
const jobs = Number(values.jobs);
const repeats = Number(values.repeats);
const lines = new JsonLines("large");
let missed = 0;

console.log(`large bench: ${machine(programs)}`);
if (values.part !== "look") await truncates();
if (values.part !== "truncate") await looks();
console.log(`\n${lines.path}`);
process.exit(values.check && missed > 0 ? 1 : 0);

async function truncates(): Promise<void> {
  const rows: string[][] = [];
  for (const program of programs) {
    for (const dir of [null, values.dir]) {
      const tries: Truncate[] = [];
      for (let i = 0; i < repeats; i++) tries.push(await measureTruncate(program, jobs / 5, dir));
      const least = (of: (one: Truncate) => number): number => Math.min(...tries.map(of));
      const answerMs = least((one) => one.answerMs);
      const quietUs = least(({ quiet }) => quiet.p99Us);
      const clearingUs = least(({ clearing }) => clearing.p99Us);
      for (const one of tries) {
        lines.add({ row: "truncate", server: program.name, hasLog: dir !== null, ...one });
      }
      rows.push([
        `${program.name}${dir === null ? "" : " -b"}`,
        digits(answerMs),
        digits(Math.max(...tries.map((one) => one.answerMs))),
        ...[quietUs, clearingUs, clearingUs / quietUs].map(digits),
        digits(least(({ clearing }) => clearing.longestMs)),
        digits(least(({ clearing }) => clearing.computedMs)),
        verdict(answerMs, TRUNCATE_LIMIT_MS),
      ]);
    }
  }
  const head = [
    "server",
    "answer ms",
    "worst",
    "p99 us before",
    "while cleared",
    "ratio",
    "longest ms",
    "computed",
    "",
  ];
  console.log(`\nTruncate of ${jobs / 5} jobs, the best of ${repeats}\n${table(head, rows)}`);
}

async function looks(): Promise<void> {
  const rows: string[][] = [];
  const isWanted = (row: string): boolean => patterns.length === 0 || patterns.some((each) => each.test(row));
  for (const program of programs) {
    const amount = { tubes: Number(values.tubes), jobs };
    await measureLooks(program, amount, repeats, isWanted, (look) => rows.push(rowOf(program, look)));
  }
  const head = ["asked", "server", "took ms", "others waited ms", "of that computed", ""];
  const much = `${values.tubes} tubes, ${jobs} jobs`;
  console.log(`\n${much}: the best of ${repeats}; limit ${BLOCK_LIMIT_MS} ms\n${table(head, rows)}`);
}

function rowOf(program: ServerProgram, look: Look): string[] {
  lines.add({ server: program.name, ...look });
  const cells = [look.tookMs, look.waitedMs, look.computedMs].map(digits);
  const isSlow = look.row === CONSOLE_ROW && look.tookMs > PAGE_LIMIT_MS;
  const judged = verdict(isSlow ? Infinity : look.computedMs, BLOCK_LIMIT_MS);
  const row = [look.row, program.name, ...cells, judged];
  console.error(row.join("  "));
  return row;
}

function verdict(value: number, limit: number): string {
  if (value <= limit) return "ok";
  missed++;
  return "OVER";
}
