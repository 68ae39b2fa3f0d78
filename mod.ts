/**
 * Runnerbean: a work queue that speaks the beanstalkd protocol, native to Deno, Bun and Node.
 *
 * This is the library's front door: the queue in this process, the client of a server with the same face, the worker over both.
 *
 * @example A queue, a typed tube, a worker
 * ```ts
 * import * as v from "valibot";
 * import { Queue, worker } from "@runnerbean/runnerbean";
 *
 * await using queue = await Queue.open();
 * const mails = queue.tube("mails", v.object({ to: v.string() }));
 * await using sender = worker(mails, (job) => console.log(`to ${job.body.to}`));
 * await mails.put({ to: "ada@example.org" });
 * ```
 *
 * @module
 */
export * from "./src/client/mod.ts";
export { Queue } from "./src/library/queue.ts";
export type { Listening, ListenOptions, QueueOptions } from "./src/library/queue.ts";
export { binlog, kv } from "./src/library/store.ts";
export type { BinlogStoreOptions, EmptyQueue, KvStoreOptions, Store } from "./src/library/store.ts";
export { LogProblem } from "./src/journal/problem.ts";
export type { LogProblemCode } from "./src/journal/problem.ts";
export type * from "./src/ports/journal.ts";
