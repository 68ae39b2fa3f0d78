// What the engine has to say: records for the journal, replies to sessions, and events for an observer if there is one, each
// in the order in which they came about. The caller reads it after each engine call and clears it; rows named in it are valid
// until the next call.
// Parallel arrays that are used again: no object per entry.

import { hasMemoryTo, takeBuffer, takeBytes } from "./allocation.ts";
import type { JobPage } from "./inspection.ts";
import { READY, RESERVED } from "./jobs.ts";
import type { JobTable } from "./jobs.ts";
import type { Session } from "./session.ts";
import type { Tube } from "./tube.ts";

// Records for the journal. The number is the job's row; where the job, or its record, is gone it is the id, and `file`,
// `nameBytes` and `bodyBytes` say what the record was; of a truncate it is the place in `truncates`.
export const RECORD_PUT = 1;
export const RECORD_CHANGE = 2;
export const RECORD_GONE = 3;
export const RECORD_DROPPED = 4; // nothing is written: the record of a truncated job, or one that is written anew, counts no more
export const RECORD_TRUNCATE = 5;
// Replies; what their number means is given behind.
export const INSERTED = 8; // id
export const RESERVED_JOB = 9; // row
export const FOUND_JOB = 10; // row
export const USING = 11; // slot of the tube
export const WATCHING = 12; // count of watched tubes
export const KICKED_COUNT = 13; // count of jobs
export const STATS = 14;
export const STATS_JOB = 15; // row
export const STATS_TUBE = 16; // slot of the tube
export const LIST_TUBES = 17;
export const LIST_TUBES_WATCHED = 18;
export const DELETED = 20;
export const RELEASED = 21;
export const BURIED_JOB = 22;
export const TOUCHED = 23;
export const KICKED_JOB = 24;
export const PAUSED = 25;
export const NOT_FOUND = 26;
export const NOT_IGNORED = 27;
export const TIMED_OUT = 28;
export const DEADLINE_SOON = 29;
export const DRAINING = 30;
export const TRUNCATED = 31; // count of jobs
export const TUBE_DELETED = 32;
export const IN_USE = 33;
export const REQUEUED = 34;
export const OUT_OF_MEMORY = 35; // of a truncate: too many jobs of the tube are reserved to be remembered at once
export const LISTED_JOBS = 40; // `listed` holds the page
export const CAPABILITIES = 41;
export const PONG = 42;
export const DRAIN_STATE = 43; // 1 on, 0 off

// Events; what their number means is given behind. Instants are milliseconds.
export const EVENT_PUT = 0; // its delay in seconds; 0 = it is ready
export const EVENT_GRANTED = 1; // since when it was ready; 0 = it was not, but taken by its id
export const EVENT_DELETED = 2; // since when it was held; 0 = it was not
export const EVENT_RELEASED = 3; // since when it was held
export const EVENT_BURIED = 4; // the same; 0 = it was not
export const EVENT_EXPIRED = 5; // the same: its ttr ran out
export const EVENT_KICKED = 6;
export const EVENT_DELAY_ENDED = 7;
export const EVENT_TOUCHED = 8; // since when it was held
export const EVENT_RETURNED = 9; // the same: its holder is gone
export const EVENT_REQUEUED = 10; // the same; 0 = it was not
export const EVENT_TRUNCATED = 11; // count of jobs; its id is 0
/** How many kinds of events there are: they are numbered from 0. */
export const EVENT_KINDS = 12;
/** Room for so many events at first; a call that moves many jobs needs more. */
const FIRST_EVENTS = 64;

/** Whether a reply tells what jobs there are or were: it must not be heard before the journal has made that sure. */
export function tellsOfJobs(kind: number): boolean {
  switch (kind) {
    case USING:
    case WATCHING:
    case LIST_TUBES_WATCHED:
    case TOUCHED:
    case PAUSED:
    case NOT_IGNORED:
    case TIMED_OUT:
    case DEADLINE_SOON:
    case DRAINING:
    case CAPABILITIES:
    case PONG:
    case DRAIN_STATE:
      return false;
    default:
      return true;
  }
}

/** What a journal must know of a truncate to do the same to the jobs that it remembers. */
export interface Truncation {
  /** The tube's name. */
  readonly tube: Uint8Array;
  /** A mask of states, one bit for each at its number. */
  readonly states: number;
  /** Ids of the tube's jobs that were reserved just then: they live on. */
  readonly spared: readonly number[];
  /**
   * Deadline and id of the first job that was still delayed; Infinity and 0 when there was none. Jobs before it are ready by
   * the passing of time, of which there is no record.
   */
  readonly delayedFrom: number;
  readonly delayedFromId: number;
}

/** Replies and records of the calls since it was cleared. */
export class Outbox {
  /** Replies. */
  length = 0;
  /** How many records there are. */
  recordCount = 0;
  /** @internal */
  readonly truncates: Truncation[] = [];
  /**
   * The page of a LISTED_JOBS reply.
   * @internal
   */
  listed: JobPage = { rows: [], next: null, isCut: false };
  private readonly kinds: number[] = [];
  private readonly numbers: number[] = [];
  private readonly sessions: Session[] = [];
  private readonly recordKinds: number[] = [];
  private readonly recordNumbers: number[] = [];
  /** Whether events are wanted. */
  isObserved = false;
  /** How many events there are. */
  eventCount = 0;
  private readonly eventTubes: Tube[] = [];
  // Typed: a fraction in a list of numbers would cost an object on its way there.
  private eventKinds: Uint8Array = new Uint8Array(FIRST_EVENTS);
  private eventIds = new Float64Array(FIRST_EVENTS);
  private eventNumbers = new Float64Array(FIRST_EVENTS);
  private readonly files: number[] = [];
  private readonly nameBytes: number[] = [];
  private readonly bodyBytes: number[] = [];

