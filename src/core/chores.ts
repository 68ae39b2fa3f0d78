// Work that may be too large for one call: a kick of a million jobs, a closed session that held thousands. Each call moves
// a bounded number of jobs; the rest goes on in later calls, the sessions taking turns, so that nobody else waits long.
// Sessions that are closed between two calls of goOn() share one bound: a thousand clients may go at the same moment.

import {
  CHEAP_WATCHES,
  FEW_HELD_JOBS,
  MOVES_PER_CALL,
  STEPS_PER_COMMAND,
  WATCHES_PER_CALL,
} from "./limits.ts";
import type { Matching } from "./matching.ts";
import { EVENT_RETURNED, KICKED_COUNT, OUT_OF_MEMORY } from "./outbox.ts";
import type { Outbox } from "./outbox.ts";
import type { Places } from "./places.ts";
import { GIVE_BACK, KICK_BURIED, KICK_DELAYED, NO_CHORE } from "./session.ts";
import type { Session } from "./session.ts";

export class Chores {
  private readonly places: Places;
  private readonly matching: Matching;
  private readonly outbox: Outbox;
  /** How many jobs a kick moves per call, at most. */
  private movesPerKick = MOVES_PER_CALL;
  /** Sessions with work left, first come first served. */
  private readonly busy: Session[] = [];
  /** What may still be given back and taken out before the next call of {@link goOn}. */
  private movesLeft = MOVES_PER_CALL;
  private watchesLeft = WATCHES_PER_CALL;

  constructor(places: Places, matching: Matching, outbox: Outbox) {
    this.places = places;
    this.matching = matching;
    this.outbox = outbox;
  }

  /** For so many changes of jobs the journal has room in any case. */
  limit(changesPerCall: number): void {
    this.movesPerKick = Math.min(MOVES_PER_CALL, changesPerCall);
  }

  get isBusy(): boolean {
    return this.busy.length > 0 || this.movesLeft < MOVES_PER_CALL || this.watchesLeft < WATCHES_PER_CALL;
  }

  /** Kicks up to `bound` jobs of the used tube, as many as there are now. The answer comes when all are done. */
  kick(session: Session, bound: number, now: number): void {
    const { buried, delayed } = session.used;
    session.chore = buried.length > 0 ? KICK_BURIED : KICK_DELAYED;
    session.choreLeft = Math.min(bound, buried.length > 0 ? buried.length : delayed.length);
    session.choreDone = 0;
    if (!this.kickSome(session, now)) this.busy.push(session);
  }

  /** Gives back all that a closed session holds, takes out its watches, then forgets it. */
  giveBack(session: Session, now: number): void {
    this.places.alarms.remove(session);
    session.chore = GIVE_BACK;
    session.choreDone = 0;
    session.index?.close();
    if (session.heldCount <= FEW_HELD_JOBS && session.watches.length <= CHEAP_WATCHES) {
      return this.giveFewBack(session, now);
    }
    this.dropSomeWatches(session);
    if (!this.giveSomeBack(session, now)) this.busy.push(session);
  }

  /** Gives up what a session has left to do: it is being closed. */
  drop(session: Session): void {
    if (session.chore === NO_CHORE) return;
    this.busy.splice(this.busy.indexOf(session), 1);
  }

  /** Goes on with the session that has waited longest, and with closed ones behind it as far as the bound allows. */
  goOn(now: number): void {
    this.renewBounds();
    let isDone = true;
    while (isDone && this.busy.length > 0) {
      const session = this.busy.shift()!;
      const isKick = session.chore !== GIVE_BACK;
      isDone = isKick ? this.kickSome(session, now) : this.giveSomeBack(session, now);
      if (!isDone) this.busy.push(session);
      if (isKick) break; // the journal has room for the changes of one
    }
    this.renewBounds();
  }

  private renewBounds(): void {
    this.movesLeft = MOVES_PER_CALL;
    this.watchesLeft = WATCHES_PER_CALL;
  }

  /** One by one and matched one by one, like the reference: the job buried first goes to the first waiter. True when done. */
  private kickSome(session: Session, now: number): boolean {
    const { buried, delayed } = session.used;
    for (let moves = this.movesPerKick; session.choreLeft > 0; moves--) {
      const row = session.chore === KICK_BURIED ? buried.first : delayed.first;
      if (row === 0) break; // Others have taken some away since the kick began.
      if (moves === 0) return false;
      if (!this.places.jobs.ensurePast(row)) return this.endWithoutMemory(session);
      session.choreLeft--;
      session.choreDone++;
      this.matching.kick(row, now);
    }
    this.places.effort += STEPS_PER_COMMAND * session.choreDone;
    session.chore = NO_CHORE;
    this.outbox.reply(session, KICKED_COUNT, session.choreDone);
    return true;
  }

  /** No memory for the next job's count of kicks: those that were kicked are told of. */
  private endWithoutMemory(session: Session): true {
    session.chore = NO_CHORE;
    if (session.choreDone === 0) this.outbox.reply(session, OUT_OF_MEMORY);
    else this.outbox.reply(session, KICKED_COUNT, session.choreDone);
    return true;
  }

  /**
   * What moves in one call is all moved before any of it is matched; watches follow when no jobs are left. True when the
   * session holds and watches nothing any more.
   */
  private giveSomeBack(session: Session, now: number): boolean {
    for (; this.movesLeft > 0 && session.heldCount > 0; this.movesLeft--) this.giveOneBack(session, now);
    this.matching.matchAwake(now);
    if (session.heldCount > 0) return false;
    this.dropSomeWatches(session);
    if (session.watches.length > 0) return false;
    this.places.removeSession(session);
    return true;
  }

  /** For a session that costs no more than a command or two: it is closed at once, however many others are. */
  private giveFewBack(session: Session, now: number): void {
    this.places.dropWatches(session, 0, CHEAP_WATCHES);
    while (session.heldCount > 0) this.giveOneBack(session, now);
    this.matching.matchAwake(now);
    this.places.removeSession(session);
  }

  private giveOneBack(session: Session, now: number): void {
    const row = session.held.first;
    this.matching.makeReady(row, EVENT_RETURNED);
    this.places.jobs.deadlineAt.set(row, now);
  }

  private dropSomeWatches(session: Session): void {
    const count = Math.min(this.watchesLeft, session.watches.length - session.choreDone);
    this.watchesLeft -= count;
    session.choreDone = this.places.dropWatches(session, session.choreDone, count);
  }
}
