// How a log lies on disk. docs/BINLOG.md tells it in words.
//
// A directory holds `segment.N` files with rising N, and `spare.N` files of zeros that will become segments. A segment is a
// header and frames back to back, then zeros. A frame is a checksum, its length, its position, how far the log was durable
// when it was written, and records. All numbers are little-endian.

/** First bytes of a segment. */
export const MAGIC: Uint8Array = new Uint8Array([0x52, 0x55, 0x4e, 0x42, 0x45, 0x41, 0x4e, 0x0a]); // RUNBEAN, line feed
/** Written in new segments. Version 1 had no truncates, and no put of a known job with another body. */
export const FORMAT_VERSION = 2;
export const OLDEST_FORMAT_VERSION = 1;
export const HEADER_BYTES = 128;

/** Bytes before a frame's records: crc32 u32, length u32, position f64, durable f64. */
export const FRAME_HEAD_BYTES = 24;
/** Most bytes of a frame with several records; a larger record is in one of its own. So much can one bad bit cost. */
export const FRAME_BYTES = 65_536;

/** Kinds of records. */
export const PUT = 1;
export const CHANGE = 2;
export const GONE = 3;
export const OLDEST = 4;
export const SPARED = 5;
export const TRUNCATE = 6;

/** Fixed part of each record; a put goes on with the tube's name and the body, a truncate with the tube's name. */
export const PUT_BYTES = 64;
export const CHANGE_BYTES = 48;
export const GONE_BYTES = 12;
export const OLDEST_BYTES = 12;
export const SPARED_BYTES = 12;
export const TRUNCATE_BYTES = 24;

/** Smallest segment, whatever is asked for. */
export const MIN_SEGMENT_BYTES = 4096;
/** Zeros are written ahead of the log in steps of this many bytes at most. */
export const MOST_ZERO_BYTES = 1_048_576;
/** Records of one turn beyond this many bytes make connections wait for the commit. */
export const MOST_PENDING_BYTES = 1_048_576;

/** Changes that one call of the engine may record: what comes at once must find its place in the room that is kept. */
export function changesAtOnce(segmentBytes: number): number {
  return Math.floor(Math.max(MIN_SEGMENT_BYTES, segmentBytes) / 8 / CHANGE_BYTES);
}

/** Records are gathered in frames of about this many bytes in such segments. */
export function frameBytesFor(segmentBytes: number): number {
  return Math.min(FRAME_BYTES, segmentBytes / 8);
}

/** What a put with such a name and body takes in a frame. */
export function putBytes(nameBytes: number, bodyBytes: number): number {
  return PUT_BYTES + nameBytes + bodyBytes;
}

/** A folder of this name stands in a directory while a tool writes a log there; the log is whole when it is gone. */
export const UNFINISHED = "unfinished";

export function segmentName(number: number): string {
  return `segment.${number}`;
}

export function spareName(number: number): string {
  return `spare.${number}`;
}

/** The number in such a name, or 0 if it is another file's. */
export function numberIn(name: string, word: "segment" | "spare" | "binlog"): number {
  const digits = name.startsWith(`${word}.`) ? name.slice(word.length + 1) : "";
  return /^[1-9][0-9]{0,14}$/.test(digits) ? Number(digits) : 0;
}
