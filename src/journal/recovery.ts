// From a directory to a running log: takes the lock, reads what is there into the queue, cuts off a torn end, and begins a
// new segment.

import type { TellOfJob } from "../core/restoration.ts";
import type { Files, OpenFile } from "../ports/files.ts";
import type { LiveJobs, Restorer } from "../ports/journal.ts";
import { Binlog } from "./binlog.ts";
import type { BinlogOptions } from "./binlog.ts";
import { logKind } from "./check.ts";
import { firstFreeId } from "./free_id.ts";
import { HEADER_BYTES, MIN_SEGMENT_BYTES, putBytes, segmentName, UNFINISHED } from "./layout.ts";
import { inOneGo, LogReader } from "./log_reader.ts";
import type { BadPlace, LogVerdict, Progress } from "./log_reader.ts";
import { LogProblem } from "./problem.ts";
import { WallOffset } from "./clock_steps.ts";
import { isNoRoom } from "./spares.ts";
import { Segment } from "./segment.ts";
import { explainSystemError } from "./system_error.ts";
import { STATE_NAME, StateFile } from "./state_file.ts";

/** The queue that a log is read into, before it runs. */
export interface RestorableQueue {
  readonly live: LiveJobs;
  restore(): Restorer & {
    finish(nextId: number, now: number, tell?: TellOfJob, shift?: number): void;
    /** The same, with pauses. */
    finishing?(nextId: number, now: number, tell?: TellOfJob, shift?: number): Generator<void>;
  };
}

export interface RecoveryOptions extends BinlogOptions {
  /** Now, in milliseconds since 1970. */
  readonly now: number;
  /** 16 random bytes: the identity of a queue that has none yet. */
  readonly identity: Uint8Array;
  readonly progress?: Progress;
}

export interface Recovered {
  readonly binlog: Binlog;
  readonly records: number;
  /** Bytes of the log that were read. */
  readonly bytes: number;
  /** The torn end that was cut off, if there was one. */
  readonly torn: BadPlace | null;
  /** The state file was there when the newest segment was begun, and is not now. */
  readonly isStateLost: boolean;
  /** The machine's clock stands so many milliseconds before the last instant that the log knows; 0 = it does not. */
  readonly clockWentBackMs: number;
}

const REWRITE_BYTES = 1_048_576;

/** Opens a log, or begins one. Throws a {@link LogProblem} when it must not be used; nothing has been changed then. */
export function openLog(files: Files, queue: RestorableQueue, options: RecoveryOptions): Recovered {
  return inOneGo(opening(files, queue, options));
}

/** The same, with rests in between: `rest` resolves when others have been heard. */
export async function openLogInSlices(
  files: Files,
  queue: RestorableQueue,
  options: RecoveryOptions,
  rest: () => Promise<void>,
): Promise<Recovered> {
  const steps = opening(files, queue, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await rest();
  }
}

function* opening(
  files: Files,
  queue: RestorableQueue,
  options: RecoveryOptions,
): Generator<void, Recovered> {
  try {
    if (!files.lock()) throw new LogProblem("locked", describeLock(files));
    return yield* recover(files, queue, {
      ...options,
      segmentBytes: Math.max(options.segmentBytes, MIN_SEGMENT_BYTES),
    });
  } catch (error) {
    files.release();
    if (error instanceof LogProblem || (error as { code?: string }).code === undefined) throw error;
    throw new LogProblem("failed", explainSystemError(error as Error));
  }
}

