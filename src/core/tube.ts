// A tube: its jobs by state, who waits at it, its pause and its counters. Counters and pause live and die with the tube.

import type { Alarmed } from "./alarms.ts";
import type { JobTable } from "./jobs.ts";
import { RowList } from "./row_list.ts";
import { DeadlineQueue, ReadyQueue } from "./row_queue.ts";
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
  readonly waiters: Waiters = new Waiters();
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
    return this.waiters.count > 0 && this.ready.length > 0 && !this.isPaused;
  }

  /** The next instant at which something becomes due here, or Infinity. */
  get nextInstant(): number {
    const delayEnd = this.delayed.soonest;
    return this.isPaused && this.pausedUntil < delayEnd ? this.pausedUntil : delayEnd;
  }
}
