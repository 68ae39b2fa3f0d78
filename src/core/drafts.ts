// The body that a session receives: of a put, or of a job that is to get another one. It belongs to nobody until it is whole.

import { passUnlessOutOfMemory } from "./allocation.ts";
import { assert } from "./assert.ts";
import { NO_BODY } from "./bodies.ts";
import { JOB_ROW_BYTES } from "./limits.ts";
import type { Places } from "./places.ts";
import type { Session } from "./session.ts";

export class Drafts {
  private readonly places: Places;

  constructor(places: Places) {
    this.places = places;
  }

  /** Takes room for a body of `bodyBytes`, without its CR LF. False: there is none. */
  begin(session: Session, bodyBytes: number): boolean {
    assert(session.draftBody === NO_BODY, "a session receives one body at a time");
    const { bodies, memory, usedBytes } = this.places;
    const bytes = bodyBytes + 2;
    if (!memory.hasRoomForJobs(usedBytes + bodies.costOf(bytes) + JOB_ROW_BYTES)) return false;
    const body = bodies.allocate(bytes);
    if (body === NO_BODY) return false;
    session.draftBody = body;
    session.draftBytes = bytes;
    session.draftFilled = 0;
    return true;
  }

  /** False: there is no memory for it, and the body must be abandoned. */
  fill(session: Session, source: Uint8Array, from: number, to: number): boolean {
    const { draftBody, draftBytes, draftFilled } = session;
    assert(draftBody !== NO_BODY && draftFilled + to - from <= draftBytes, "a body is filled up to its size");
    try {
      this.places.bodies.write(draftBody, draftBytes, draftFilled, source, from, to);
    } catch (error) {
      passUnlessOutOfMemory(error);
      return this.places.refusePut();
    }
    session.draftFilled += to - from;
    return true;
  }

  /** The row of a put's job, with memory for all that it needs; else 0, and the put is abandoned. */
  rowFor(session: Session, delay: number): number {
    const { jobs } = this.places;
    const row = jobs.add(session.draftId);
    if (row !== 0 && (delay === 0 || jobs.ensurePast(row))) return row;
    if (row !== 0) jobs.remove(row);
    this.abandon(session);
    this.places.refusePut();
    return 0;
  }

  abandon(session: Session): void {
    if (session.draftBody === NO_BODY) return;
    this.places.bodies.free(session.draftBody, session.draftBytes);
    session.draftBody = NO_BODY;
  }

  /** Makes the received body a job's; what the row says of its body before means nothing. */
  giveTo(row: number, session: Session): void {
    assert(session.draftFilled === session.draftBytes, "a body is whole when it becomes a job's");
    const { body, bodyBytes } = this.places.jobs;
    body.set(row, session.draftBody);
    bodyBytes.set(row, session.draftBytes);
    session.draftBody = NO_BODY;
  }
}
