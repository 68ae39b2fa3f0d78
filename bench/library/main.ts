// What does a job cost in the process: put, reserve and delete, as a ratio to an array used as a queue, and to the same work
// over TCP? Measured on the runtime that runs this.
//   RUNTIME bench/library/main.ts [--rounds 5] [--seconds 0.5] [--batch 1000]
import process from "node:process";
import { Queue } from "../../mod.ts";
import { digits, JsonLines, machine, median, table } from "../support/report.ts";
import { openWays, type Way } from "./ways.ts";

interface Figures {
  /** Jobs a second by the clock, and for each second of this process's CPU time; one of each per round. */
  readonly rates: number[];
  readonly cpuRates: number[];
}

const options = { rounds: 5, seconds: 0.5, batch: 1000 };
const words = process.argv.slice(2);
for (let i = 0; i < words.length; i += 2) {
  const name = words[i].slice(2) as keyof typeof options;
  if (!Object.hasOwn(options, name) || !(Number(words[i + 1]) > 0)) {
    throw new Error(`unknown: ${words[i]}; ${Object.keys(options).map((each) => `--${each} N`).join(" ")}`);
  }
  options[name] = Number(words[i + 1]);
}

function cpuSeconds(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

/** Warms up, and answers how many jobs take about the wanted CPU time, in whole batches. */
async function jobsFor(way: Way): Promise<number> {
  for (let jobs = options.batch;; jobs *= 2) {
    const before = process.cpuUsage();
    await way.run(jobs);
    const seconds = cpuSeconds(before);
    if (seconds < options.seconds) continue;
    return Math.max(1, Math.round(jobs / seconds * options.seconds / options.batch)) * options.batch;
  }
}

async function measure(way: Way, jobs: number, figures: Figures): Promise<void> {
  const before = process.cpuUsage();
  const began = performance.now();
  await way.run(jobs);
  figures.rates.push(jobs / ((performance.now() - began) / 1000));
  figures.cpuRates.push(jobs / cpuSeconds(before));
}

// For TCP: a server in a process of its own would have a core of its own; here both sides share this one.
const server = await Queue.open();
const { port } = await server.listen({ port: 0 });
const ways = await openWays(options.batch, port);
const versions = process.versions as Record<string, string | undefined>;
const runtime = versions.deno
  ? `deno ${versions.deno}`
  : versions.bun
  ? `bun ${versions.bun}`
  : `node ${versions.node}`;
console.log(`${machine([])}\n${runtime}; bodies of 16 bytes, ${options.rounds} interleaved rounds`);

const jobs: number[] = [];
for (const way of ways) jobs.push(await jobsFor(way));
const figures = ways.map((): Figures => ({ rates: [], cpuRates: [] }));
for (let round = 0; round < options.rounds; round++) {
  for (const [i, way] of ways.entries()) await measure(way, jobs[i], figures[i]);
}
const lines = new JsonLines("library");
ways.forEach((way, i) => lines.add({ runtime, way: way.name, jobs: jobs[i], ...figures[i] }));
const [array] = figures;
const tcp = figures[3];
const ratio = (rates: readonly number[], to: readonly number[]): string => digits(median(rates) / median(to));
console.log(table(
  ["put + reserve + delete", "jobs/s", "jobs per CPU s", "to the array", "to TCP batches"],
  ways.map((way, i) => [
    way.name,
    `${digits(median(figures[i].rates) / 1000)}k`,
    `${digits(median(figures[i].cpuRates) / 1000)}k`,
    ratio(figures[i].cpuRates, array.cpuRates),
    ratio(figures[i].cpuRates, tcp.cpuRates),
  ]),
));
for (const way of ways) await way.end();
await server.close();
