// Ready jobs meet waiting sessions. Between engine calls no tube that may grant has both; every event that could change
// that ends with a match.

import { CHEAP_WATCHES, STEPS_PER_COMMAND } from "./limits.ts";
import { EVENT_KICKED, RECORD_CHANGE, RESERVED_JOB } from "./outbox.ts";
import type { Outbox } from "./outbox.ts";
import type { Places } from "./places.ts";
import type { Session } from "./session.ts";
import type { Tube } from "./tube.ts";

export class Matching {
  private readonly places: Places;
  private readonly outbox: Outbox;
  /** Waits so far. */
  private waits = 0;
  private readonly awake: Tube[] = [];

  constructor(places: Places, outbox: Outbox) {
    this.places = places;
    this.outbox = outbox;
  }

  /** Gives a job, wherever it is, to a session. */
  grant(row: number, session: Session, now: number): void {
    const { jobs } = this.places;
    const tube = this.places.tubeOf(row);
    if (session.isWaiting) this.endWait(session);
    if (this.outbox.isObserved) this.outbox.granted(jobs, row, tube);
    this.places.leave(row, tube);
    jobs.reserves.set(row, jobs.reserves.get(row) + 1);
    this.places.enterReserved(row, tube, session, now);
    this.outbox.reply(session, RESERVED_JOB, row);
  }

  /** Makes a buried or delayed job ready at once. */
  kick(row: number, now: number): void {
    this.leave(EVENT_KICKED, row);
    this.places.jobs.countKick(row);
    this.places.enterAgain(row, now, 0);
    this.outbox.record(RECORD_CHANGE, row);
    this.match(this.places.tubeOf(row), now);
  }

  /**
   * Moves a job, whose delay or ttr is over, to ready without matching it yet: {@link matchAwake} follows when all that goes
   * with it has moved. `event` says why.
   */
  makeReady(row: number, event: number): void {
    this.leave(event, row);
    this.places.enterReady(row);
    this.wake(this.places.tubeOf(row));
  }

  /** A job leaves its place; an observer is told why. */
  leave(event: number, row: number): void {
    const tube = this.places.tubeOf(row);
    if (this.outbox.isObserved) this.outbox.leaves(event, this.places.jobs, row, tube);
    this.places.leave(row, tube);
  }

  /** Tells an observer of a job that is about to leave its place. */
  note(event: number, row: number): void {
    if (this.outbox.isObserved) this.outbox.leaves(event, this.places.jobs, row, this.places.tubeOf(row));
  }

  /** Notes a tube for the next {@link matchAwake}. */
  wake(tube: Tube): void {
    if (tube.isAwake) return;
    tube.isAwake = true;
    this.awake.push(tube);
  }

  /** The best ready job that the session may have now, or 0. Costs one look per watched tube, or one at the index. */
  bestFor(session: Session): number {
    if (session.index !== null) return session.index.best;
    let best = 0;
    const { watches } = session;
    for (let i = 0; i < watches.length; i++) {
      const { tube } = watches[i];
      const row = tube.isPaused ? 0 : tube.ready.first;
      if (row !== 0 && (best === 0 || this.isBetter(row, best))) best = row;
    }
    if (watches.length > CHEAP_WATCHES) this.places.effort += watches.length;
    return best;
  }

  /** One tube may have gained ready jobs: hands them to its waiters. */
  match(tube: Tube, now: number): void {
    if (!tube.canGrant) return;
    this.grant(tube.ready.first, tube.firstWaiter, now);
    while (tube.canGrant) {
      this.grant(tube.ready.first, tube.firstWaiter, now);
      this.places.effort += STEPS_PER_COMMAND;
    }
  }

  /**
   * Matches the tubes noted since the last time: always the best job of all goes first, so that a worse one is never
   * granted just before a better one that came at the same instant. The tubes race in a heap, by their best job.
   */
  matchAwake(now: number): void {
    const { awake } = this;
    for (const tube of awake) tube.isAwake = false;
    if (awake.length === 1) this.match(awake[0], now);
    else if (awake.length > 1) this.matchRace(awake.filter((tube) => tube.canGrant), now);
    awake.length = 0;
  }

  private matchRace(race: Tube[], now: number): void {
    for (let i = (race.length >>> 1) - 1; i >= 0; i--) this.siftDown(race, i);
    while (race.length > 0) {
      const tube = race[0];
      if (tube.canGrant) this.grant(tube.ready.first, tube.firstWaiter, now);
      if (!tube.canGrant) {
        const last = race.pop()!;
        if (race.length > 0) race[0] = last;
      }
      this.siftDown(race, 0);
    }
  }

  startWait(session: Session, until: number): void {
    session.isWaiting = true;
    session.waitUntil = until;
    session.waitNumber = ++this.waits;
    this.places.counters.waiting++;
    if (session.index === null) {
      for (const watch of session.watches) watch.tube.waiters.append(watch);
      this.countWatches(session);
    }
    this.places.alarms.ringBy(session, session.nextInstant);
  }

  endWait(session: Session): void {
    session.isWaiting = false;
    session.waitUntil = Infinity;
    session.waitEndsWith = 0;
    this.places.counters.waiting--;
    if (session.index !== null) return;
    for (const watch of session.watches) watch.tube.waiters.remove(watch);
    this.countWatches(session);
  }

  private countWatches({ watches }: Session): void {
    if (watches.length > CHEAP_WATCHES) this.places.effort += watches.length;
  }

  private isBetter(a: number, b: number): boolean {
    return this.places.jobs.isBetter(a, b);
  }

  private siftDown(race: Tube[], from: number): void {
    if (race.length === 0) return;
    const tube = race[from];
    let place = from;
    for (let child = 2 * place + 1; child < race.length; child = 2 * place + 1) {
      if (child + 1 < race.length && this.isAhead(race[child + 1], race[child])) child++;
      if (!this.isAhead(race[child], tube)) break;
      race[place] = race[child];
      place = child;
    }
    race[place] = tube;
  }

  /** Whether tube a's best job goes before tube b's. A tube that ran out of ready jobs is dropped by whoever finds it first. */
  private isAhead(a: Tube, b: Tube): boolean {
    const rowA = a.ready.first;
    const rowB = b.ready.first;
    return rowA !== 0 && (rowB === 0 || this.isBetter(rowA, rowB));
  }
}
