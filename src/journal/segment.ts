// A segment: one file of the log, what its header says, and what of it still counts.

import type { Files } from "../ports/files.ts";
import { FORMAT_VERSION, HEADER_BYTES, MAGIC, OLDEST_FORMAT_VERSION } from "./layout.ts";

export const IDENTITY_BYTES = 16;

export const POLICY_NEVER = 0;
export const POLICY_INTERVAL = 1;
export const POLICY_ALWAYS = 2;

export interface SegmentHeader {
  readonly number: number;
  /** Of the queue: 16 random bytes, the same in all its segments. */
  readonly identity: Uint8Array;
  /** Position of its first frame: bytes of frames before it since the log began. */
  readonly base: number;
  /** All ids below this may have been used when it was begun. */
  readonly nextId: number;
  /** Number of the oldest segment that was needed when it was begun. */
  readonly oldest: number;
  /** What was promised: replies wait for the disk, or it is synced now and then, or never. */
  readonly policy: number;
  /** In milliseconds since 1970. */
  readonly createdAt: number;
  /** The directory had a state file when it was begun. */
  readonly hasState: boolean;
}

const FLAG_STATE = 1;
const CRC_AT = HEADER_BYTES - 4;

export function encodeHeader(header: SegmentHeader, files: Files): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, 0);
  view.setUint32(8, FORMAT_VERSION, true);
  view.setUint32(12, header.policy, true);
  view.setFloat64(16, header.number, true);
  bytes.set(header.identity, 24);
  view.setFloat64(40, header.base, true);
  view.setFloat64(48, header.nextId, true);
  view.setFloat64(56, header.oldest, true);
  view.setFloat64(64, header.createdAt, true);
  view.setUint32(72, header.hasState ? FLAG_STATE : 0, true);
  view.setUint32(CRC_AT, files.checksum(bytes.subarray(0, CRC_AT), 0), true);
  return bytes;
}

/** The header at the beginning of the bytes, or what is wrong with it. */
export function decodeHeader(bytes: Uint8Array, files: Files): SegmentHeader | string {
  if (bytes.length < HEADER_BYTES) return `its header is cut off after ${bytes.length} bytes`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) return "it does not begin like a segment";
  if (view.getUint32(CRC_AT, true) !== files.checksum(bytes.subarray(0, CRC_AT), 0)) {
    return "the checksum of its header is wrong";
  }
  const version = view.getUint32(8, true);
  if (version < OLDEST_FORMAT_VERSION || version > FORMAT_VERSION) {
    return `it has format version ${version}; this program reads ${OLDEST_FORMAT_VERSION} to ${FORMAT_VERSION}`;
  }
  return {
    number: view.getFloat64(16, true),
    identity: bytes.slice(24, 24 + IDENTITY_BYTES),
    base: view.getFloat64(40, true),
    nextId: view.getFloat64(48, true),
    policy: view.getUint32(12, true),
    oldest: view.getFloat64(56, true),
    createdAt: view.getFloat64(64, true),
    hasState: (view.getUint32(72, true) & FLAG_STATE) !== 0,
  };
}

/** A segment of the running log. */
export class Segment {
  readonly number: number;
  readonly base: number;
  /** Bytes of header and frames that have been written. */
  bytes = HEADER_BYTES;
  /** Jobs whose put lies here and counts, the bytes of those records, and the largest one that there was. */
  liveJobs = 0;
  liveBytes = 0;
  largestBytes = 0;

  constructor(number: number, base: number) {
    this.number = number;
    this.base = base;
  }

  get end(): number {
    return this.base + this.bytes - HEADER_BYTES;
  }

  add(bytes: number): void {
    this.liveJobs++;
    this.liveBytes += bytes;
    if (bytes > this.largestBytes) this.largestBytes = bytes;
  }

  drop(bytes: number): void {
    this.liveJobs--;
    this.liveBytes -= bytes;
    if (this.liveJobs === 0) this.largestBytes = 0;
  }
}
