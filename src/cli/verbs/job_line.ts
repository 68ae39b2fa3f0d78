// A job as a line of JSON: what `dump` prints and `load` reads.
//
//   id pri delay ttr reserves timeouts releases buries kicks   whole numbers; delay and ttr in seconds
//   tube        its name
//   state       "ready", "delayed" or "buried"
//   createdAt   ISO 8601, milliseconds; also readyAt, which only a delayed job has
//   burial      only of a buried job: a job buried later has a higher number
//   body        the body without its CR LF when it is UTF-8, else bodyBase64
//
// The first line of a dump is {"runnerbean":"dump","version":1,"nextId":…,"jobs":…}.

import { Buffer } from "node:buffer";
import { BURIED, DELAYED, STATE_WORDS } from "../../core/jobs.ts";
import type { BodySink, LiveJob } from "../../ports/journal.ts";

export const DUMP_VERSION = 1;
/** The furthest that a date can be from 1970. */
export const MOST_INSTANT_MS = 8_640_000_000_000_000;

export function firstLine(nextId: number, jobs: number): string {
  return JSON.stringify({ runnerbean: "dump", version: DUMP_VERSION, nextId, jobs }) + "\n";
}

/** The line of a job, piece by piece: a large body is never one string. The job must not change meanwhile. */
export function* jobLine(job: LiveJob): Generator<string> {
  const { id, state, pri, delay, ttr, reserves, timeouts, releases, buries, kicks } = job;
  const fields = {
    id,
    tube: latin1(job.tube),
    state: STATE_WORDS[state],
    pri,
    delay,
    ttr,
    createdAt: isoTime(Math.floor(job.createdAt)),
    readyAt: state === DELAYED ? isoTime(Math.ceil(job.mark)) : undefined,
    burial: state === BURIED ? job.mark : undefined,
    reserves,
    timeouts,
    releases,
    buries,
    kicks,
  };
  const pieces = new BodyPieces(job).pieces;
  const isText = isUtf8(pieces);
  yield JSON.stringify(fields).slice(0, -1) + (isText ? ',"body":"' : ',"bodyBase64":"');
  yield* isText ? textOf(pieces) : base64Of(pieces);
  yield '"}\n';
}

/** A body's bytes without its CR LF. */
class BodyPieces implements BodySink {
  readonly pieces: Uint8Array[] = [];
  private left: number;

  constructor(job: LiveJob) {
    this.left = job.bodyBytes - 2;
    job.readBody(this);
  }

  copy(source: Uint8Array, from: number, to: number): void {
    this.add(source.slice(from, Math.min(to, from + this.left)));
  }

  keep(piece: Uint8Array, length: number): void {
    this.add(piece.subarray(0, Math.min(length, this.left)));
  }

  private add(piece: Uint8Array): void {
    this.left -= piece.length;
    if (piece.length > 0) this.pieces.push(piece);
  }
}

function isUtf8(pieces: readonly Uint8Array[]): boolean {
  try {
    const decoder = strictDecoder();
    for (const piece of pieces) decoder.decode(piece, { stream: true });
    decoder.decode();
    return true;
  } catch {
    return false;
  }
}

function* textOf(pieces: readonly Uint8Array[]): Generator<string> {
  const decoder = strictDecoder();
  for (const piece of pieces) yield JSON.stringify(decoder.decode(piece, { stream: true })).slice(1, -1);
}

/** Three bytes make four characters, so what is over goes to the next piece. */
function* base64Of(pieces: readonly Uint8Array[]): Generator<string> {
  let over = Buffer.alloc(0);
  for (const piece of pieces) {
    const bytes = over.length > 0
      ? Buffer.concat([over, piece])
      : Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    const whole = bytes.length - bytes.length % 3;
    yield bytes.toString("base64", 0, whole);
    over = Buffer.from(bytes.subarray(whole));
  }
  yield over.toString("base64");
}

/** Fails on what is not UTF-8, and keeps a byte order mark. */
export function strictDecoder(): TextDecoder {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
}

function isoTime(ms: number): string {
  return new Date(Math.max(-MOST_INSTANT_MS, Math.min(MOST_INSTANT_MS, ms))).toISOString();
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
