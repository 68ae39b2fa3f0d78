// A program of its own: a worker and 100,000 jobs on a server with a log, which is killed and started again twice in the
// middle. Handlers succeed, fail once, fail always, hang, and throw when their lease is lost. Prints what became of it as
// one line of JSON; that it ends by itself is part of the test.
//   restart_scenario.ts JOBS DIRECTORY
import { Buffer } from "node:buffer";
import process from "node:process";
import { type Client, connect, json, worker } from "../../mod.ts";
import { freePort, runnerbeanCommand, startProcess } from "../support/server_process.ts";
import { sleep } from "../support/runtime.ts";

const [jobs, directory] = [Number(process.argv[2]), process.argv[3]];
const ATTEMPTS = 3;
const BATCH = 1000;
const MODULI = { slow: 20, failsOnce: 50, failsAlways: 499, hangsOnce: 1009 };

interface Body {
  readonly n: number;
}

/** What became of each job: handler calls, failures of the handler, successes, burials told of. */
const calls = new Uint8Array(jobs);
const failures = new Uint8Array(jobs);
const successes = new Uint8Array(jobs);
const buried = new Uint8Array(jobs);
const events: Record<string, number> = {};
let finished = 0;
let thrownOnLoss = 0;

const port = await freePort();
let server = start();

function start(): ReturnType<typeof startProcess> {
  return startProcess([...runnerbeanCommand(), "-l", "127.0.0.1", "-p", String(port), "-b", directory]);
}

async function connected(): Promise<Client> {
  for (let attempt = 0;; attempt++) {
    try {
      return await connect({ port });
    } catch (error) {
      if (attempt > 300) throw error;
      await sleep(50);
    }
  }
}

async function handle(n: number, signal: AbortSignal): Promise<void> {
  calls[n]++;
  if (n % MODULI.hangsOnce === 1 && calls[n] === 1) await new Promise(() => {});
  if (n % MODULI.slow === 2) {
    await sleep(100);
    if (signal.aborted) {
      thrownOnLoss++;
      throw signal.reason;
    }
  }
  const fails = n % MODULI.failsAlways === 3 || (n % MODULI.failsOnce === 4 && calls[n] === 1);
  if (fails) throw new Error(`job ${n} fails`);
  successes[n]++;
}

async function killAt(count: number): Promise<void> {
  while (finished < count) await sleep(5);
  await server.stop("SIGKILL");
  server = start();
}

const queue = await connected();
const tube = queue.tube("work", json<Body>());
for (let from = 0; from < jobs; from += BATCH) {
  const length = Math.min(BATCH, jobs - from);
  await tube.putMany(Array.from({ length }, (_, i) => ({ n: from + i })), { ttr: 30 });
}

const work = worker(tube, (job, { signal }) => handle(job.body.n, signal), {
  concurrency: 200,
  attempts: ATTEMPTS,
  backoff: () => 0,
  timeoutMs: 1000,
  onEvent(event) {
    events[event.kind] = (events[event.kind] ?? 0) + 1;
    if (event.kind === "failed" || event.kind === "buried") failures[event.job.body.n]++;
    if (event.kind === "buried") buried[event.job.body.n] = 1;
    if (event.kind === "done" || event.kind === "buried") finished++;
    if (event.kind === "trouble") process.stderr.write(`${event.error}\n`);
  },
});
await killAt(jobs * 0.3);
await killAt(jobs * 0.6);

/** Whether nothing is left but what is buried. A server that is just coming back is asked again. */
async function isEmpty(): Promise<boolean> {
  const stats = await tube.stats();
  return stats !== null && stats["current-jobs-ready"] + stats["current-jobs-reserved"] === 0;
}
while (!(await isEmpty())) await sleep(100);
await work.stop();
const stats = (await tube.stats())!;
const numbers = Array.from({ length: jobs }, (_, n) => n);
const mayFail = (n: number): boolean => n % MODULI.failsAlways === 3;
const buriedBodies: number[] = [];
for (let job = await tube.peekBuried(); job !== null; job = await tube.peekBuried()) {
  buriedBodies.push(JSON.parse(Buffer.from(job.body).toString()).n);
  await queue.delete(job.id);
}
await queue.close();
await server.stop("SIGTERM");
console.log(JSON.stringify({
  unfinished: numbers.filter((n) => successes[n] === 0 && !mayFail(n)).length,
  buriedTooSoon: buriedBodies.filter((n) => failures[n] < ATTEMPTS && calls[n] < ATTEMPTS).length,
  buriedWrongly: buriedBodies.filter((n) => !mayFail(n)).length,
  notBuried: numbers.filter((n) => mayFail(n) && !buriedBodies.includes(n)).length,
  left: stats["current-jobs-ready"] + stats["current-jobs-reserved"] + stats["current-jobs-delayed"],
  repeated: numbers.filter((n) => successes[n] > 1).length,
  told: buried.reduce((a, b) => a + b, 0),
  thrownOnLoss,
  events,
}));
