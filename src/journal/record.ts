// Records to bytes and back.
//
//   put     kind u8, state u8, name length u8, 0, body length u32, id f64, created f64, mark f64, pri u32, delay u32,
//           ttr u32, reserves u32, timeouts u32, releases u32, buries u32, kicks u32; name; body with CR LF
//   change  kind u8, state u8, 0 u16, pri u32, id f64, mark f64, delay u32, reserves u32, timeouts u32, releases u32,
//           buries u32, kicks u32
//   gone    kind u8, 0 u8, 0 u16, id f64
//   oldest  kind u8, 0 u8, 0 u16, number f64: segments below it are not needed any more, and may be missing
//   spared  kind u8, 0 u8, 0 u16, id f64: the truncate that follows does not concern this job
//   truncate  kind u8, mask of states u8, name length u8, 0, count of spared u32, deadline f64 and id f64 of the first job
//           that was still delayed; name

import { DELAYED, STATES_ALL } from "../core/jobs.ts";
import type { JobState, Restorer, Truncation } from "../ports/journal.ts";
import {
  CHANGE,
  CHANGE_BYTES,
  GONE,
  GONE_BYTES,
  OLDEST,
  OLDEST_BYTES,
  PUT,
  PUT_BYTES,
  SPARED,
  SPARED_BYTES,
  TRUNCATE,
  TRUNCATE_BYTES,
} from "./layout.ts";

/**
 * Writes the fixed part of a put; name and body are the caller's. `wall` is added to the server's instants, here and below: the
 * machine's wall clock is what is recorded.
 */
export function encodePut(view: DataView, at: number, job: JobState, nameBytes: number, wall = 0): void {
  view.setUint32(at, PUT | job.state << 8 | nameBytes << 16, true);
  view.setUint32(at + 4, job.bodyBytes, true);
  view.setFloat64(at + 8, job.id, true);
  view.setFloat64(at + 16, job.createdAt + wall, true);
  view.setFloat64(at + 24, job.state === DELAYED ? job.mark + wall : job.mark, true);
  view.setUint32(at + 32, job.pri, true);
  view.setUint32(at + 36, job.delay, true);
  view.setUint32(at + 40, job.ttr, true);
  encodeCounts(view, at + 44, job);
}

export function encodeChange(view: DataView, at: number, job: JobState, wall = 0): void {
  view.setUint32(at, CHANGE | job.state << 8, true);
  view.setUint32(at + 4, job.pri, true);
  view.setFloat64(at + 8, job.id, true);
  view.setFloat64(at + 16, job.state === DELAYED ? job.mark + wall : job.mark, true);
  view.setUint32(at + 24, job.delay, true);
  encodeCounts(view, at + 28, job);
}

export function encodeGone(view: DataView, at: number, id: number): void {
  view.setUint32(at, GONE, true);
  view.setFloat64(at + 4, id, true);
}

export function encodeOldest(view: DataView, at: number, number: number): void {
  view.setUint32(at, OLDEST, true);
  view.setFloat64(at + 4, number, true);
}

export function encodeSpared(view: DataView, at: number, id: number): void {
  view.setUint32(at, SPARED, true);
  view.setFloat64(at + 4, id, true);
}

/** Writes the fixed part of a truncate; the name is the caller's. */
export function encodeTruncate(view: DataView, at: number, truncation: Truncation, wall = 0): void {
  view.setUint32(at, TRUNCATE | truncation.states << 8 | truncation.tube.length << 16, true);
  view.setUint32(at + 4, truncation.spared.length, true);
  view.setFloat64(at + 8, truncation.delayedFrom + wall, true);
  view.setFloat64(at + 16, truncation.delayedFromId, true);
}

function encodeCounts(view: DataView, at: number, job: JobState): void {
  view.setUint32(at, job.reserves, true);
  view.setUint32(at + 4, job.timeouts, true);
  view.setUint32(at + 8, job.releases, true);
  view.setUint32(at + 12, job.buries, true);
  view.setUint32(at + 16, job.kicks, true);
}

/** Bytes of a record's fixed part, by its kind. */
const FIXED_BYTES: readonly (number | undefined)[] = [
  undefined,
  PUT_BYTES,
  CHANGE_BYTES,
  GONE_BYTES,
  OLDEST_BYTES,
  SPARED_BYTES,
  TRUNCATE_BYTES,
];
const NO_NAME = new Uint8Array(0);

/** A job as it was read: one object for all records of a log. */
class ReadJob implements JobState {
  id = 0;
  tube: Uint8Array = NO_NAME;
  state = 0;
  pri = 0;
  delay = 0;
  ttr = 0;
  createdAt = 0;
  mark = 0;
  reserves = 0;
  timeouts = 0;
  releases = 0;
  buries = 0;
  kicks = 0;
  bodyBytes = 0;
  file = 0;

  counts(view: DataView, at: number): void {
    this.reserves = view.getUint32(at, true);
    this.timeouts = view.getUint32(at + 4, true);
    this.releases = view.getUint32(at + 8, true);
    this.buries = view.getUint32(at + 12, true);
    this.kicks = view.getUint32(at + 16, true);
  }
}

