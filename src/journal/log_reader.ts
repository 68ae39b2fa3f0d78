// Reads a log from its first segment to its last, and judges it: whole, torn at its end, or damaged. Changes nothing.
//
// A place that does not verify is the torn end of the log if what follows was never promised to be durable: then nobody
// was told of it. Each frame says how far the log was durable when it was written; a frame behind the bad place that
// says "durable beyond it" proves damage. So do a bad header, a missing segment, a frame that verifies with records
// that do not, and an end before the place that the state file knows to be on the disk.

import type { Files } from "../ports/files.ts";
import type { Restorer } from "../ports/journal.ts";
import { ClockSteps } from "./clock_steps.ts";
import { SegmentBytes } from "./frames.ts";
import { faultAtEnd, findState, type FoundState } from "./known_end.ts";
import { FRAME_HEAD_BYTES, HEADER_BYTES, numberIn, segmentName } from "./layout.ts";
import { RecordReader } from "./record.ts";
import { decodeHeader } from "./segment.ts";
import type { SegmentHeader } from "./segment.ts";

/** A segment as it was read. */
export interface ReadSegment {
  readonly header: SegmentHeader;
  /** Offset behind its last good frame, and the size of its file. */
  readonly end: number;
  readonly size: number;
  readonly frames: number;
}

/** A place where the log does not verify. */
interface Place {
  readonly file: string;
  readonly offset: number;
  /** Where that is in the log; bytes of frames since it began. */
  readonly position: number;
  readonly reason: string;
  /** Bytes from there to the next frame that verifies, or to the end of the log. */
  readonly bytes: number;
}

/** The place where the log stops to verify. */
export interface BadPlace extends Place {
  /** Frames behind it that verify. */
  readonly framesBehind: number;
}

export interface LogVerdict {
  readonly kind: "whole" | "torn" | "damaged";
  readonly bad: BadPlace | null;
  /** The segments up to the bad place. */
  readonly segments: readonly ReadSegment[];
  /** Numbers of all segments that are needed. */
  readonly numbers: readonly number[];
  readonly records: number;
  readonly bytes: number;
  /** No id of the log is this or higher. */
  readonly nextId: number;
  /** How far the log was durable when its last frame was written; a position. */
  readonly durable: number;
  /** The log was closed in good order: nothing is missing at its end. */
  readonly isClosed: boolean;
  /** What the state file says of this log. */
  readonly found: FoundState;
  /** Instants that were read have been moved by these. */
  readonly steps: ClockSteps;
  /** The last instant at which the log is known to have been written, by the machine's clock; -Infinity = nothing is known. */
  readonly writtenAt: number;
}

/** Told of how far it is, in bytes. */
export type Progress = (bytes: number, total: number) => void;

export class LogReader {
  private readonly files: Files;
  private readonly reader = new RecordReader();
  private buffer: Uint8Array = new Uint8Array(0);
  private isClosed = false;
  private durable = 0;
  private steps = new ClockSteps();
  /** Position from which on what was recorded is later than what the state file says. */
  private newFrom = Infinity;

  constructor(files: Files) {
    this.files = files;
  }

  /** Numbers of the segments in the directory, in order. */
  static numbers(files: Files): number[] {
    const numbers = files.list().map((name) => numberIn(name, "segment")).filter((number) => number > 0);
    return numbers.sort((a, b) => a - b);
  }

  /** Hands all records up to the first bad place to the restorer. */
  read(restorer: Restorer, progress?: Progress): LogVerdict {
    return inOneGo(this.reading(restorer, progress));
  }

