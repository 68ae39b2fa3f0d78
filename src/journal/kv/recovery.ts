// From a key-value store to a running journal: takes the lease, lists what is there into the queue, clears away what a
// crash left half written.

import type { LiveJobs, Restorer } from "../../ports/journal.ts";
import type { KvKey, KvStore } from "../../ports/kv.ts";
import { LogProblem } from "../problem.ts";
import { JobReader, type ReadProgress } from "./job_reader.ts";
import { KvJournal } from "./kv_journal.ts";
import { decodeMeta, KvLayout, type KvMeta, LONGEST_NAME } from "./layout.ts";
import { type LeaseOptions, takeLease } from "./lease.ts";

/** The queue that a store is read into, before it runs. */
export interface RestorableQueue {
  readonly live: LiveJobs;
  restore(): Restorer & { finish(nextId: number, now: number): void };
}

export interface KvOptions extends LeaseOptions {
  /** Queues of different names share a store. 1 to 32 characters of ASCII. */
  readonly name: string;
  /** The server's time, in milliseconds since 1970. */
  readonly clock: () => number;
  readonly progress?: ReadProgress;
}

export interface RecoveredKv {
  readonly journal: KvJournal;
  readonly jobs: number;
}

/** Keys removed in one commit while recovering. */
const REMOVED_AT_ONCE = 500;
/** Entries asked for at once: at most 13 MiB of bodies. */
const LISTED_AT_ONCE = 200;

/**
 * Opens a queue in a store, or begins one. Throws a {@link LogProblem} when it must not be used: the store is closed then.
 */
export async function openKv(
  store: KvStore,
  queue: RestorableQueue,
  options: KvOptions,
): Promise<RecoveredKv> {
  try {
    return await recover(store, queue, options);
  } catch (error) {
    store.close();
    if (error instanceof LogProblem) throw error;
    throw new LogProblem("failed", (error as Error).message);
  }
}

async function recover(store: KvStore, queue: RestorableQueue, options: KvOptions): Promise<RecoveredKv> {
  const { name, clock, stopwatch } = options;
  if (!/^[!-~]{1,32}$/.test(name)) {
    throw new LogProblem(
      "failed",
      `the queue's name is ${JSON.stringify(name)}: 1 to ${LONGEST_NAME} visible ASCII characters`,
    );
  }
  const layout = new KvLayout(name);
  await checkMeta(store, layout); // before anything is written to what may not be ours
  const lease = await takeLease(store, layout.lease, options);
  const meta = await checkMeta(store, layout);
  let toRemove: KvKey[] = [];
  /** Renews the lease, and removes what is in nobody's body. */
  const write = async (): Promise<void> => {
    const beganAt = stopwatch();
    const removals = toRemove.map((key) => ({ key, value: null }));
    toRemove = [];
    const versionstamp = await store.commit([lease.check], [...removals, lease.renewal(false)]);
    if (versionstamp === null) throw new LogProblem("locked", "another server took the lease");
    lease.renewed(versionstamp, beganAt);
  };
  const restorer = queue.restore();
  const reader = new JobReader(restorer, (key) => toRemove.push(key), options.progress);
  for await (const entry of store.list(layout.jobs, LISTED_AT_ONCE)) {
    reader.take(entry);
    if (lease.renewInMs <= 0 || toRemove.length >= REMOVED_AT_ONCE) await write();
  }
  reader.end();
  await write();
  restorer.finish(Math.max(meta.nextId, reader.lastId + 1), clock());
  const sequence = Math.max(meta.sequence, reader.lastSequence);
  return {
    journal: new KvJournal({ store, layout, lease, sequence, clock }, queue.live),
    jobs: reader.jobs,
  };
}

async function checkMeta(store: KvStore, layout: KvLayout): Promise<KvMeta> {
  const entry = await store.get(layout.meta);
  if (entry === null) return { nextId: 1, sequence: 0 };
  const meta = decodeMeta(entry.value);
  if (meta !== null) return meta;
  throw new LogProblem(
    "foreign",
    `${JSON.stringify(layout.meta)} is not as this version of Runnerbean writes it`,
  );
}
