// Time: what is due is applied here, in an order that makes the result independent of how late the tick comes.

import { MOVES_PER_CALL } from "./limits.ts";
import type { Matching } from "./matching.ts";
import { DEADLINE_SOON, EVENT_DELAY_ENDED, EVENT_EXPIRED, TIMED_OUT } from "./outbox.ts";
import type { Outbox } from "./outbox.ts";
import type { Places } from "./places.ts";
import { Session } from "./session.ts";
import { Tube } from "./tube.ts";

export class Due {
  private readonly places: Places;
  private readonly matching: Matching;
  private readonly outbox: Outbox;
  /** Sessions whose wait is over unless the match serves them; used again by each tick. */
  private readonly overdue: Session[] = [];

  constructor(places: Places, matching: Matching, outbox: Outbox) {
    this.places = places;
    this.matching = matching;
    this.outbox = outbox;
  }

  /**
   * First every due job moves and every due pause ends, then jobs and waiters are matched once, then waits that ran out
   * are answered. At most MOVES_PER_CALL moves; the alarms of what is left stay due.
   */
  tick(now: number): void {
    const { alarms } = this.places;
    let movesLeft = MOVES_PER_CALL;
    while (alarms.soonest <= now && movesLeft > 0) {
      const item = alarms.first!;
      movesLeft -= 1;
      if (item instanceof Tube) movesLeft -= this.wakeTube(item, now, movesLeft);
      else if (item instanceof Session) movesLeft -= this.wakeSession(item, now, movesLeft);
      alarms.setAnew(item);
    }
    this.matching.matchAwake(now);
    for (const session of this.overdue) this.endOverdueWait(session);
    this.overdue.length = 0;
  }

  /** Ends a pause and moves due delayed jobs to ready. Returns how many it moved. */
  private wakeTube(tube: Tube, now: number, atMost: number): number {
    if (tube.isPaused && tube.pausedUntil <= now) {
      tube.pausedUntil = 0;
      tube.pauseSeconds = 0;
      this.places.refresh(tube);
      this.matching.wake(tube);
    }
    let moved = 0;
    for (; moved < atMost && tube.delayed.soonest <= now; moved++) {
      this.matching.makeReady(tube.delayed.first, EVENT_DELAY_ENDED);
    }
    return moved;
  }

  /** Takes back jobs whose ttr ran out, and notes whether its wait is over. Returns how many jobs it moved. */
  private wakeSession(session: Session, now: number, atMost: number): number {
    if (session.isWaiting && session.nextInstant <= now) {
      // Said after the match, which may still serve it; decided now, before its overdue jobs have moved away.
      session.waitEndsWith = session.isDeadlineSoon(now) ? DEADLINE_SOON : TIMED_OUT;
      this.overdue.push(session);
    }
    let moved = 0;
    for (; moved < atMost && session.held.soonest <= now; moved++) {
      const row = session.held.first;
      // Without memory for the count it is not kept: the job must come back all the same.
      if (this.places.jobs.ensurePast(row)) this.places.jobs.countTimeout(row);
      this.places.counters.jobTimeouts++;
      this.matching.makeReady(row, EVENT_EXPIRED);
    }
    return moved;
  }

  private endOverdueWait(session: Session): void {
    if (!session.isWaiting) return;
    const reply = session.waitEndsWith;
    this.matching.endWait(session);
    this.outbox.reply(session, reply);
  }
}
