// A tube: its jobs by state, who waits at it, its pause and its counters. Counters and pause live and die with the tube.

import type { Alarmed } from "./alarms.ts";
import type { JobTable } from "./jobs.ts";
import { RowList } from "./row_list.ts";
import { DeadlineQueue, ReadyQueue } from "./row_queue.ts";
import type { Session } from "./session.ts";
import { Waiters } from "./waiters.ts";

export class Tube implements Alarmed {
  /** Number by which job rows name their tube; given again after the tube is gone. */
  readonly slot: number;
  /** The name's bytes; never changed. */
  readonly name: Uint8Array;
  readonly hash: number;
  /** These three are exchanged for empty ones when the tube is truncated. */
  ready: ReadyQueue;
  delayed: DeadlineQueue;
  /** In the order of burial. */
  buried: RowList;
  /** Sessions that wait here, but for those with an index. */
  readonly waiters: Waiters = new Waiters();
  /** Watches of sessions with an index, whether these wait or not; null when there are none. */
  indexed: Waiters | null = null;
  reservedCount = 0;
  /** Ready jobs with a priority below 1024. */
  urgentCount = 0;
  /** Sessions that use it and that watch it. */
  usingCount = 0;
  watchingCount = 0;
  /** Jobs ever put here. */
  totalJobs = 0;
  deletes = 0;
  pauses = 0;
  /** Length of the running pause in seconds, 0 when there is none; and its end. */
  pauseSeconds = 0;
  pausedUntil = 0;
  /** Place in the list of tubes. */
  listPlace = 0;
  /** The next one in its bucket of the table of names. */
  nextInTable: Tube | null = null;
  /** Queues of truncated jobs that are not cleared away yet; its slot is not given again before. */
  graveCount = 0;
  /** It was forgotten; another of its name may have come. */
  isGone = false;
  /** Noted for the match that follows when all that is due has moved. */
  isAwake = false;
  alarmAt = Infinity;
  alarmPlace = -1;

  constructor(slot: number, name: Uint8Array, hash: number, jobs: JobTable) {
    this.slot = slot;
    this.name = name;
    this.hash = hash;
    this.ready = new ReadyQueue(jobs);
    this.delayed = new DeadlineQueue(jobs);
    this.buried = new RowList(jobs);
  }

  get isPaused(): boolean {
    return this.pausedUntil > 0;
  }

  /** Nothing keeps the tube alive any more. */
  get isIdle(): boolean {
    return this.usingCount === 0 && this.watchingCount === 0 && this.ready.length === 0 &&
      this.delayed.length === 0 && this.buried.length === 0 && this.reservedCount === 0;
  }

  /** Whether a ready job and a waiter stand here and may meet. */
  get canGrant(): boolean {
    const hasWaiter = this.waiters.count > 0 || (this.indexed !== null && this.indexedWaiter !== null);
    return hasWaiter && this.ready.length > 0 && !this.isPaused;
  }

  /** The session that has waited longest here; there must be one. */
  get firstWaiter(): Session {
    const queued = this.waiters.first === null ? null : this.waiters.first.session;
    const listed = this.indexed === null ? null : this.indexedWaiter;
    if (queued === null || listed === null) return (queued ?? listed)!;
    return queued.waitNumber < listed.waitNumber ? queued : listed;
  }

  /** How many sessions wait here. Cost: a look at each indexed watch. */
  get waitingCount(): number {
    let count = this.waiters.count;
    let watch = this.indexed === null ? null : this.indexed.first;
    for (; watch !== null; watch = watch.after) if (watch.session.isWaiting) count++;
    return count;
  }

  /** Of the sessions with an index, the one that has waited longest here. */
  private get indexedWaiter(): Session | null {
    let first: Session | null = null;
    for (let watch = this.indexed!.first; watch !== null; watch = watch.after) {
      const { session } = watch;
      if (session.isWaiting && (first === null || session.waitNumber < first.waitNumber)) first = session;
    }
    return first;
  }

  /** The next instant at which something becomes due here, or Infinity. */
  get nextInstant(): number {
    const delayEnd = this.delayed.soonest;
    return this.isPaused && this.pausedUntil < delayEnd ? this.pausedUntil : delayEnd;
  }
}
