// What the engine has to say: records for the journal, and replies to sessions, each in the order in which they came about.
// The caller reads it after each engine call and clears it; rows named in it are valid until the next call.
// Parallel arrays that are used again: no object per entry.

import type { JobPage } from "./inspection.ts";
import type { Session } from "./session.ts";

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

export class Outbox {
  /** Replies. */
  length = 0;
  recordCount = 0;
  readonly truncates: Truncation[] = [];
  /** The page of a LISTED_JOBS reply. */
  listed: JobPage = { rows: [], next: null, isCut: false };
  private readonly kinds: number[] = [];
  private readonly numbers: number[] = [];
  private readonly sessions: Session[] = [];
  private readonly recordKinds: number[] = [];
  private readonly recordNumbers: number[] = [];
  private readonly files: number[] = [];
  private readonly nameBytes: number[] = [];
  private readonly bodyBytes: number[] = [];

  kind(index: number): number {
    return this.kinds[index];
  }

  number(index: number): number {
    return this.numbers[index];
  }

  /** To whom a reply goes. */
  session(index: number): Session {
    return this.sessions[index];
  }

  recordKind(index: number): number {
    return this.recordKinds[index];
  }

  recordNumber(index: number): number {
    return this.recordNumbers[index];
  }

  /** Of a record that is gone: the journal's segment where it lies. */
  recordFile(index: number): number {
    return this.files[index];
  }

  /** The same: bytes of the tube's name, and of the body. */
  recordNameBytes(index: number): number {
    return this.nameBytes[index];
  }

  recordBodyBytes(index: number): number {
    return this.bodyBytes[index];
  }

  reply(session: Session, kind: number, number: number = 0): void {
    this.kinds[this.length] = kind;
    this.numbers[this.length] = number;
    this.sessions[this.length++] = session;
  }

  record(kind: number, number: number): void {
    this.recordKinds[this.recordCount] = kind;
    this.recordNumbers[this.recordCount++] = number;
  }

  recordGone(kind: number, id: number, file: number, nameBytes: number, bodyBytes: number): void {
    this.files[this.recordCount] = file;
    this.nameBytes[this.recordCount] = nameBytes;
    this.bodyBytes[this.recordCount] = bodyBytes;
    this.record(kind, id);
  }

  recordTruncate(truncation: Truncation): void {
    this.record(RECORD_TRUNCATE, this.truncates.push(truncation) - 1);
  }

  clear(): void {
    this.truncates.length = 0;
    this.length = 0;
    this.recordCount = 0;
  }
}
