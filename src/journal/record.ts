// Records to bytes and back.
//
//   put     kind u8, state u8, name length u8, 0, body length u32, id f64, created f64, mark f64, pri u32, delay u32,
//           ttr u32, reserves u32, timeouts u32, releases u32, buries u32, kicks u32; name; body with CR LF
//   change  kind u8, state u8, 0 u16, pri u32, id f64, mark f64, delay u32, reserves u32, timeouts u32, releases u32,
//           buries u32, kicks u32
//   gone    kind u8, 0 u8, 0 u16, id f64
//   oldest  kind u8, 0 u8, 0 u16, number f64: segments below it are not needed any more, and may be missing

import type { JobState, Restorer } from "../ports/journal.ts";
import { CHANGE, CHANGE_BYTES, GONE, GONE_BYTES, OLDEST, OLDEST_BYTES, PUT, PUT_BYTES } from "./layout.ts";

/** Writes the fixed part of a put; name and body are the caller's. */
export function encodePut(view: DataView, at: number, job: JobState, nameBytes: number): void {
  view.setUint32(at, PUT | job.state << 8 | nameBytes << 16, true);
  view.setUint32(at + 4, job.bodyBytes, true);
  view.setFloat64(at + 8, job.id, true);
  view.setFloat64(at + 16, job.createdAt, true);
  view.setFloat64(at + 24, job.mark, true);
  view.setUint32(at + 32, job.pri, true);
  view.setUint32(at + 36, job.delay, true);
  view.setUint32(at + 40, job.ttr, true);
  encodeCounts(view, at + 44, job);
}

export function encodeChange(view: DataView, at: number, job: JobState): void {
  view.setUint32(at, CHANGE | job.state << 8, true);
  view.setUint32(at + 4, job.pri, true);
  view.setFloat64(at + 8, job.id, true);
  view.setFloat64(at + 16, job.mark, true);
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
  private readonly job = new ReadJob();

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
    const { job } = this;
    job.file = file;
    let at = from;
    while (at < to) {
      const kind = bytes[at];
      const fixed = FIXED_BYTES[kind];
      if (fixed === undefined || at + fixed > to) return false;
      const number = view.getFloat64(at + (kind === PUT || kind === CHANGE ? 8 : 4), true);
      if (!Number.isSafeInteger(number) || number < 1) return false;
      let end = at + fixed;
      if (kind === PUT) {
        const nameEnd = end + bytes[at + 2];
        end = nameEnd + view.getUint32(at + 4, true);
        if (end > to || nameEnd === at + PUT_BYTES || end < nameEnd + 2 || !isState(bytes[at + 1])) {
          return false;
        }
        job.id = number;
        this.put(bytes, view, at, nameEnd, end);
        restorer.put(job, bytes, nameEnd, end);
      } else if (kind === CHANGE) {
        if (!isState(bytes[at + 1])) return false;
        job.id = number;
        this.change(bytes, view, at);
        restorer.change(job);
      } else if (kind === GONE) restorer.gone(number);
      else this.oldest = number;
      if (kind !== OLDEST && number > this.lastId) this.lastId = number;
      this.records++;
      at = end;
    }
    return true;
  }

  private put(bytes: Uint8Array, view: DataView, at: number, nameEnd: number, end: number): void {
    const { job } = this;
    job.state = bytes[at + 1];
    job.bodyBytes = end - nameEnd;
    job.createdAt = view.getFloat64(at + 16, true);
    job.mark = view.getFloat64(at + 24, true);
    job.pri = view.getUint32(at + 32, true);
    job.delay = view.getUint32(at + 36, true);
    job.ttr = view.getUint32(at + 40, true);
    job.counts(view, at + 44);
    // Neighbours mostly share their tube: its name is made once.
    if (!isSame(job.tube, bytes, at + PUT_BYTES, nameEnd)) job.tube = bytes.slice(at + PUT_BYTES, nameEnd);
  }

  private change(bytes: Uint8Array, view: DataView, at: number): void {
    const { job } = this;
    job.state = bytes[at + 1];
    job.pri = view.getUint32(at + 4, true);
    job.mark = view.getFloat64(at + 16, true);
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
