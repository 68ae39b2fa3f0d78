// How beanstalkd's records lie in its files: versions 7 (1.5 to 1.13) and 5 (1.4), as a 64-bit little-endian machine
// writes them. There are no checksums, so what cannot be true is the only sign of damage.

import { MAX_JOB_BYTES_CAP, TUBE_NAME_BYTES } from "../../core/limits.ts";
import { HIGHEST_ID } from "../free_id.ts";

/** Bytes of the version at the beginning of a file. */
export const VERSION_BYTES = 4;

/** States as they are stored. */
export const INVALID = 0;
export const STORED_READY = 1;
export const STORED_RESERVED = 2;
export const STORED_BURIED = 3;
export const STORED_DELAYED = 4;

/** What differs between the versions. */
export interface Layout {
  readonly version: number;
  /** Of the name's length, which begins each record. */
  readonly lengthBytes: 4 | 8;
  /** Of the fixed fields behind the name. */
  readonly fixedBytes: number;
  readonly unitsPerMs: bigint;
}

const LAYOUTS: readonly Layout[] = [
  { version: 7, lengthBytes: 4, fixedBytes: 80, unitsPerMs: 1_000_000n },
  { version: 5, lengthBytes: 8, fixedBytes: 77, unitsPerMs: 1_000n },
];

export function layoutOf(version: number): Layout | null {
  return LAYOUTS.find((layout) => layout.version === version) ?? null;
}

/** The length of the tube's name: 0 in a short record, -1 when no name is that long. */
export function nameLength(layout: Layout, view: DataView, at: number): number {
  const length = view.getInt32(at, true);
  const isSmall = layout.lengthBytes === 4 || view.getInt32(at + 4, true) === 0;
  return isSmall && length >= 0 && length <= TUBE_NAME_BYTES ? length : -1;
}

/** The latest instant that a date can be, in milliseconds. */
const LAST_INSTANT = 8_640_000_000_000_000n;
const MOST_SECONDS = 0xffff_ffffn;

/** The fixed fields of one record, in Runnerbean's units. One object serves all records of a log. */
export class StoredFields {
  id = 0;
  pri = 0;
  /** In seconds. */
  delay = 0;
  ttr = 0;
  /** Of the body, its CR LF included. */
  bodyBytes = 0;
  /** In milliseconds since 1970. */
  createdAt = 0;
  deadlineAt = 0;
  reserves = 0;
  timeouts = 0;
  releases = 0;
  buries = 0;
  kicks = 0;
  state = INVALID;

  /** Reads the fields that begin at `at`. Answers what cannot be true of them, or null. Id 0 is the end of the data. */
  read(layout: Layout, view: DataView, at: number): string | null {
    const id = view.getBigUint64(at, true);
    if (id > HIGHEST_ID) return `no job has the id ${id}`;
    this.id = Number(id);
    if (this.id === 0) return null;
    const perSecond = layout.unitsPerMs * 1000n;
    const delay = view.getBigInt64(at + 16, true);
    const ttr = view.getBigInt64(at + 24, true);
    if (delay < 0n || delay / perSecond > MOST_SECONDS) return "no job has such a delay";
    if (ttr < 0n || ttr / perSecond > MOST_SECONDS) return "no job has such a time to run";
    this.state = view.getUint8(at + 76);
    if (this.state > STORED_DELAYED) return `there is no state ${this.state}`;
    this.bodyBytes = view.getInt32(at + 32, true);
    if (this.bodyBytes < 2 || this.bodyBytes > MAX_JOB_BYTES_CAP + 2) {
      return "no job has a body of such a size";
    }
    this.pri = view.getUint32(at + 8, true);
    this.delay = Number(delay / perSecond);
    this.ttr = Math.max(1, Number(ttr / perSecond));
    this.createdAt = instant(view.getBigInt64(at + 40, true), layout.unitsPerMs, 0n);
    // Rounded up: no delay ends early.
    this.deadlineAt = instant(view.getBigInt64(at + 48, true), layout.unitsPerMs, layout.unitsPerMs - 1n);
    this.reserves = view.getUint32(at + 56, true);
    this.timeouts = view.getUint32(at + 60, true);
    this.releases = view.getUint32(at + 64, true);
    this.buries = view.getUint32(at + 68, true);
    this.kicks = view.getUint32(at + 72, true);
    return null;
  }
}

function instant(units: bigint, unitsPerMs: bigint, extra: bigint): number {
  if (units <= 0n) return 0;
  const ms = (units + extra) / unitsPerMs;
  return Number(ms > LAST_INSTANT ? LAST_INSTANT : ms);
}
