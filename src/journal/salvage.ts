// Saves what verifies of a damaged log: every frame whose checksum and position are right, also behind damaged places, in
// segments with a bad header and beyond missing segments. Reads only.
//
// What cannot be known is said: a job whose put lies in a damaged place is gone, a job whose deletion lies there is back.

import type { Files } from "../ports/files.ts";
import type { JobState, LiveJobs, Restorer, Truncation } from "../ports/journal.ts";
import { SegmentBytes } from "./frames.ts";
import { firstFreeId, HIGHEST_ID, SKIPPED_IDS } from "./free_id.ts";
import { FRAME_HEAD_BYTES, HEADER_BYTES, putBytes, segmentName } from "./layout.ts";
import { LogReader } from "./log_reader.ts";
import type { LogVerdict } from "./log_reader.ts";
import { RecordReader } from "./record.ts";
import type { RestorableQueue } from "./recovery.ts";
import { decodeHeader } from "./segment.ts";

/** A stretch of the log that could not be saved. */
export interface Loss {
  /** File and, if it is known, the offset in it. */
  readonly where: string;
  readonly bytes: number;
  readonly reason: string;
}

export interface Salvaged {
  /** How a start would find the log. */
  readonly verdict: LogVerdict;
  readonly frames: number;
  readonly records: number;
  /** Bytes of the frames that were saved. */
  readonly bytes: number;
  readonly losses: readonly Loss[];
  /** Jobs that are known to be lost: a later change of them was saved, but not their put. */
  readonly lostJobs: number;
  readonly nextId: number;
}

/** Reads all that verifies into a queue that has not run yet. */
export function salvageLog(files: Files, queue: RestorableQueue): Salvaged {
  const verdict = new LogReader(files).read(NOTHING);
  const restorer = queue.restore();
  const salvage = new Salvage(files, new Witness(restorer, queue.live), verdict);
  salvage.run();
  const { frames, bytes, losses, witness, reader } = salvage;
  const nextId = nextIdOf(salvage, verdict);
  restorer.finish(nextId, -Infinity);
  return { verdict, frames, records: reader.records, bytes, losses, lostJobs: witness.lost.size, nextId };
}

/** Above all ids seen; and where something is lost, above those that may stand there. */
function nextIdOf({ losses, highestNext, reader }: Salvage, verdict: LogVerdict): number {
  const lostBytes = losses.reduce((sum, { bytes }) => sum + bytes, 0);
  const unseen = losses.length === 0 ? 0 : SKIPPED_IDS + Math.ceil(lostBytes / putBytes(1, 2));
  return Math.max(
    firstFreeId(verdict),
    Math.min(HIGHEST_ID, Math.max(highestNext, reader.lastId + 1) + unseen),
  );
}

/** Hands records on, and remembers jobs of which only later changes were seen. */
class Witness implements Restorer {
  readonly lost: Set<number> = new Set();
  private readonly restorer: Restorer;
  private readonly live: LiveJobs;

  constructor(restorer: Restorer, live: LiveJobs) {
    this.restorer = restorer;
    this.live = live;
  }

  put(job: JobState, source: Uint8Array, from: number, to: number): void {
    this.lost.delete(job.id);
    this.restorer.put(job, source, from, to);
  }

  change(job: JobState): void {
    if (this.live.findAny(job.id) === null) this.lost.add(job.id);
    else this.restorer.change(job);
  }

  gone(id: number): void {
    this.lost.delete(id);
    this.restorer.gone(id);
  }

  truncate(truncation: Truncation): void {
    this.restorer.truncate(truncation);
  }
}

/** A segment that can be read, and where it stands in the log. */
interface Candidate {
  readonly number: number;
  readonly name: string;
  readonly base: number;
  readonly size: number;
  /** Of its queue; empty when the header is damaged. */
  readonly identity: string;
}

const NOTHING: Restorer = { put: () => {}, change: () => {}, gone: () => {}, truncate: () => {} };

