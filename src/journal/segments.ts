// The segments that make up the log, oldest first, and the sums over them that compaction and space go by.

import { HEADER_BYTES, putBytes } from "./layout.ts";
import type { Segment } from "./segment.ts";

/** Only the newest segments grow: the one being written, and those that were begun by what is not written yet. */
const UNFINISHED_SEGMENTS = 4;

export class Segments {
  /** Bytes of the records of all live jobs. */
  liveBytes = 0;
  private readonly list: Segment[] = [];
  /** Bytes of all segments that are surely written to their end. */
  private finishedBytes = 0;
  private mostLive = 0;
  private mostLargest = 0;
  private isStale = true;

  get oldest(): Segment {
    return this.list[0];
  }

  get newest(): Segment {
    return this.list[this.list.length - 1];
  }

  get count(): number {
    return this.list.length;
  }

  append(segment: Segment): void {
    this.list.push(segment);
    this.liveBytes += segment.liveBytes;
    this.isStale = true;
  }

  removeOldest(): void {
    this.list.shift();
    this.isStale = true;
  }

  /** Number of the first segment that a live job needs, but at most `current`. */
  firstNeeded(current: number): number {
    return this.list.find(({ number, liveJobs }) => liveJobs > 0 || number >= current)!.number;
  }

  /** A segment by its number; numbers rise by one but for gaps that restarts leave. */
  byNumber(number: number): Segment {
    const guess = this.list[number - this.newest.number + this.list.length - 1];
    return guess?.number === number ? guess : this.list.find((segment) => segment.number === number)!;
  }

  add(file: number, nameBytes: number, bodyBytes: number): void {
    const bytes = putBytes(nameBytes, bodyBytes);
    this.liveBytes += bytes;
    const segment = this.byNumber(file);
    segment.add(bytes);
    if (segment.liveBytes > this.mostLive) this.mostLive = segment.liveBytes;
    if (bytes > this.mostLargest) this.mostLargest = bytes;
  }

  drop(file: number, nameBytes: number, bodyBytes: number): void {
    const bytes = putBytes(nameBytes, bodyBytes);
    this.liveBytes -= bytes;
    const segment = this.byNumber(file);
    if (segment.liveBytes >= this.mostLive || segment.liveJobs === 1) this.isStale = true;
    segment.drop(bytes);
  }

  /** Bytes of all segments, as far as they are written. */
  get bytes(): number {
    this.refresh();
    let bytes = this.finishedBytes;
    const { list } = this;
    for (let i = Math.max(0, list.length - UNFINISHED_SEGMENTS); i < list.length; i++) bytes += list[i].bytes;
    return bytes;
  }

  /** Bytes in all but the newest segment that no live job needs. */
  get garbageBytes(): number {
    const { newest } = this;
    return this.bytes - newest.bytes - (this.liveBytes - newest.liveBytes);
  }

  /** The same in the newest segment, of what is written. */
  get newestGarbageBytes(): number {
    const { newest } = this;
    return newest.bytes - HEADER_BYTES - newest.liveBytes;
  }

  /** No segment has more bytes of live records than this, and no record of a put more than {@link largestBytes}. */
  get mostLiveBytes(): number {
    this.refresh();
    return this.mostLive;
  }

  get largestBytes(): number {
    this.refresh();
    return this.mostLargest;
  }

  /** Sums and maxima are counted anew when the list has changed, or a segment that may have been the fullest. */
  private refresh(): void {
    if (!this.isStale) return;
    this.isStale = false;
    const finished = this.list.slice(0, -UNFINISHED_SEGMENTS);
    this.finishedBytes = finished.reduce((sum, segment) => sum + segment.bytes, 0);
    this.mostLive = this.list.reduce((most, segment) => Math.max(most, segment.liveBytes), 0);
    this.mostLargest = this.list.reduce((most, segment) => Math.max(most, segment.largestBytes), 0);
  }
}