  /** What a reply is; see {@link KINDS}. */
  kind(index: number): number {
    return this.kinds[index];
  }

  /** The number that goes with a reply: an id, a count, a row. */
  number(index: number): number {
    return this.numbers[index];
  }

  /** To whom a reply goes. */
  session(index: number): Session {
    return this.sessions[index];
  }

  /** What a record is; see {@link KINDS}. */
  recordKind(index: number): number {
    return this.recordKinds[index];
  }

  /** The row of the job; of one that is gone, its id. */
  recordNumber(index: number): number {
    return this.recordNumbers[index];
  }

  /** Of a record that is gone: the journal's segment where it lies. */
  recordFile(index: number): number {
    return this.files[index];
  }

  /** The same: bytes of the tube's name. */
  recordNameBytes(index: number): number {
    return this.nameBytes[index];
  }

  /** The same: bytes of the body. */
  recordBodyBytes(index: number): number {
    return this.bodyBytes[index];
  }

  /** @internal */
  reply(session: Session, kind: number, number: number = 0): void {
    this.kinds[this.length] = kind;
    this.numbers[this.length] = number;
    this.sessions[this.length++] = session;
  }

  /** @internal */
  record(kind: number, number: number): void {
    this.recordKinds[this.recordCount] = kind;
    this.recordNumbers[this.recordCount++] = number;
  }

  /** @internal */
  recordGone(kind: number, id: number, file: number, nameBytes: number, bodyBytes: number): void {
    this.files[this.recordCount] = file;
    this.nameBytes[this.recordCount] = nameBytes;
    this.bodyBytes[this.recordCount] = bodyBytes;
    this.record(kind, id);
  }

  /** @internal */
  recordTruncate(truncation: Truncation): void {
    this.record(RECORD_TRUNCATE, this.truncates.push(truncation) - 1);
  }

  // Events. "Since when it was held" is the instant of the grant or of the last touch, whichever came later.

  /** What happened. */
  eventKind(index: number): number {
    return this.eventKinds[index];
  }

  /** The job's id. */
  eventId(index: number): number {
    return this.eventIds[index];
  }

  /**
   * The job's tube, which may be gone by now.
   * @internal
   */
  eventTube(index: number): Tube {
    return this.eventTubes[index];
  }

  /** What the kind of event says of it. */
  eventNumber(index: number): number {
    return this.eventNumbers[index];
  }

  /**
   * Only to be called while `isObserved`, like the three below. They are given no instants and no ids, but rows: such a
   * number costs an object on its way into a function where that is not merged into its caller.
   * @internal
   */
  truncated(tube: Tube, count: number): void {
    const at = this.nextEvent(EVENT_TRUNCATED, tube);
    this.eventIds[at] = 0;
    this.eventNumbers[at] = count;
  }

  /**
   * A job has come into being.
   * @internal
   */
  wasPut(jobs: JobTable, row: number, tube: Tube, delay: number): void {
    const at = this.nextEvent(EVENT_PUT, tube);
    this.eventIds[at] = jobs.id.get(row);
    this.eventNumbers[at] = delay;
  }

  /**
   * A job is about to be granted.
   * @internal
   */
  granted(jobs: JobTable, row: number, tube: Tube): void {
    const at = this.nextEvent(EVENT_GRANTED, tube);
    this.eventIds[at] = jobs.id.get(row);
    this.eventNumbers[at] = jobs.state.get(row) === READY ? jobs.readySince(row) : 0;
  }

  /**
   * A job is about to leave where it is, or to be touched; if it is held, the event says since when.
   * @internal
   */
  leaves(kind: number, jobs: JobTable, row: number, tube: Tube): void {
    const at = this.nextEvent(kind, tube);
    this.eventIds[at] = jobs.id.get(row);
    const isHeld = jobs.state.get(row) === RESERVED;
    this.eventNumbers[at] = isHeld ? jobs.deadlineAt.get(row) - jobs.ttr.get(row) * 1000 : 0;
  }

  /** @internal */
  private nextEvent(kind: number, tube: Tube): number {
    // Without memory the event that came before is lost, and no job: only who observes is told less.
    if (this.eventCount === this.eventKinds.length && !this.makeRoom()) this.eventCount--;
    const at = this.eventCount++;
    this.eventKinds[at] = kind;
    this.eventTubes[at] = tube;
    return at;
  }

  /** @internal */
  private makeRoom(): boolean {
    const { eventKinds, eventIds, eventNumbers } = this;
    const length = 2 * eventKinds.length;
    return hasMemoryTo(() => {
      const kinds = takeBytes(length);
      const ids = new Float64Array(takeBuffer(8 * length));
      const numbers = new Float64Array(takeBuffer(8 * length));
      kinds.set(eventKinds);
      ids.set(eventIds);
      numbers.set(eventNumbers);
      this.eventKinds = kinds;
      this.eventIds = ids;
      this.eventNumbers = numbers;
    });
  }

  /** Forgets all that was read. */
  clear(): void {
    if (this.truncates.length > 0) this.truncates.length = 0; // setting a length is slow, and this is called often
    this.length = 0;
    this.recordCount = 0;
    this.eventCount = 0;
  }
}
