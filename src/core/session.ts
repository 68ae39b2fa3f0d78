// What the queue knows of one peer: what it uses and watches, what it holds, whether it waits. It knows no bytes of any
// connection; a TCP peer, an HTTP lease and an in-process caller are sessions alike.

import type { Alarmed } from "./alarms.ts";
import { NO_BODY } from "./bodies.ts";
import type { JobTable } from "./jobs.ts";
import { SAFETY_MARGIN_MS } from "./limits.ts";
import { ReadyIndex } from "./ready_index.ts";
import { DeadlineQueue } from "./row_queue.ts";
import type { Tube } from "./tube.ts";
import { Waiters, Watch } from "./waiters.ts";

/** Above this many watches they are found through a map instead of by looking at each. */
const FEW_WATCHES = 16;

/** Work too large for one call, continued by engine.work(): nothing, a kick, or giving back what a closed session held. */
export const NO_CHORE = 0;
export const KICK_BURIED = 1;
export const KICK_DELAYED = 2;
export const GIVE_BACK = 3;

/** One peer of the queue; made by `Engine.open`. */
export class Session implements Alarmed {
  /** Number by which job rows name the session that holds them; given again after it closed. */
  readonly slot: number;
  /** @internal */
  used: Tube;
  /** @internal */
  readonly watches: Watch[] = [];
  /** It has put. */
  isProducer = false;
  /** It has reserved. */
  isWorker = false;
  /** It has not been closed. */
  isOpen = true;
  /** The peer will send no more: a reserve that finds no job ends at once. */
  isHalfClosed = false;
  /** It waits in a reserve. */
  isWaiting = false;
  /**
   * When the wait ends with TIMED_OUT; Infinity = never.
   * @internal
   */
  waitUntil: number = Infinity;
  /** Numbers waits in the order in which they began. */
  waitNumber = 0;
  /** During a tick: the reply kind with which an overdue wait ends unless the match still serves it; else 0. */
  waitEndsWith = 0;
  /** The put being received: its id, when it began, its body so far. `draftBody` is NO_BODY when there is none. */
  draftId = 0;
  /** @internal */
  draftAt = 0;
  /** @internal */
  draftBody: number = NO_BODY;
  /** @internal */
  draftBytes = 0;
  /** @internal */
  draftFilled = 0;
  /** What is left to do for it in later calls, and how far that is. */
  chore: number = NO_CHORE;
  /** @internal */
  choreLeft = 0;
  /** @internal */
  choreDone = 0;
  /** @internal */
  alarmAt = Infinity;
  /** @internal */
  alarmPlace = -1;
  /**
   * Of the watched tubes those that have a job to give; null while it watches few enough to look at each.
   * @internal
   */
  index: ReadyIndex | null = null;
  private byTube: Map<Tube, Watch> | null = null;
  private readonly jobs: JobTable;
  private readonly mostUnindexed: number;
  /** Null until it has held a job. */
  private queue: DeadlineQueue | null = null;

  /** @internal */
  constructor(slot: number, home: Tube, jobs: JobTable, mostUnindexed: number) {
    this.slot = slot;
    this.used = home;
    this.jobs = jobs;
    this.mostUnindexed = mostUnindexed;
  }

  /**
   * Reserved jobs, soonest deadline first.
   * @internal
   */
  get held(): DeadlineQueue {
    return this.queue ??= new DeadlineQueue(this.jobs);
  }

  /** How many jobs it holds. */
  get heldCount(): number {
    return this.queue === null ? 0 : this.queue.length;
  }

  /** When the first of its jobs runs out of time, or Infinity. */
  private get soonest(): number {
    return this.queue === null ? Infinity : this.queue.soonest;
  }

  /** Whether its next command has to wait. */
  get isBlocked(): boolean {
    return this.isWaiting || this.chore !== NO_CHORE;
  }

  get nextInstant(): number {
    const deadline = this.soonest;
    if (!this.isWaiting || this.waitEndsWith !== 0) return deadline;
    return Math.min(deadline - SAFETY_MARGIN_MS, this.waitUntil);
  }

  /** Whether a held job is so near its end that a reserve is answered DEADLINE_SOON. */
  isDeadlineSoon(now: number): boolean {
    return this.soonest - SAFETY_MARGIN_MS <= now;
  }

  /** @internal */
  watchOf(tube: Tube): Watch | undefined {
    if (this.index !== null) return this.indexedWatchOf(tube);
    if (this.byTube !== null) return this.byTube.get(tube);
    for (const watch of this.watches) if (watch.tube === tube) return watch;
    return undefined;
  }

  /** @internal */
  addWatch(tube: Tube): void {
    const watch = new Watch(this, tube, this.watches.length);
    this.watches.push(watch);
    if (this.index !== null) this.enlist(watch, this.index);
    else if (this.watches.length > this.mostUnindexed) this.makeIndex();
    else if (this.byTube !== null) this.byTube.set(tube, watch);
    else if (this.watches.length > FEW_WATCHES) this.makeMap();
  }

  /**
   * Takes a watch out; the last one moves into its place, as clients of the reference see it in list-tubes-watched.
   * @internal
   */
  dropWatch(watch: Watch): void {
    const last = this.watches.pop()!;
    if (last !== watch) {
      this.watches[watch.place] = last;
      last.place = watch.place;
    }
    this.byTube?.delete(watch.tube);
    if (this.index === null) return;
    this.delist(watch);
    // Much fewer: at the very number the index would be made and dropped again and again.
    if (this.watches.length < this.mostUnindexed / 2) this.dropIndex();
  }

  /**
   * Takes a watch off its tube's list of indexed watches, if it is there.
   * @internal
   */
  delist(watch: Watch): void {
    if (this.index === null) return;
    this.index.remove(watch);
    const { tube } = watch;
    tube.indexed!.remove(watch);
    if (tube.indexed!.count === 0) tube.indexed = null;
  }

  /**
   * Cost: a look at each session that watches this tube through an index; few have that many watches.
   * @internal
   */
  private indexedWatchOf(tube: Tube): Watch | undefined {
    let watch = tube.indexed === null ? null : tube.indexed.first;
    while (watch !== null && watch.session !== this) watch = watch.after;
    return watch ?? undefined;
  }

  /** The index follows what becomes of the watched tube. */
  private enlist(watch: Watch, index: ReadyIndex): void {
    const { tube } = watch;
    tube.indexed ??= new Waiters();
    tube.indexed.append(watch);
    index.update(watch);
  }

  /** Replaces the map of tubes, which the index makes unneeded. */
  private makeIndex(): void {
    this.byTube = null;
    this.index = new ReadyIndex(this.jobs);
    for (const watch of this.watches) this.enlist(watch, this.index);
  }

  /** Goes back to looking through the watches. */
  private dropIndex(): void {
    for (const watch of this.watches) this.delist(watch);
    this.index = null;
    if (this.watches.length > FEW_WATCHES) this.makeMap();
  }

  /** Finds a watch by its tube without looking through them. */
  private makeMap(): void {
    this.byTube = new Map(this.watches.map((watch) => [watch.tube, watch]));
  }
}
