// From a key-value store to a running journal: takes the lease, lists what is there into the queue, clears away what a
// crash left half written.

import type { LiveJobs, Restorer } from "../../ports/journal.ts";
import type { KvKey, KvStore } from "../../ports/kv.ts";
import { WallOffset } from "../clock_steps.ts";
import { LogProblem } from "../problem.ts";
import { JobReader, type ReadProgress } from "./job_reader.ts";
import { KvJournal } from "./kv_journal.ts";
import { decodeMeta, KvLayout, type KvMeta, LONGEST_NAME } from "./layout.ts";
import { Truncates } from "./truncate_value.ts";
import { type Lease, type LeaseOptions, takeLease } from "./lease.ts";

/** The queue that a store is read into, before it runs. */
export interface RestorableQueue {
  readonly live: LiveJobs;
  restore(): Restorer & { finish(nextId: number, now: number, tell?: undefined, shift?: number): void };
}

export interface KvOptions extends LeaseOptions {
  /** Queues of different names share a store. 1 to 32 characters of ASCII. */
  readonly name: string;
  /** The server's time, in milliseconds since 1970. */
  readonly clock: () => number;
  /** How far the machine's wall clock is ahead of that now, in milliseconds. Default: never at all. */
  readonly wallOffset?: () => number;
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
  const { name } = options;
  if (!/^[!-~]{1,32}$/.test(name)) {
    throw new LogProblem(
      "failed",
      `the queue's name is ${JSON.stringify(name)}: 1 to ${LONGEST_NAME} visible ASCII characters`,
    );
  }
  const layout = new KvLayout(name);
  await checkMeta(store, layout); // before anything is written to what may not be ours
  const lease = await takeLease(store, layout.lease, options);
  try {
    return await readAll(store, queue, layout, lease, options);
  } catch (error) {
    // Nobody should have to wait for it. If this fails too, they have to.
    await store.commit([lease.check], [lease.renewal(true)]).catch(() => {});
    throw error;
  }
}

async function readAll(
  store: KvStore,
  queue: RestorableQueue,
  layout: KvLayout,
  lease: Lease,
  { clock, wallOffset, progress }: KvOptions,
): Promise<RecoveredKv> {
  const meta = await checkMeta(store, layout);
  let toRemove: KvKey[] = [];
  /** Renews the lease, and removes what is in nobody's body. */
  const write = async (): Promise<void> => {
    const beganAt = lease.now;
    const removals = toRemove.map((key) => ({ key, value: null }));
    toRemove = [];
    const versionstamp = await store.commit([lease.check], [...removals, lease.renewal(false)]);
    if (versionstamp === null) throw new LogProblem("locked", "another server took the lease");
    lease.renewed(versionstamp, beganAt);
  };
  const restorer = queue.restore();
  const truncates = new Truncates();
  for await (const entry of store.list(layout.truncates, LISTED_AT_ONCE)) truncates.take(entry);
  truncates.end();
  const wall = new WallOffset(wallOffset ?? null);
  const wallNow = clock() + wall.ms;
  const reader = new JobReader(wallNow, restorer, truncates, (key) => toRemove.push(key), progress);
  for await (const entry of store.list(layout.jobs, LISTED_AT_ONCE)) {
    reader.take(entry);
    if (lease.renewInMs <= 0 || toRemove.length >= REMOVED_AT_ONCE) await write();
  }
  reader.end();
  await write();
  // Now that the jobs are, which they concern. A truncate goes before its list.
  for (const key of truncates.keys) {
    toRemove.push(key);
    if (toRemove.length >= REMOVED_AT_ONCE) await write();
  }
  await write();
  restorer.finish(Math.max(meta.nextId, reader.lastId + 1), clock(), undefined, -wall.ms);
  const sequence = Math.max(meta.sequence, reader.lastSequence, truncates.lastSequence);
  const journal = new KvJournal({ store, layout, lease, sequence, clock, wall }, queue.live);
  // The clock went back: a truncate to come must find these jobs recorded as they are now.
  for (const id of reader.tooLate) {
    const job = queue.live.find(id);
    if (job !== null) journal.change(job);
  }
  return { journal, jobs: reader.jobs };
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
