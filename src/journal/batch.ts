// What was recorded and is not written yet: frames, laid out as they will lie in their segments. Nothing is created per
// record; memory is used again when a batch has been written.

import { takeBytes } from "../core/allocation.ts";
import { copyBytes } from "../core/copy.ts";
import type { Files } from "../ports/files.ts";
import type { BodySink, JobState, LiveJob, Truncation } from "../ports/journal.ts";
import {
  CHANGE_BYTES,
  FRAME_HEAD_BYTES,
  frameBytesFor,
  GONE_BYTES,
  HEADER_BYTES,
  OLDEST_BYTES,
  PUT_BYTES,
  putBytes,
  SPARED_BYTES,
  TRUNCATE_BYTES,
} from "./layout.ts";
import type { Segment } from "./segment.ts";
import { encodeChange, encodeGone, encodeOldest, encodePut, encodeSpared, encodeTruncate } from "./record.ts";

const CHUNK_BYTES = 262_144;
const KEPT_CHUNKS = 5;

export interface Frame {
  /** Number of the segment it goes to. */
  readonly segment: number;
  readonly pieces: Uint8Array[];
  bytes: number;
}

export class Batch implements BodySink {
  /** Where the next byte goes: segment, offset in it, position in the log. */
  segment: number;
  offset: number;
  position: number;
  /** Position at which that segment begins. */
  base: number;
  /** Bytes of all frames so far. */
  bytes = 0;
  /** How far the machine's clock is ahead of the server's time, in milliseconds: records hold the machine's. */
  wall = 0;
  private readonly files: Files;
  private readonly segmentBytes: number;
  private readonly frameBytes: number;
  /** Number of a segment that has its file already, and nothing in it; 0 = none. */
  private readonly emptyOne: number;
  private frames: Frame[] = [];
  private open: Frame | null = null;
  private chunk: Uint8Array = new Uint8Array(CHUNK_BYTES);
  private view = new DataView(this.chunk.buffer);
  /** The next free byte of the chunk, and the first that is in no frame's pieces yet. */
  private at = 0;
  private from = 0;
  private readonly full: Uint8Array[] = [];
  private readonly spare: Uint8Array[] = [];

  /** What is recorded goes to the end of `current`, then to the segments that follow. */
  constructor(files: Files, segmentBytes: number, current: Segment) {
    this.files = files;
    this.segmentBytes = segmentBytes;
    this.frameBytes = frameBytesFor(segmentBytes);
    this.emptyOne = current.bytes === HEADER_BYTES ? current.number : 0;
    this.segment = current.number;
    this.offset = current.bytes;
    this.base = current.base;
    this.position = current.end;
  }

  /** Records a whole job. Answers the number of the segment where it will lie. */
  put(job: LiveJob, durable: number): number {
    const { tube } = job;
    this.begin(PUT_BYTES + tube.length, putBytes(tube.length, job.bodyBytes), durable);
    encodePut(this.view, this.at, job, tube.length, this.wall);
    this.advance(PUT_BYTES);
    this.copy(tube, 0, tube.length);
    job.readBody(this);
    return this.segment;
  }

  change(job: JobState, durable: number): void {
    this.begin(CHANGE_BYTES, CHANGE_BYTES, durable);
    encodeChange(this.view, this.at, job, this.wall);
    this.advance(CHANGE_BYTES);
  }

  gone(id: number, durable: number): void {
    this.begin(GONE_BYTES, GONE_BYTES, durable);
    encodeGone(this.view, this.at, id);
    this.advance(GONE_BYTES);
  }

  truncate(truncation: Truncation, durable: number): void {
    for (const id of truncation.spared) {
      this.begin(SPARED_BYTES, SPARED_BYTES, durable);
      encodeSpared(this.view, this.at, id);
      this.advance(SPARED_BYTES);
    }
    const { tube } = truncation;
    const bytes = TRUNCATE_BYTES + tube.length;
    this.begin(bytes, bytes, durable);
    encodeTruncate(this.view, this.at, truncation, this.wall);
    this.advance(TRUNCATE_BYTES);
    this.copy(tube, 0, tube.length);
  }

  oldest(number: number, durable: number): void {
    this.begin(OLDEST_BYTES, OLDEST_BYTES, durable);
    encodeOldest(this.view, this.at, number);
    this.advance(OLDEST_BYTES);
  }

