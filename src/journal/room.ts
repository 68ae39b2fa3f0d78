// Room on the disk: how much is kept ahead of the log, so that every later change of an accepted job has its place.
//
// Kept are: what the live jobs of the fullest segment take when they are written again; a quarter segment of changes; and
// what is lost where a frame does not fit the end of a segment, or a segment the last block of its file; and where there are
// records larger than a segment, a file for one of them beside those for what is pending. With this the log can be compacted
// and its garbage be used again for ever: a full disk can only see changes and deletions, and all that is live needs no more
// than before.

import { FRAME_HEAD_BYTES, frameBytesFor, HEADER_BYTES, putBytes } from "./layout.ts";
import type { Segments } from "./segments.ts";
import type { Tail } from "./tail.ts";

/** How long after the disk was found full it is asked again. */
const AGAIN_AFTER_MS = 250;

/** File systems give room in blocks of this many bytes. */
const BLOCK_BYTES = 4096;

/** What was recorded and is not written yet. */
export interface Pending {
  readonly bytes: number;
  /** Frames that need a file larger than a segment. */
  readonly largeFrames: number;
}

export class Room {
  private readonly tail: Tail;
  private readonly segments: Segments;
  private readonly pending: Pending;
  private readonly segmentBytes: number;
  private readonly frameBytes: number;
  private askAgainAt = 0;
  /** Until something is written: puts of a frame's size or less have their room while no more than this is pending. */
  private clearBytes = 0;

  constructor(tail: Tail, segments: Segments, pending: Pending, segmentBytes: number) {
    this.tail = tail;
    this.pending = pending;
    this.segments = segments;
    this.segmentBytes = segmentBytes;
    this.frameBytes = frameBytesFor(segmentBytes);
  }

  /** Whether a put fits beside what is pending, and leaves the room that is kept. */
  holds(nameBytes: number, bodyBytes: number, now: number): boolean {
    const bytes = putBytes(nameBytes, bodyBytes) + FRAME_HEAD_BYTES;
    const pendingBytes = this.pending.bytes;
    if (pendingBytes + bytes <= this.clearBytes && bytes <= this.frameBytes) return true;
    const fits = this.reach(bytes, now);
    this.clearBytes = fits ? this.clearBeside(pendingBytes) : 0;
    return fits;
  }

  /** Sees to the room that is kept. False: the disk does not have it. */
  keep(now: number): boolean {
    this.clearBytes = 0;
    return this.reach(0, now);
  }

  /** So much of what is kept is used up on a full disk that the next turn might not find its room. */
  get isTight(): boolean {
    const { tail } = this;
    return tail.isShort && tail.ahead < this.kept(this.largestFrame) - this.segmentBytes / 8;
  }

  /** Whether the live jobs of the oldest segment can be written again without new room. */
  get canMoveOldest(): boolean {
    const { tail, pending, segments: { oldest } } = this;
    const largest = Math.max(oldest.largestBytes + FRAME_HEAD_BYTES, this.frameBytes);
    const bytes = this.costOfMoving(oldest.liveBytes) + this.lostBy(largest);
    return pending.bytes + bytes <= tail.ahead && tail.hasFilesFor(largest, pending.largeFrames + 1);
  }

  /** What was pending has been written: there is less ahead. */
  written(): void {
    this.clearBytes = 0;
  }

  /** Something was removed: there may be room on the disk again. */
  askAgain(): void {
    this.askAgainAt = 0;
  }

  /** Gives back what is more than is kept. */
  giveBack(): void {
    const { largestFrame, pending } = this;
    this.tail.giveBack(pending.bytes + this.kept(largestFrame), largestFrame, pending.largeFrames + 1);
  }

  private reach(frameBytes: number, now: number): boolean {
    const { tail, pending } = this;
    if (tail.isShort && now < this.askAgainAt) return false;
    const largest = Math.max(this.largestFrame, frameBytes);
    const own = HEADER_BYTES + frameBytes > this.segmentBytes ? 1 : 0;
    const bytes = pending.bytes + frameBytes + this.kept(largest);
    if (tail.reach(bytes, largest, pending.largeFrames + own + 1)) return true;
    this.askAgainAt = now + AGAIN_AFTER_MS;
    return false;
  }

  /**
   * How much may be pending before the room must be looked at again. Each pending byte takes its own room, at most 1.1 bytes
   * for its move, and 1.2 of a new segment's last block: less than four.
   */
  private clearBeside(pendingBytes: number): number {
    const left = this.tail.ahead - pendingBytes - this.kept(this.largestFrame) - BLOCK_BYTES;
    return pendingBytes + left / 4;
  }

  private kept(largest: number): number {
    const { segments, segmentBytes, frameBytes } = this;
    const lost = this.lostBy(largest) + frameBytes + segments.count * BLOCK_BYTES;
    return this.costOfMoving(segments.mostLiveBytes) + segmentBytes / 4 + lost;
  }

  /** What a segment's worth of frames leaves unused at the ends of the segments it is written to. */
  private lostBy(largestFrame: number): number {
    return 2 * Math.min(largestFrame, this.segmentBytes);
  }

  /** Bytes that live records take when they are written again. Any two frames in a row hold more than one's fill. */
  private costOfMoving(liveBytes: number): number {
    const bytes = Math.min(liveBytes, this.segmentBytes);
    return bytes + FRAME_HEAD_BYTES * (2 + (2 * bytes) / this.frameBytes);
  }

  private get largestFrame(): number {
    return Math.max(this.segments.largestBytes + FRAME_HEAD_BYTES, this.frameBytes);
  }
}