class Salvage {
  frames = 0;
  bytes = 0;
  /** The highest next id that a header speaks of. */
  highestNext = 1;
  losses: Loss[] = [];
  readonly reader = new RecordReader();
  readonly witness: Witness;
  private readonly files: Files;
  private buffer: Uint8Array = new Uint8Array(0);
  /** Losses of whole files and headers, by the number of the segment. */
  private readonly broken: (Loss & { readonly number: number })[] = [];
  /** Segments below this number are not needed: what they say is superfluous, and may be incomplete. */
  private oldest = 0;
  /** Position up to which the log has been looked through. */
  private reached = -1;

  private readonly verdict: LogVerdict;

  constructor(files: Files, witness: Witness, verdict: LogVerdict) {
    this.files = files;
    this.witness = witness;
    this.verdict = verdict;
  }

  run(): void {
    const candidates: Candidate[] = [];
    for (const number of LogReader.numbers(this.files)) {
      const candidate = this.place(number);
      if (candidate !== null) candidates.push(candidate);
    }
    const ours = this.ofOneQueue(candidates);
    for (const candidate of ours) this.lookForOldest(candidate);
    this.losses.push(...this.broken.filter(({ number }) => number >= this.oldest));
    const needed = ours.filter(({ number }) => number >= this.oldest);
    needed.sort((a, b) => a.base - b.base || a.number - b.number);
    this.tellMissingStart(needed);
    for (const [i, candidate] of needed.entries()) this.save(candidate, needed[i + 1]?.base ?? 0);
    this.tellMissingEnd(Math.max(0, ...needed.map(({ number }) => number)));
  }

  /** What the state file knows of, and no segment has. */
  private tellMissingEnd(newest: number): void {
    const { state } = this.verdict.found;
    if (state === null) return;
    const bytes = Math.max(0, state.durable - Math.max(0, this.reached));
    const isSegmentMissing = newest < state.highest &&
      !this.broken.some(({ number }) => number === state.highest);
    if (!isSegmentMissing && (bytes === 0 || this.losses.length > 0)) return;
    const where = isSegmentMissing ? segmentName(state.highest) : `behind ${segmentName(newest)}`;
    const reason = isSegmentMissing
      ? "the file is missing, with all that stood in it"
      : "records are missing";
    this.losses.push({ where, bytes, reason });
  }

  /** Finds out where a segment stands; null when nothing in it verifies. */
  private place(number: number): Candidate | null {
    const name = segmentName(number);
    const size = this.load(name);
    const header = decodeHeader(this.buffer.subarray(0, size), this.files);
    if (typeof header !== "string") {
      return { number: header.number, name, size, base: header.base, identity: header.identity.join() };
    }
    const base = this.baseByFrames(size);
    if (base >= 0) {
      this.broken.push({ number, where: name, bytes: Math.min(size, HEADER_BYTES), reason: header });
      return { number, name, size, base, identity: "" };
    }
    if (!new SegmentBytes(this.buffer, size, 0, this.files).isZeroFrom(0)) {
      this.broken.push({
        number,
        where: name,
        bytes: size,
        reason: `${header}, and no frame in it verifies`,
      });
    }
    return null;
  }

  /** A frame says its own position: so does any of them where the segment begins. */
  private baseByFrames(size: number): number {
    const view = new DataView(this.buffer.buffer, 0, size);
    for (let at = HEADER_BYTES; at + FRAME_HEAD_BYTES <= size; at++) {
      const base = view.getFloat64(at + 8, true) - at + HEADER_BYTES;
      if (!Number.isSafeInteger(base) || base < 0) continue;
      if (new SegmentBytes(this.buffer, size, base, this.files).frameEnd(at) !== 0) return base;
    }
    return -1;
  }

  /** A directory into which a segment of another log was put: the log with the most bytes is the one meant. */
  private ofOneQueue(candidates: readonly Candidate[]): Candidate[] {
    const sizes = new Map<string, number>();
    for (const { identity, size } of candidates) sizes.set(identity, (sizes.get(identity) ?? 0) + size);
    sizes.delete("");
    const [main] = [...sizes].sort((a, b) => b[1] - a[1])[0] ?? [""];
    return candidates.filter(({ name, size, identity }) => {
      const isOurs = identity === main || identity === "";
      if (!isOurs) this.losses.push({ where: name, bytes: size, reason: "it is of another queue's log" });
      return isOurs;
    });
  }