  /** The same, with a pause after each segment. */
  *reading(restorer: Restorer, progress: Progress = () => {}): Generator<void, LogVerdict> {
    const newest = this.newestHeader();
    const numbers = this.neededNumbers(newest);
    const found = findState(this.files, newest);
    this.steps = new ClockSteps(found.state?.steps);
    this.newFrom = found.state?.position ?? Infinity;
    const total = this.sizeOf(numbers);
    const segments: ReadSegment[] = [];
    let bytes = 0;
    let looked = 0;
    let nextId = 1;
    let bad: Place | null = null;
    for (let i = 0; i < numbers.length && bad === null; i++) {
      const loaded = this.load(numbers[i]);
      bad = missingBehind(segments.at(-1), loaded);
      if (bad !== null) break;
      const fault = typeof loaded === "string"
        ? loaded
        : faultInChain(segments.at(-1), loaded.header, numbers[i]);
      if (fault !== null) {
        bad = this.badHeader(numbers[i], segments, fault);
        break;
      }
      const { header, content } = loaded as LoadedSegment;
      const segment = this.walk(header, content, restorer);
      segments.push(segment);
      bytes += segment.end;
      nextId = Math.max(nextId, header.nextId);
      bad = this.endOf(segment, content);
      looked += segment.size;
      progress(looked, total);
      yield;
    }
    const { records, lastId } = this.reader;
    if (bad === null) bad = this.missingStart(segments);
    nextId = Math.max(nextId, lastId + 1, found.state?.nextId ?? 1);
    // A segment without frames was begun by a process that ended before it wrote any.
    const isClosed = this.isClosed && bad === null && (segments.at(-1)?.frames ?? 0) > 0;
    const writtenAt = Math.max(found.state?.at ?? -Infinity, this.reader.latest);
    const { durable, steps } = this;
    const read = { segments, numbers, records, bytes, nextId, durable, isClosed, found, steps, writtenAt };
    const judged = bad === null ? { kind: "whole" as const, bad } : this.judge(bad, segments);
    return { ...this.holdAgainst(found, judged, segments, numbers), ...read };
  }

  /** What looks like the end of the log is damage where the state file knows of more. */
  private holdAgainst(
    found: FoundState,
    judged: Pick<LogVerdict, "kind" | "bad">,
    segments: readonly ReadSegment[],
    numbers: readonly number[],
  ): Pick<LogVerdict, "kind" | "bad"> {
    const { kind, bad } = judged;
    if (kind === "damaged") return judged;
    const last = segments.at(-1);
    const fault = faultAtEnd(found, {
      newest: numbers.at(-1) ?? 0,
      file: bad?.file ?? segmentName(last?.header.number ?? 1),
      offset: bad?.offset ?? last?.end ?? 0,
      position: last === undefined ? 0 : endOfFrames(last),
      reason: bad?.reason ?? null,
    });
    if (fault === null) return judged;
    return { kind: "damaged", bad: { ...fault, framesBehind: bad?.framesBehind ?? 0 } };
  }

  /** A segment's header and bytes, or what is wrong with it. */
  load(number: number): LoadedSegment | string {
    const file = this.files.open(segmentName(number), "read");
    try {
      const { size } = file;
      if (size > this.buffer.length) this.buffer = new Uint8Array(size);
      const read = file.read(this.buffer.subarray(0, size), 0);
      const header = decodeHeader(this.buffer.subarray(0, read), this.files);
      if (typeof header === "string") return header;
      return { header, content: new SegmentBytes(this.buffer, read, header.base, this.files) };
    } finally {
      file.close();
    }
  }

  private walk(header: SegmentHeader, content: SegmentBytes, restorer: Restorer): ReadSegment {
    let at = HEADER_BYTES;
    let frames = 0;
    for (let end = content.frameEnd(at); end !== 0; end = content.frameEnd(at)) {
      const from = at + FRAME_HEAD_BYTES;
      this.isClosed = from === end;
      this.durable = content.durableAt(at);
      this.moveInstants(content.positionOf(at));
      if (!this.reader.read(content.bytes, content.view, from, end, header.number, restorer)) break;
      at = end;
      frames++;
    }
    return { header, end: at, size: content.size, frames };
  }

  /** What a frame at this position records is moved by the steps of the clock since then. */
  private moveInstants(position: number): void {
    const { reader } = this;
    reader.shift = this.steps.shiftAt(position);
    if (position < this.newFrom) reader.latest = -Infinity;
  }

  /** The bad place at a segment's end, if something lies there that is no frame. */
  private endOf({ header, end, size }: ReadSegment, content: SegmentBytes): Place | null {
    if (content.isZeroFrom(end)) return null;
    return {
      file: segmentName(header.number),
      offset: end,
      position: content.positionOf(end),
      reason: "what lies there is no whole record",
      bytes: (content.findFrame(end + 1) || size) - end,
    };
  }