function* recover(
  files: Files,
  queue: RestorableQueue,
  options: RecoveryOptions,
): Generator<void, Recovered> {
  if (logKind(files) === "beanstalkd") throw new LogProblem("foreign", describeForeign(files.path));
  if (files.list().includes(UNFINISHED)) {
    throw new LogProblem(
      "damaged",
      `${files.path} was never written to its end: remove it and write it again`,
    );
  }
  const restorer = queue.restore();
  const verdict = yield* new LogReader(files).reading(restorer, options.progress);
  if (verdict.kind === "damaged") throw new LogProblem("damaged", describeDamage(files.path, verdict.bad!));
  const wall = new WallOffset(options.wallOffset ?? null);
  const state = openState(files, queue, verdict, options, wall);
  if (verdict.kind === "torn") cutOff(files, verdict);
  const segments = runningSegments(verdict);
  const nextId = firstFreeId(verdict);
  const count = counterOf(segments);
  const back = clockWentBack(verdict, options.now + wall.ms);
  const shift = -back - wall.ms;
  if (restorer.finishing === undefined) restorer.finish(nextId, options.now, count, shift);
  else yield* restorer.finishing(nextId, options.now, count, shift);
  if (back > 0) state.steps.add(endOf(verdict), -back);
  settle(files, verdict);
  removeUnneeded(files, verdict);
  const binlog = begin(files, verdict, segments, queue.live, state, wall, options);
  return {
    binlog,
    records: verdict.records,
    bytes: verdict.bytes,
    torn: verdict.bad,
    isStateLost: verdict.found.kind === "lost",
    clockWentBackMs: back,
  };
}

/** Smaller differences are left to the limits that each instant has. */
const LEAST_BACK_MS = 500;

/**
 * By how much the machine's clock was at least set back between two starts, in milliseconds: the log was written later than now.
 * All that it recorded moves along, so that no job is younger than the queue thinks and no delay grows.
 */
function clockWentBack({ writtenAt }: LogVerdict, wallNow: number): number {
  const back = Math.ceil(writtenAt - wallNow);
  return back >= LEAST_BACK_MS && Number.isSafeInteger(back) ? back : 0;
}

/** Position behind the last frame that verifies. */
function endOf(verdict: LogVerdict): number {
  const last = verdict.segments.at(-1);
  return last === undefined ? 0 : last.header.base + last.end - HEADER_BYTES;
}

/**
 * The state file to go on with. One that is made anew, and one that speaks of segments which the torn end takes away, says how
 * the log stands before anything is changed: whatever stops the process from here on, the next start finds no more than that.
 */
function openState(
  files: Files,
  queue: RestorableQueue,
  verdict: LogVerdict,
  options: RecoveryOptions,
  wall: WallOffset,
): StateFile {
  const { found, segments, numbers } = verdict;
  const identity = segments[0]?.header.identity ?? options.identity;
  const state = new StateFile(files, identity, found.state);
  const end = endOf(verdict);
  state.steps.keepWithin(segments[0]?.header.base ?? 0, end);
  const highest = segments.at(-1)?.header.number ?? 0;
  if (found.state !== null && highest === (numbers.at(-1) ?? 0)) return state;
  const isWritten = state.write({
    isClosed: false,
    highest,
    durable: found.state?.durable ?? 0,
    position: end,
    nextId: Math.max(verdict.nextId, queue.live.nextId),
    at: Math.max(options.now + wall.ms, verdict.writtenAt),
  });
  if (!isWritten && found.state !== null) {
    throw new LogProblem("failed", `${files.path}: no room to write the file ${STATE_NAME}`);
  }
  return state;
}

/**
 * Every start begins a new segment, but for one that found its last segment empty, or no room on the disk: then it goes on
 * in the last one.
 */
function begin(
  files: Files,
  verdict: LogVerdict,
  segments: readonly Segment[],
  jobs: LiveJobs,
  state: StateFile,
  wall: WallOffset,
  options: RecoveryOptions,
): Binlog {
  const last = segments.at(-1);
  const identity = verdict.segments[0]?.header.identity ?? options.identity;
  const log = { files, identity, segments, createdAt: options.now, state, wall };
  const resumed = (): Binlog => new Binlog({ ...log, current: last!, isThere: true }, jobs, options);
  if (verdict.segments.at(-1)?.frames === 0) return resumed();
  const next = new Segment((last?.number ?? 0) + 1, last?.end ?? 0);
  try {
    return new Binlog({ ...log, current: next, isThere: false }, jobs, options);
  } catch (error) {
    if (last === undefined || !isNoRoom(error)) throw error;
    return resumed();
  }
}