  private lookForOldest(candidate: Candidate): void {
    const size = this.load(candidate.name);
    const header = decodeHeader(this.buffer.subarray(0, size), this.files);
    if (typeof header !== "string") {
      this.oldest = Math.max(this.oldest, header.oldest);
      this.highestNext = Math.max(this.highestNext, header.nextId);
    }
    const content = new SegmentBytes(this.buffer, size, candidate.base, this.files);
    const reader = new RecordReader();
    for (const { at, end, isFrame } of stretches(content, 0)) {
      if (isFrame) reader.read(content.bytes, content.view, at + FRAME_HEAD_BYTES, end, 0, NOTHING);
    }
    this.oldest = Math.max(this.oldest, reader.oldest);
  }

  private tellMissingStart(needed: readonly Candidate[]): void {
    const first = Math.min(...needed.map(({ number }) => number), ...this.broken.map(({ number }) => number));
    if (needed.length === 0 || first <= this.oldest) return;
    const where = `${segmentName(this.oldest)} to ${segmentName(first)}`;
    this.losses.push({ where, bytes: 0, reason: "the first of them is needed and missing, and all between" });
  }

  /** Hands over the records of all frames of a segment that verify, and notes what lies between them. */
  private save({ name, number, base }: Candidate, nextBase: number): void {
    const content = new SegmentBytes(this.buffer, this.load(name), base, this.files);
    if (this.reached >= 0 && base > this.reached) {
      this.losses.push({
        where: `before ${name}`,
        bytes: base - this.reached,
        reason: "records are missing",
      });
    }
    let last = HEADER_BYTES;
    for (const { at, end, isFrame } of stretches(content, nextBase - base + HEADER_BYTES)) {
      last = end;
      if (!isFrame) this.lose(name, at, end, "what lies there is no whole record");
      else {
        const from = at + FRAME_HEAD_BYTES;
        this.reader.shift = this.verdict.steps.shiftAt(content.positionOf(at));
        const isRead = this.reader.read(content.bytes, content.view, from, end, number, this.witness);
        if (!isRead) this.lose(name, at, end, "its checksum is right, but what it holds are no records");
        this.frames++;
        this.bytes += end - at;
      }
    }
    this.reached = Math.max(this.reached, content.positionOf(last));
  }

  private lose(name: string, from: number, to: number, reason: string): void {
    this.losses.push({ where: `${name}, offset ${from}`, bytes: to - from, reason });
  }

  /** Brings a segment into the buffer; answers its size. */
  private load(name: string): number {
    const file = this.files.open(name, "read");
    try {
      if (file.size > this.buffer.length) this.buffer = new Uint8Array(file.size);
      return file.read(this.buffer.subarray(0, file.size), 0);
    } finally {
      file.close();
    }
  }
}

/** The frames of a segment and what lies between them, up to the zeros at its end; these begin at `usedEnd` at least. */
function* stretches(
  content: SegmentBytes,
  usedEnd: number,
): Generator<{ readonly at: number; readonly end: number; readonly isFrame: boolean }> {
  const least = Math.min(usedEnd, content.size);
  let at = HEADER_BYTES;
  while (at < content.size) {
    let end = content.frameEnd(at);
    const isFrame = end !== 0;
    if (!isFrame) {
      if (at >= least && content.isZeroFrom(at)) return;
      end = content.findFrame(at + 1) || Math.max(least, endOfContent(content, at));
    }
    yield { at, end, isFrame };
    at = end;
  }
}

/** Behind the last byte that is not zero. */
function endOfContent(content: SegmentBytes, from: number): number {
  let end = content.size;
  while (end > from + 1 && content.bytes[end - 1] === 0) end--;
  return end;
}