/** Reads the records of frames, one after the other. */
export class RecordReader {
  /** The highest id seen. */
  lastId = 0;
  /** The oldest segment that is needed, as said last; 0 = nothing was said. */
  oldest = 0;
  records = 0;
  /** Added to the instants of what is read, in milliseconds; see clock_steps.ts. */
  shift = 0;
  /** The latest instant at which a job that was read was made, moved by {@link shift}. */
  latest = -Infinity;
  private readonly job = new ReadJob();
  /** Those that were spared, up to the truncate that does it. If it never came, the next record is another one. */
  private spared: number[] = [];

  /**
   * Hands the records in `bytes[from, to)`, which lie in segment `file`, to a restorer. False: they are not records, and
   * what came before the place has been handed over.
   */
  read(
    bytes: Uint8Array,
    view: DataView,
    from: number,
    to: number,
    file: number,
    restorer: Restorer,
  ): boolean {
    this.job.file = file;
    for (let at = from; at < to;) {
      const end = this.readOne(bytes, view, at, to, restorer);
      if (end === 0) return false;
      this.records++;
      at = end;
    }
    return true;
  }

  /** The end of the record that begins at an offset, which has been handed over; 0 when there is none. */
  private readOne(bytes: Uint8Array, view: DataView, at: number, to: number, restorer: Restorer): number {
    const kind = bytes[at];
    const fixed = FIXED_BYTES[kind];
    if (fixed === undefined || at + fixed > to) return 0;
    if (kind === TRUNCATE) return this.truncate(bytes, view, at, to, restorer);
    const { job } = this;
    const number = view.getFloat64(at + (kind === PUT || kind === CHANGE ? 8 : 4), true);
    if (!Number.isSafeInteger(number) || number < 1) return 0;
    let end = at + fixed;
    if (kind !== SPARED && this.spared.length > 0) this.spared = [];
    if (kind === PUT) {
      const nameEnd = end + bytes[at + 2];
      end = nameEnd + view.getUint32(at + 4, true);
      if (end > to || nameEnd === at + PUT_BYTES || end < nameEnd + 2 || !isState(bytes[at + 1])) return 0;
      job.id = number;
      this.put(bytes, view, at, nameEnd, end);
      restorer.put(job, bytes, nameEnd, end);
    } else if (kind === CHANGE) {
      if (!isState(bytes[at + 1])) return 0;
      job.id = number;
      this.change(bytes, view, at);
      restorer.change(job);
    } else if (kind === GONE) restorer.gone(number);
    else if (kind === SPARED) this.spared.push(number);
    else this.oldest = number;
    if (kind !== OLDEST && number > this.lastId) this.lastId = number;
    return end;
  }

  private put(bytes: Uint8Array, view: DataView, at: number, nameEnd: number, end: number): void {
    const { job } = this;
    job.state = bytes[at + 1];
    job.bodyBytes = end - nameEnd;
    job.createdAt = view.getFloat64(at + 16, true) + this.shift;
    if (job.createdAt > this.latest) this.latest = job.createdAt;
    job.mark = this.mark(view.getFloat64(at + 24, true));
    job.pri = view.getUint32(at + 32, true);
    job.delay = view.getUint32(at + 36, true);
    job.ttr = view.getUint32(at + 40, true);
    job.counts(view, at + 44);
    job.tube = this.nameAt(bytes, at + PUT_BYTES, nameEnd);
  }

  /** Neighbours mostly share their tube: its name is made once. */
  private nameAt(bytes: Uint8Array, from: number, to: number): Uint8Array {
    const { tube } = this.job;
    return isSame(tube, bytes, from, to) ? tube : bytes.slice(from, to);
  }

  private truncate(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    to: number,
    restorer: Restorer,
  ): number {
    const states = bytes[at + 1];
    const from = at + TRUNCATE_BYTES;
    const end = from + bytes[at + 2];
    if (end > to || end === from || states === 0 || (states & ~STATES_ALL) !== 0) return 0;
    const count = view.getUint32(at + 4, true);
    const delayedFrom = view.getFloat64(at + 8, true) + this.shift;
    const delayedFromId = view.getFloat64(at + 16, true);
    if (Number.isNaN(delayedFrom)) return 0;
    // Before its own there may be some of a truncate whose record was torn off.
    const spared = count === 0 ? [] : this.spared.slice(-count);
    this.spared = [];
    restorer.truncate({ tube: this.nameAt(bytes, from, end), states, spared, delayedFrom, delayedFromId });
    return end;
  }

  private mark(recorded: number): number {
    return this.job.state === DELAYED ? recorded + this.shift : recorded;
  }

  private change(bytes: Uint8Array, view: DataView, at: number): void {
    const { job } = this;
    job.state = bytes[at + 1];
    job.pri = view.getUint32(at + 4, true);
    job.mark = this.mark(view.getFloat64(at + 16, true));
    job.delay = view.getUint32(at + 24, true);
    job.counts(view, at + 28);
  }
}

/** READY, DELAYED or BURIED. */
function isState(state: number): boolean {
  return state === 1 || state === 2 || state === 4;
}

function isSame(name: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (name.length !== to - from) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[from + i]) return false;
  return true;
}
