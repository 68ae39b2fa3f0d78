// From a directory to a running log: takes the lock, reads what is there into the queue, cuts off a torn end, and begins a
// new segment.

import type { Files } from "../ports/files.ts";
import type { LiveJobs, Restorer } from "../ports/journal.ts";
import { Binlog } from "./binlog.ts";
import type { BinlogOptions } from "./binlog.ts";
import { firstFreeId } from "./free_id.ts";
import { HEADER_BYTES, MIN_SEGMENT_BYTES, numberIn, segmentName, UNFINISHED } from "./layout.ts";
import { LogReader } from "./log_reader.ts";
import type { BadPlace, LogVerdict, Progress } from "./log_reader.ts";
import { LogProblem } from "./problem.ts";
import { Segment } from "./segment.ts";

/** The queue that a log is read into, before it runs. */
export interface RestorableQueue {
  readonly live: LiveJobs;
  restore(): Restorer & { finish(nextId: number, now: number): void };
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
}

/** Opens a log, or begins one. Throws a {@link LogProblem} when it must not be used; nothing has been changed then. */
export function openLog(files: Files, queue: RestorableQueue, options: RecoveryOptions): Recovered {
  try {
    if (!files.lock()) throw new LogProblem("locked", `another process uses ${files.path}`);
    return recover(files, queue, {
      ...options,
      segmentBytes: Math.max(options.segmentBytes, MIN_SEGMENT_BYTES),
    });
  } catch (error) {
    files.release();
    if (error instanceof LogProblem || (error as { code?: string }).code === undefined) throw error;
    throw new LogProblem("failed", (error as Error).message);
  }
}

function recover(files: Files, queue: RestorableQueue, options: RecoveryOptions): Recovered {
  const names = files.list();
  refuseForeign(files, names);
  if (names.includes(UNFINISHED)) {
    throw new LogProblem("damaged", `${files.path} was never written to its end: remove it and write it again`);
  }
  const restorer = queue.restore();
  const verdict = new LogReader(files).read(restorer, options.progress);
  if (verdict.kind === "damaged") throw new LogProblem("damaged", describeDamage(files.path, verdict.bad!));
  if (verdict.kind === "torn") cutOff(files, verdict);
  const last = verdict.segments.at(-1);
  restorer.finish(firstFreeId(verdict), options.now);
  const end = last === undefined ? 0 : last.header.base + last.end - HEADER_BYTES;
  settle(files, verdict);
  const binlog = new Binlog(
    {
      files,
      identity: last?.header.identity ?? options.identity,
      segments: verdict.segments.filter(({ frames }) => frames > 0).map(({ header, end }) => {
        const segment = new Segment(header.number, header.base);
        segment.bytes = end;
        return segment;
      }),
      number: (last?.header.number ?? 0) + 1,
      end,
      spares: names.filter((name) => numberIn(name, "spare") > 0),
      createdAt: options.now,
    },
    queue.live,
    options,
  );
  removeEmpty(files, verdict);
  return { binlog, records: verdict.records, bytes: verdict.bytes, torn: verdict.bad };
}

/** A directory of the reference's is not ours to begin a log in. */
function refuseForeign(files: Files, names: readonly string[]): void {
  const isForeign = names.some((name) => numberIn(name, "binlog") > 0);
  if (!isForeign || names.some((name) => numberIn(name, "segment") > 0)) return;
  throw new LogProblem(
    "foreign",
    `${files.path} holds a log of beanstalkd; bring its jobs over with: runnerbean import ${files.path} NEW-DIRECTORY`,
  );
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

/**
 * Makes durable what was read and may not be: the process before may have been killed with writes that were never synced.
 * Gives the zeros behind the end of the log back, so that there is room to begin a segment.
 */
function settle(files: Files, verdict: LogVerdict): void {
  const last = verdict.segments.at(-1);
  for (const { header, end, size } of verdict.segments) {
    if (header !== last?.header && header.base + end - HEADER_BYTES <= verdict.durable) continue;
    const file = files.open(segmentName(header.number), "write");
    if (size > end) file.truncate(end);
    file.sync();
    file.close();
  }
  if (last !== undefined) files.syncDirectory();
}

/** A start that wrote nothing leaves no segment behind once the next one is begun. */
function removeEmpty(files: Files, verdict: LogVerdict): void {
  const empty = verdict.segments.filter(({ frames }) => frames === 0);
  for (const { header } of empty) files.remove(segmentName(header.number));
  if (empty.length > 0) files.syncDirectory();
}
