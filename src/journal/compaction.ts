// Keeps the log small. Only the oldest segment is ever removed, when no live job has its record there any more; live jobs
// in it are written again at the end, a few at a time. So whatever a later record says of a job, its put comes before it,
// and a record of a deletion is needed no longer than the put before it is there.
//
// Bound: the log stays within twice the live bytes and two segments. Work begins at one and a half times, and for each
// byte that becomes garbage four bytes of the oldest segments are looked at, so a pass over all that is live ends in time.

import { assert } from "../core/assert.ts";
import type { Files, OpenFile } from "../ports/files.ts";
import type { LiveJob, LiveJobs, Restorer } from "../ports/journal.ts";
import { SegmentBytes } from "./frames.ts";
import { FRAME_BYTES, FRAME_HEAD_BYTES, frameBytesFor, HEADER_BYTES, segmentName } from "./layout.ts";
import { RecordReader } from "./record.ts";
import type { Segment } from "./segment.ts";
import type { Segments } from "./segments.ts";

/** Bytes read at once; grows for a larger frame. */
const READ_BYTES = 2 * FRAME_BYTES;
/** Bytes looked at per call at least and, unless room is short, at most. */
const LEAST_STEP_BYTES = 65_536;
const MOST_STEP_BYTES = 1_048_576;
const PACE = 4;

/** What is done with jobs of the oldest segment. */
export interface Emptying {
  /** Writes a live one again at the end of the log. */
  move(job: LiveJob): void;
  /** Takes note that the record of one that was truncated is garbage. */
  drop(job: LiveJob): void;
}

export class Compaction {
  /** Jobs written again since the start. */
  moved = 0;
  private readonly files: Files;
  private readonly jobs: LiveJobs;
  private readonly segments: Segments;
  private readonly segmentBytes: number;
  private readonly emptying: Emptying;
  /** Share of a compact log that is heads of frames and headers of segments, at most. */
  private readonly overhead: number;
  private debt = 0;
  private file: OpenFile | null = null;
  private number = 0;
  private offset = HEADER_BYTES;
  private movedBytes = 0;
  private buffer: Uint8Array = new Uint8Array(0);
  private readonly reader = new RecordReader();
  private readonly finder: Restorer = {
    put: (job) => this.found(job.id),
    change: () => {},
    gone: () => {},
    truncate: () => {},
  };

  constructor(files: Files, jobs: LiveJobs, segments: Segments, segmentBytes: number, emptying: Emptying) {
    this.files = files;
    this.jobs = jobs;
    this.segments = segments;
    this.segmentBytes = segmentBytes;
    this.emptying = emptying;
    this.overhead = 2 * (FRAME_HEAD_BYTES / frameBytesFor(segmentBytes) + HEADER_BYTES / segmentBytes);
  }

  /** Bytes were written, or became garbage. */
  owe(bytes: number): void {
    this.debt += PACE * bytes;
  }

  /** Whether the oldest segment, which must be older than `current`, should be emptied now; earlier when room is short. */
  isDue(current: number, isShort: boolean): boolean {
    const { segments, segmentBytes } = this;
    if (segments.oldest.number >= current || segments.oldest.liveJobs === 0) return false;
    const { bytes, liveBytes } = segments;
    const most = isShort ? 0 : liveBytes / 2 + segmentBytes / 8;
    return bytes > liveBytes + most && segments.garbageBytes > this.negligibleBytes;
  }

  /** Garbage of less than this is not worth a pass: a compact log has some too. */
  get negligibleBytes(): number {
    return this.segmentBytes / 16 + this.segments.bytes * this.overhead;
  }

  /** Empties some more of the oldest segment: as much as is owed, or all of it. */
  step(all: boolean): void {
    const { oldest } = this.segments;
    const bytes = all ? Infinity : Math.min(MOST_STEP_BYTES, Math.max(LEAST_STEP_BYTES, this.debt));
    this.debt = Math.max(0, this.debt - bytes);
    this.movedBytes = 0;
    const from = oldest.number === this.number ? this.offset : HEADER_BYTES;
    if (oldest.number !== this.number) this.begin(oldest);
    while (oldest.liveJobs > 0 && this.movedBytes + (this.offset - from) / PACE < bytes) {
      if (!this.readSome(oldest)) this.moveAllOf(oldest);
    }
  }

  /** Forgets the segment that has been removed. */
  end(): void {
    this.file?.close();
    this.file = null;
    this.number = 0;
  }

  private begin(segment: Segment): void {
    this.end();
    this.file = this.files.open(segmentName(segment.number), "read");
    this.number = segment.number;
    this.offset = HEADER_BYTES;
    if (this.buffer.length !== READ_BYTES) this.buffer = new Uint8Array(READ_BYTES);
  }

  /** Looks through the frames that fit the buffer. False: there is no frame where one should be. */
  private readSome(segment: Segment): boolean {
    const { offset } = this;
    const size = this.file!.read(this.buffer, offset);
    // As if a header's worth of bytes stood before the buffer: the frame at its beginning has the position of `offset`.
    const content = new SegmentBytes(this.buffer, size, segment.base + offset, this.files);
    let at = 0;
    for (let end = content.frameEnd(at); end !== 0; end = content.frameEnd(at)) {
      if (
        !this.reader.read(
          content.bytes,
          content.view,
          at + FRAME_HEAD_BYTES,
          end,
          segment.number,
          this.finder,
        )
      ) {
        return false;
      }
      at = end;
    }
    this.offset += at;
    if (at > 0) return true;
    const frameBytes = size < FRAME_HEAD_BYTES ? 0 : FRAME_HEAD_BYTES + content.view.getUint32(4, true);
    if (frameBytes <= this.buffer.length || offset + frameBytes > segment.bytes) return false;
    this.buffer = new Uint8Array(frameBytes);
    return true;
  }

  private found(id: number): void {
    const job = this.jobs.findAny(id);
    if (job === null || job.file !== this.number) return;
    if (job.isDead) return this.emptying.drop(job);
    this.movedBytes += job.bodyBytes;
    this.moved++;
    this.emptying.move(job);
  }

  /** The segment cannot be read any more. What it remembers is in memory too: it is found there, job by job. */
  private moveAllOf(segment: Segment): void {
    const ids: number[] = [];
    this.jobs.eachAny((job) => job.file === segment.number && ids.push(job.id));
    for (const id of ids) this.found(id);
    assert(segment.liveJobs === 0, "all jobs of a segment are found");
  }
}
