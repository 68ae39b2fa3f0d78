// A queue inside this program: a typed tube, a worker, jobs that survive the process if a directory is given.
import process from "node:process";
import * as v from "valibot";
import { binlog, type InvalidBodyError, Queue, worker } from "@runnerbean/runnerbean";

const directory = process.argv[2];
await using queue = await Queue.open(directory ? { store: binlog(directory) } : {});
const Mail = v.object({ to: v.array(v.pipe(v.string(), v.email())), subject: v.string() });
const mails = queue.tube("mails", Mail);

let left = 3;
const allSent = Promise.withResolvers<void>();
await using sender = worker(mails, async (job, { signal }) => {
  signal.throwIfAborted();
  await new Promise((resolve) => setTimeout(resolve, 10));
  console.log(`sent ${job.body.subject} to ${job.body.to.join(", ")}`);
  if (--left === 0) allSent.resolve();
}, { concurrency: 2, attempts: 5 });

for (const subject of ["one", "two", "three"]) await mails.put({ to: ["ada@example.org"], subject });
await mails.put({ to: ["ada@example.org", "nobody"], subject: "four" }).catch((error: InvalidBodyError) => {
  console.log(`refused: ${error.path}`);
});
await allSent.promise;
await sender.stop();
console.log(`ready: ${(await queue.stats())["current-jobs-ready"]}`);
