// Requeue: a job becomes another one of the same id. It may move to another tube, get other attributes, another body.

import { NO_BODY } from "./bodies.ts";
import type { Drafts } from "./drafts.ts";
import type { Matching } from "./matching.ts";
import { EVENT_REQUEUED, NOT_FOUND, RECORD_DROPPED, RECORD_PUT, REQUEUED } from "./outbox.ts";
import type { Outbox } from "./outbox.ts";
import type { Places } from "./places.ts";
import type { Session } from "./session.ts";
import type { Tube } from "./tube.ts";

export class Requeues {
  private readonly places: Places;
  private readonly drafts: Drafts;
  private readonly matching: Matching;
  private readonly outbox: Outbox;

  constructor(places: Places, drafts: Drafts, matching: Matching, outbox: Outbox) {
    this.places = places;
    this.drafts = drafts;
    this.matching = matching;
    this.outbox = outbox;
  }

  /** The row of a job that the session may requeue, or 0. */
  find(session: Session, id: number): number {
    const { jobs } = this.places;
    const row = jobs.find(id);
    return row === 0 || this.places.isHeldByOther(row, session) ? 0 : row;
  }

  refuse(session: Session): void {
    this.drafts.abandon(session);
    this.outbox.reply(session, NOT_FOUND);
  }

  /** `tube` may be new: with this job it has a reason to be. Delay and ttr are in seconds. */
  requeue(
    session: Session,
    row: number,
    tube: Tube,
    pri: number,
    delay: number,
    ttr: number,
    now: number,
  ): void {
    const { places, outbox } = this;
    const { jobs } = places;
    const former = places.tubeOf(row);
    if (outbox.isObserved) outbox.leaves(EVENT_REQUEUED, jobs, row, tube);
    places.leave(row, former);
    outbox.recordGone(
      RECORD_DROPPED,
      jobs.id.get(row),
      jobs.file.get(row),
      former.name.length,
      jobs.bodyBytes.get(row),
    );
    if (session.draftBody !== NO_BODY) {
      places.bodies.free(jobs.body.get(row), jobs.bodyBytes.get(row));
      this.drafts.giveTo(row, session);
    }
    if (tube !== former) tube.totalJobs++;
    jobs.tube.set(row, tube.slot);
    jobs.pri.set(row, pri);
    jobs.ttr.set(row, ttr < 1 ? 1 : ttr);
    jobs.setDelay(row, delay);
    places.enterAgain(row, now, delay);
    places.dropIfIdle(former);
    outbox.record(RECORD_PUT, row);
    outbox.reply(session, REQUEUED);
    this.matching.match(tube, now);
  }
}