  /** A frame without records: all before it is durable, and the log was closed in good order. */
  close(durable: number): void {
    this.seal(durable);
    this.begin(0, 0, durable);
  }

  /** What is recorded from here on has frames of its own. */
  cut(durable: number): void {
    this.seal(durable);
  }

  /** What is recorded from here on goes to the next segment. */
  turnOver(durable: number): void {
    this.seal(durable);
    this.segment++;
    this.base = this.position;
    this.offset = HEADER_BYTES;
  }

  /** Frames that need a file larger than a segment. */
  get largeFrames(): number {
    let count = 0;
    for (const { bytes } of this.frames) if (HEADER_BYTES + bytes > this.segmentBytes) count++;
    return count;
  }

  /** Ends the last frame and hands over all. They are valid until {@link reuse}. */
  take(durable: number): readonly Frame[] {
    this.seal(durable);
    return this.frames;
  }

  /** The frames taken have been written. */
  reuse(): void {
    this.frames = [];
    this.bytes = 0;
    this.at = this.from = 0;
    for (const chunk of this.full) if (this.spare.length < KEPT_CHUNKS) this.spare.push(chunk);
    this.full.length = 0;
  }

  // BodySink.

  copy(source: Uint8Array, from: number, to: number): void {
    while (from < to) {
      if (this.at === this.chunk.length) this.nextChunk();
      const end = Math.min(to, from + this.chunk.length - this.at);
      copyBytes(this.chunk, this.at, source, from, end);
      this.advance(end - from);
      from = end;
    }
  }

  keep(piece: Uint8Array, length: number): void {
    this.closeStretch();
    this.open!.pieces.push(piece.subarray(0, length));
    this.count(length);
  }

  /** Sees to a frame and a segment with room for a record, and to a chunk with room for its fixed part and name. */
  private begin(fixed: number, total: number, durable: number): void {
    const { open } = this;
    if (open !== null && open.bytes + total > this.frameBytes) this.seal(durable);
    const head = this.open === null ? FRAME_HEAD_BYTES : 0;
    if (this.offset + head + total > this.segmentBytes && !this.mayBeLarger) this.turnOver(durable);
    if (this.open === null) this.openFrame();
    if (this.chunk.length - this.at < fixed) this.nextChunk();
  }

  /** A segment whose file is still to come gets one that is as large as its first frame needs. */
  private get mayBeLarger(): boolean {
    return this.offset === HEADER_BYTES && this.segment !== this.emptyOne;
  }

  private openFrame(): void {
    if (this.chunk.length - this.at < FRAME_HEAD_BYTES) this.nextChunk();
    this.open = { segment: this.segment, pieces: [], bytes: 0 };
    this.frames.push(this.open);
    this.advance(FRAME_HEAD_BYTES);
  }

  /** Writes the open frame's head, now that all of it is known. */
  private seal(durable: number): void {
    const frame = this.open;
    if (frame === null) return;
    this.closeStretch();
    this.open = null;
    const [head, ...others] = frame.pieces;
    const view = new DataView(head.buffer, head.byteOffset, FRAME_HEAD_BYTES);
    view.setUint32(4, frame.bytes - FRAME_HEAD_BYTES, true);
    view.setFloat64(8, this.position - frame.bytes, true);
    view.setFloat64(16, durable, true);
    let checksum = this.files.checksum(head.subarray(4), 0);
    for (const piece of others) checksum = this.files.checksum(piece, checksum);
    view.setUint32(0, checksum, true);
  }

  private advance(bytes: number): void {
    this.at += bytes;
    this.count(bytes);
  }

  private count(bytes: number): void {
    this.open!.bytes += bytes;
    this.offset += bytes;
    this.position += bytes;
    this.bytes += bytes;
  }

  private closeStretch(): void {
    if (this.at > this.from) this.open!.pieces.push(this.chunk.subarray(this.from, this.at));
    this.from = this.at;
  }

  private nextChunk(): void {
    if (this.open !== null) this.closeStretch();
    this.full.push(this.chunk);
    this.chunk = this.spare.pop() ?? takeBytes(CHUNK_BYTES);
    this.view = new DataView(this.chunk.buffer);
    this.at = this.from = 0;
  }
}