function runningSegments(verdict: LogVerdict): Segment[] {
  return verdict.segments.map(({ header, end }) => {
    const segment = new Segment(header.number, header.base);
    segment.bytes = end;
    return segment;
  });
}

/** Counts each job that came back where its put lies. */
function counterOf(segments: readonly Segment[]): TellOfJob {
  const byNumber = new Map(segments.map((segment) => [segment.number, segment]));
  let last: Segment | undefined;
  return (file, nameBytes, bodyBytes) => {
    if (last?.number !== file) last = byNumber.get(file)!; // neighbours mostly share theirs
    last.add(putBytes(nameBytes, bodyBytes));
  };
}

function describeLock({ path, isLockedHere = false }: Files): string {
  if (!isLockedHere) return `another process uses ${path}`;
  return `this process has opened ${path} already: use that queue, or close it first`;
}

/** A directory of the reference's is not ours to begin a log in; says what to do instead. */
export function describeForeign(directory: string): string {
  return `${directory} holds a log of beanstalkd; ` +
    `bring its jobs over with: runnerbean import ${directory} NEW-DIRECTORY`;
}

/** Says where a log is damaged, what that concerns, and what can be done. */
export function describeDamage(directory: string, bad: BadPlace): string {
  const where = bad.offset === 0 ? bad.file : `${bad.file}, offset ${bad.offset}`;
  return `the log in ${directory} is damaged at ${where}: ${bad.reason}; ${bad.bytes} bytes are in doubt, ` +
    `${bad.framesBehind} frames of records behind them are whole. Nothing was changed. ` +
    `Look with: runnerbean check ${directory}; save what verifies with: runnerbean salvage ${directory} NEW-DIRECTORY`;
}

/** The log ends where it stops to verify: what lies behind was never promised. Its last segment is cut in settle(). */
function cutOff(files: Files, verdict: LogVerdict): void {
  const last = verdict.segments.at(-1)!;
  for (const number of verdict.numbers) if (number > last.header.number) files.remove(segmentName(number));
}

/** Segments that the log does not need; the process before was stopped when it was about to remove them. */
function removeUnneeded(files: Files, verdict: LogVerdict): void {
  const unneeded = LogReader.numbers(files).filter((number) => number < (verdict.numbers[0] ?? 0));
  for (const number of unneeded) files.remove(segmentName(number));
}

/**
 * Makes durable what was read and may not be: the process before may have been killed with writes that were never synced,
 * or stopped because a sync had failed. After that the system may take pages for clean that are not on the disk, so they
 * are written again before they are synced. Cuts off what lies behind the end of the log.
 */
function settle(files: Files, verdict: LogVerdict): void {
  const last = verdict.segments.at(-1);
  for (const { header, end, size } of verdict.segments) {
    const isLast = header === last?.header;
    const from = Math.max(0, HEADER_BYTES + verdict.durable - header.base);
    if (!isLast && from >= end) continue;
    const file = files.open(segmentName(header.number), "write");
    if (size > end) file.truncate(end);
    rewrite(file, from <= HEADER_BYTES ? 0 : from, end);
    file.sync();
    file.close();
  }
  if (last !== undefined) files.syncDirectory();
}

function rewrite(file: OpenFile, from: number, to: number): void {
  const bytes = new Uint8Array(Math.max(0, Math.min(REWRITE_BYTES, to - from)));
  for (let at = from; at < to; at += bytes.length) {
    const piece = bytes.subarray(0, Math.min(bytes.length, to - at));
    file.read(piece, at);
    file.write([piece], at);
  }
}