  /** The log itself says from which segment on it is needed. */
  private missingStart(segments: readonly ReadSegment[]): Place | null {
    if (segments.length === 0) return null;
    const first = segments[0].header;
    const needed = Math.max(this.reader.oldest, segments.at(-1)!.header.oldest);
    if (first.number <= needed) return null;
    return {
      file: segmentName(needed),
      offset: 0,
      position: first.base,
      reason: "the file is missing",
      bytes: 0,
    };
  }

  /** Without those that the newest segment says are not needed: a crash may have come between their removals. */
  private neededNumbers(newest: SegmentHeader | null = this.newestHeader()): number[] {
    const numbers = LogReader.numbers(this.files);
    return newest === null ? numbers : numbers.filter((number) => number >= newest.oldest);
  }

  private newestHeader(): SegmentHeader | null {
    const newest = LogReader.numbers(this.files).at(-1);
    const header = newest === undefined ? "" : this.headerOf(newest);
    return typeof header === "string" ? null : header;
  }

  private headerOf(number: number): SegmentHeader | string {
    const file = this.files.open(segmentName(number), "read");
    try {
      const bytes = new Uint8Array(HEADER_BYTES);
      return decodeHeader(bytes.subarray(0, file.read(bytes, 0)), this.files);
    } finally {
      file.close();
    }
  }

  private badHeader(
    number: number,
    before: readonly ReadSegment[],
    reason: string,
  ): Place {
    const last = before.at(-1);
    const position = last === undefined ? 0 : endOfFrames(last);
    return { file: segmentName(number), offset: 0, position, reason, bytes: this.sizeOf([number]) };
  }

  /** Torn or damaged: looks at what verifies behind the bad place. */
  private judge(
    bad: Place,
    segments: readonly ReadSegment[],
  ): { kind: "torn" | "damaged"; bad: BadPlace } {
    let framesBehind = 0;
    let promised = 0;
    let isKnown = true;
    for (const number of this.neededNumbers()) {
      const last = segments.at(-1);
      if (last !== undefined && number < last.header.number) continue;
      const loaded = this.load(number);
      if (typeof loaded === "string") continue;
      const from = number === last?.header.number ? bad.offset : HEADER_BYTES;
      const { content } = loaded;
      if (number === last?.header.number && content.frameEnd(from) !== 0) isKnown = false;
      for (let at = content.findFrame(from); at !== 0; at = content.findFrame(content.frameEnd(at))) {
        framesBehind++;
        promised = Math.max(promised, content.durableAt(at));
      }
    }
    const isTorn = isKnown && bad.offset > 0 && promised <= bad.position;
    return { kind: isTorn ? "torn" : "damaged", bad: { ...bad, framesBehind } };
  }

  private sizeOf(numbers: readonly number[]): number {
    let bytes = 0;
    for (const number of numbers) {
      const file = this.files.open(segmentName(number), "read");
      bytes += file.size;
      file.close();
    }
    return bytes;
  }
}

/** Runs steps to their end without a pause. */
export function inOneGo<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

export interface LoadedSegment {
  readonly header: SegmentHeader;
  /** Valid until the next segment is loaded. */
  readonly content: SegmentBytes;
}

function faultInChain(before: ReadSegment | undefined, header: SegmentHeader, number: number): string | null {
  if (header.number !== number) return `it is segment ${header.number} under another name`;
  if (before === undefined) return null;
  if (before.header.identity.some((byte, i) => byte !== header.identity[i])) {
    return "it is of another queue's log";
  }
  const expected = endOfFrames(before);
  return header.base === expected ? null : `it begins at position ${header.base}, not ${expected}`;
}

/** Position behind a segment's last good frame. */
function endOfFrames({ header, end }: ReadSegment): number {
  return header.base + end - HEADER_BYTES;
}

/** The end of a segment as a bad place, if the next one begins further on than it should. */
function missingBehind(before: ReadSegment | undefined, next: LoadedSegment | string): Place | null {
  if (before === undefined || typeof next === "string") return null;
  const position = endOfFrames(before);
  const bytes = next.header.base - position;
  if (bytes <= 0) return null; // what else may be wrong with it is told of the next segment
  const reason = "records are missing there";
  return { file: segmentName(before.header.number), offset: before.end, position, reason, bytes };
}
