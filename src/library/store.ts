// Where a queue in this process keeps its jobs. The seam: a function that fills the queue and answers its journal.

import { NodeFiles } from "../adapters/node/files.ts";
import { prepareKvFile } from "../adapters/node/kv_file.ts";
import { LONGEST_TIMER_MS, wholeNumber } from "../client/arguments.ts";
import { QueueError } from "../client/errors.ts";
import { missingFlag } from "../runtime/permission.ts";
import { openLog } from "../journal/recovery.ts";
import { LogProblem } from "../journal/problem.ts";
import type { SyncPolicy } from "../journal/binlog.ts";
import { MIN_SEGMENT_BYTES } from "../journal/layout.ts";
import { IDENTITY_BYTES } from "../journal/segment.ts";
import { openKv } from "../journal/kv/recovery.ts";
import type { Journal, LiveJobs, Restorer } from "../ports/journal.ts";
import type { KvStore } from "../ports/kv.ts";
import { leaseFacts, openKvStore } from "../runtime/open_kv.ts";

/** A queue that is about to be filled by its store. */
export interface EmptyQueue {
  /** Its jobs, as a journal sees them, from the end of the filling on. */
  readonly live: LiveJobs;
  /** Takes what was kept, then `finish` with the first id that was never used and the time in milliseconds since 1970. */
  restore(): Restorer & { finish(nextId: number, now: number): void };
}

/**
 * Brings back what was kept into a queue that is empty yet, and answers the journal that keeps it from then on. `now` is in
 * milliseconds since 1970.
 *
 * @example Look at what a store brings back
 * ```ts
 * import { binlog, Queue, type Store } from "@runnerbean/runnerbean";
 *
 * const counted = (store: Store): Store => async (queue, now) => {
 *   const journal = await store(queue, now);
 *   queue.live.each((job) => console.log(job.id));
 *   return journal;
 * };
 * await using queue = await Queue.open({ store: counted(binlog("./jobs")) });
 * ```
 */
export type Store = (queue: EmptyQueue, now: number) => Journal | Promise<Journal>;

/** How a file binlog is kept. */
export interface BinlogStoreOptions {
  /**
   * When what was written is synced. `"always"` (default): before a promise resolves, so that a power cut loses nothing.
   * A number: every so many milliseconds (1 to 2,147,483,647). `"never"`: left to the system. In the last two, what was
   * put survives the end of this process, not a power cut.
   */
  readonly sync?: "always" | "never" | number;
  /** Size of one file of the log in bytes, a whole number; less than 4 KiB is taken as 4 KiB. Default 10 MiB. */
  readonly segmentBytes?: number;
}

const DEFAULT_SEGMENT_BYTES = 10_485_760;
const DEFAULT_KV_NAME = "runnerbean";

/**
 * Keeps jobs in a log in a directory, which must exist; one process at a time. The log is the server's: `runnerbean -b` opens it as well.
 * Opening rejects with a LogProblem when another process uses it or it is damaged. Throws a QueueError with the code BAD_FORMAT
 * when an option is out of range.
 *
 * @example
 * ```ts
 * import { binlog, Queue } from "@runnerbean/runnerbean";
 *
 * await using queue = await Queue.open({ store: binlog("./jobs", { sync: "always" }) });
 * await queue.tube("orders").put("kept"); // on the disk when this line is over
 * ```
 */
export function binlog(directory: string, options: BinlogStoreOptions = {}): Store {
  const segmentBytes = wholeNumber(
    "segmentBytes",
    options.segmentBytes ?? DEFAULT_SEGMENT_BYTES,
    MIN_SEGMENT_BYTES,
    Number.MAX_SAFE_INTEGER,
  );
  const sync = policyOf(options.sync ?? "always");
  return (queue, now) => {
    const clock = serverClock(now);
    return openLog(new NodeFiles(directory), queue, {
      segmentBytes,
      sync,
      stopwatch: () => performance.now(),
      now,
      wallOffset: () => Date.now() - clock(),
      identity: crypto.getRandomValues(new Uint8Array(IDENTITY_BYTES)),
    }).binlog;
  };
}

/** How a queue in a Deno KV is kept. */
export interface KvStoreOptions {
  /** Queues of different names share a KV, also with other data. 1 to 32 visible ASCII characters. Default "runnerbean". */
  readonly name?: string;
}

/**
 * Keeps jobs in a Deno KV: a file by its path, or a database elsewhere by its URL (then `DENO_KV_ACCESS_TOKEN` is used). Promises
 * resolve when the KV has committed. On Deno it needs `--unstable-kv`; on Node and Bun the package `@deno/kv` must be installed.
 * One process at a time: opening rejects with a LogProblem when another one has the lease of this name.
 *
 * @example
 * ```ts
 * import { kv, Queue } from "@runnerbean/runnerbean";
 *
 * await using queue = await Queue.open({ store: kv("./jobs.kv") });
 * await queue.tube("orders").put("kept"); // committed when this line is over
 * ```
 */
export function kv(pathOrUrl: string, options: KvStoreOptions = {}): Store {
  return async (queue, now) => {
    const clock = serverClock(now);
    const { journal } = await openKv(await openedStore(pathOrUrl), queue, {
      ...leaseFacts(),
      name: options.name ?? DEFAULT_KV_NAME,
      clock,
      wallOffset: () => Date.now() - clock(),
    });
    return journal;
  };
}

async function openedStore(pathOrUrl: string): Promise<KvStore> {
  try {
    prepareKvFile(pathOrUrl);
    return await openKvStore(pathOrUrl);
  } catch (error) {
    if (missingFlag(error) !== null) throw error; // the queue says what is missing
    throw new LogProblem("failed", `${pathOrUrl}: ${(error as Error).message}`);
  }
}

/** The server's clock, which is anchored in wall time and goes on evenly, by what it says now. */
function serverClock(now: number): () => number {
  const anchor = now - performance.now();
  return () => anchor + performance.now();
}

function policyOf(sync: "always" | "never" | number): SyncPolicy {
  if (sync === "always" || sync === "never") return { kind: sync };
  if (typeof sync === "number") {
    return { kind: "interval", ms: wholeNumber("sync", sync, 1, LONGEST_TIMER_MS) };
  }
  throw new QueueError("BAD_FORMAT", `sync is ${sync}: "always", "never" or milliseconds are needed`);
}
