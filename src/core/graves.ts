// Truncating: a tube's queues are exchanged for empty ones at once, however many jobs they hold. The old ones become a grave:
// what is in them counts as gone from then on, and its rows and bodies are freed a few at a time by work().
// Invariant: a row is in a grave exactly if JobTable.isDead says so. Cost of a truncate: O(1), but for a look at what sessions
// hold when jobs of the tube are reserved.

import { BURIED, DELAYED, READY, STATES_ALL } from "./jobs.ts";
import { MOVES_PER_CALL } from "./limits.ts";
import { IN_USE, OUT_OF_MEMORY, RECORD_DROPPED, TRUNCATED, TUBE_DELETED } from "./outbox.ts";
import type { Outbox } from "./outbox.ts";
import type { Places } from "./places.ts";
import { RowList } from "./row_list.ts";
import { DeadlineQueue, ReadyQueue } from "./row_queue.ts";
import type { RowQueue } from "./row_queue.ts";
import type { Session } from "./session.ts";
import type { Tube } from "./tube.ts";

/** A journal's note that a job is spared takes a quarter of the room of a change; the rest is for the truncate itself. */
const SPARED_PER_CHANGE = 2;

interface Grave {
  readonly tube: Tube;
  readonly rows: RowQueue | RowList;
}

export class Graves {
  private readonly places: Places;
  private readonly outbox: Outbox;
  /** First come, first cleared. */
  private readonly graves: Grave[] = [];

  /** A tube with more reserved jobs is not truncated: the journal has no room to spare them all at once. */
  private mostSpared = Infinity;
  private clearedPerCall = MOVES_PER_CALL;

  constructor(places: Places, outbox: Outbox) {
    this.places = places;
    this.outbox = outbox;
  }

  /** For so many changes of jobs the journal has room in any case. */
  limit(changesPerCall: number): void {
    this.mostSpared = SPARED_PER_CHANGE * changesPerCall;
    this.clearedPerCall = Math.min(MOVES_PER_CALL, changesPerCall);
  }

  get isBusy(): boolean {
    return this.graves.length > 0;
  }

  /** Truncates the jobs of a tube that are in these states. */
  truncate(session: Session, tube: Tube, states: number): void {
    if (tube.reservedCount > this.mostSpared) return this.outbox.reply(session, OUT_OF_MEMORY);
    this.outbox.reply(session, TRUNCATED, this.open(tube, states));
    this.places.dropIfIdle(tube);
  }

  deleteTube(session: Session, tube: Tube): void {
    const isUsed = tube.usingCount + tube.watchingCount + tube.reservedCount > 0;
    if (isUsed || tube === this.places.home) return this.outbox.reply(session, IN_USE);
    this.open(tube, STATES_ALL);
    this.places.dropIfIdle(tube);
    this.outbox.reply(session, TUBE_DELETED);
  }

  /** Clears away some of what was truncated first, and tells the journal that its records count no more. */
  clearSome(): void {
    for (let left = this.clearedPerCall; left > 0 && this.graves.length > 0; left--) {
      const { tube, rows } = this.graves[0];
      this.clear(rows instanceof RowList ? rows.takeFirst() : rows.takeAny(), tube);
      if (rows.length === 0) this.close(tube);
    }
  }

  /** Answers how many jobs are in the new grave. */
  private open(tube: Tube, states: number): number {
    const { jobs } = this.places;
    const { first } = tube.delayed;
    const delayedFrom = first === 0 ? Infinity : jobs.deadlineAt.get(first);
    const delayedFromId = first === 0 ? 0 : jobs.id.get(first);
    const count = this.exchange(tube, states);
    if (count === 0) return 0;
    const spared = this.reservedOf(tube);
    this.outbox.recordTruncate({ tube: tube.name, states, spared, delayedFrom, delayedFromId });
    jobs.truncate(tube.slot, states, count);
    if (this.outbox.isObserved) this.outbox.truncated(tube, count);
    return count;
  }

  private exchange(tube: Tube, states: number): number {
    const { jobs, counters } = this.places;
    let count = 0;
    if ((states & 1 << READY) !== 0 && tube.ready.length > 0) {
      counters.ready -= tube.ready.length;
      counters.urgent -= tube.urgentCount;
      tube.urgentCount = 0;
      count += this.bury(tube, tube.ready);
      tube.ready = new ReadyQueue(jobs);
      this.places.refresh(tube);
    }
    if ((states & 1 << DELAYED) !== 0 && tube.delayed.length > 0) {
      counters.delayed -= tube.delayed.length;
      count += this.bury(tube, tube.delayed);
      tube.delayed = new DeadlineQueue(jobs);
    }
    if ((states & 1 << BURIED) !== 0 && tube.buried.length > 0) {
      counters.buried -= tube.buried.length;
      count += this.bury(tube, tube.buried);
      tube.buried = new RowList(jobs);
    }
    return count;
  }

  private bury(tube: Tube, rows: RowQueue | RowList): number {
    tube.graveCount++;
    this.graves.push({ tube, rows });
    return rows.length;
  }

  /** Ids of a tube's reserved jobs. Cost: a look at each session, and at all that those looked at hold. */
  private reservedOf(tube: Tube): number[] {
    const { jobs } = this.places;
    const ids: number[] = [];
    if (tube.reservedCount === 0) return ids;
    for (const session of this.places.sessions()) {
      this.places.effort += 1 + session.heldCount;
      if (session.heldCount === 0) continue;
      session.held.each((row) => void (jobs.tube.get(row) === tube.slot && ids.push(jobs.id.get(row))));
      if (ids.length === tube.reservedCount) break;
    }
    return ids;
  }

  private clear(row: number, tube: Tube): void {
    const { jobs, bodies } = this.places;
    const bytes = jobs.bodyBytes.get(row);
    this.outbox.recordGone(RECORD_DROPPED, jobs.id.get(row), jobs.file.get(row), tube.name.length, bytes);
    bodies.free(jobs.body.get(row), bytes);
    jobs.removeDead(row);
  }

  private close(tube: Tube): void {
    this.graves.shift();
    if (--tube.graveCount > 0) return;
    this.places.jobs.endTruncate(tube.slot);
    this.places.tubes.freeSlot(tube);
  }
}
