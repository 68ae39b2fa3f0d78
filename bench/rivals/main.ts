// The rivals bench: the same work on Runnerbean, BullMQ on Redis, Deno KV's own queue and beanstalkd, in interleaved
// rounds with a fresh server each time. How many jobs a second, how long does one take, what does it cost?
import process from "node:process";
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { diskFacts } from "../support/disk.ts";
import { onPath, REFERENCE, type RuntimeName, RUNTIMES, serverPrograms } from "../support/programs.ts";
import { JsonLines, machine } from "../support/report.ts";
import { contestants, STORES } from "./contestants.ts";
import type { MeasureSettings } from "./measure.ts";
import { installPackages, packageVersion } from "./packages.ts";
import { Race } from "./race.ts";
import { rivalsTables } from "./rivals_tables.ts";

const USAGE = `usage: bench/rivals/main.ts [options] [ROW-PATTERN ...]
Rows: bullmq-STORE, kv-STORE, SERVER-STORE-CLIENT with SERVER beanstalkd, bun, deno or node; STORE memory, interval (a
log synced once a second) or durable (a log synced before each reply); CLIENT own or jackd. Patterns are regular
expressions; without one all rows are measured.
  --dir DIR          where logs are written (default /var/tmp); must be a disk
  --clients RUNTIME  what producers and workers run on (default node; Deno KV's are always on Deno)
  --pace N           jobs a second of the moderate rate (default: half of what BullMQ did in a run beforehand)
  --rounds N         default 5 (short: 1)
  --seconds S        how long each of the two loads is measured (default 2, short: 0.5)
  --backlog N        jobs of the backlog (default 100000, short: 10000)
  --short            a glance
  --list             print the rows' names
`;

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      dir: { type: "string", default: "/var/tmp" },
      clients: { type: "string", default: "node" },
      pace: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      backlog: { type: "string" },
      short: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { short, dir, list, help } = values;
  if (!["bun", "node"].includes(values.clients)) throw new Error("--clients is bun or node");
  const patterns = positionals.map((pattern) => new RegExp(`^(${pattern})`));
  const rows = contestants().filter(({ name }) =>
    patterns.length === 0 || patterns.some((pattern) => pattern.test(name))
  );
  if (rows.length === 0) throw new Error(`no row is called ${positionals.join(" or ")}`);
  const settings: MeasureSettings = {
    dir,
    clients: values.clients as RuntimeName,
    seconds: positive(values.seconds ?? (short ? "0.5" : "2")),
    backlogJobs: positive(values.backlog ?? (short ? "10000" : "100000")),
  };
  const pace = values.pace === undefined ? undefined : positive(values.pace);
  return { list, help, rows, settings, pace, rounds: positive(values.rounds ?? (short ? "1" : "5")) };
}

function positive(text: string): number {
  if (!(Number(text) > 0)) throw new Error(`${text} is not above 0`);
  return Number(text);
}

async function main(): Promise<void> {
  const { list, help, rows, settings, pace, rounds } = readArguments();
  if (help) return void process.stdout.write(USAGE);
  if (list) return void process.stdout.write(rows.map((row) => row.name).join("\n") + "\n");
  // An exit, unlike a signal, ends the servers and removes their logs too.
  process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
  const lines = new JsonLines("rivals");
  const race = new Race(rows, settings, lines);
  if (rows.some((row) => row.kind === "bullmq")) race.excuse("bullmq", installPackages());
  printConditions(settings);
  const all = await race.run(rounds, pace);
  for (const store of STORES) process.stdout.write(rivalsTables(store, rows, all));
  console.log();
  for (const [row, reason] of race.leftOut) console.log(`left out: ${row}: ${reason}`);
  console.log(lines.path);
}

function printConditions({ dir, clients }: MeasureSettings): void {
  const servers = [REFERENCE, ...RUNTIMES].flatMap((name) => {
    try {
      return serverPrograms([name]);
    } catch {
      return [];
    }
  });
  const redis = onPath("redis-server")
    ? execFileSync("redis-server", ["--version"], { encoding: "utf8" })
    : "";
  const versions = `Redis ${/v=(\S+)/.exec(redis)?.[1] ?? "missing"}, BullMQ ${packageVersion("bullmq")}`;
  console.log(`rivals bench: ${machine(servers)}\n${versions}, clients on ${clients}\n${diskFacts(dir)}`);
}

await main();
