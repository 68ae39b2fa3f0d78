// Opens a damaged log and says what became of it. There are four honest outcomes, and any other is a failure.

import { MIN_SEGMENT_BYTES } from "../../src/journal/layout.ts";
import { LogProblem } from "../../src/journal/problem.ts";
import { describeJobs, LoggedQueue, T0 } from "./logged_queue.ts";
import { PlainFiles } from "./plain_files.ts";
import type { SmallLog } from "./small_log.ts";
import { text } from "./small_log.ts";

/**
 * harmless: all jobs are there, and nothing was remarkable. trimmed: all jobs are there, and something behind them was cut
 * off and reported. cut: the jobs are those of an earlier moment, and the cut was reported. short: the same without a
 * report. refused: with file and offset, and nothing was changed.
 */
export type Outcome = "harmless" | "trimmed" | "cut" | "short" | "refused";

export interface Finding {
  readonly outcome: Outcome;
  /** Which state came back, counted from the oldest; -1 when refused. */
  readonly state: number;
  /** Where the damage was found. */
  readonly file: string;
  readonly offset: number;
}

/** The smallest: less to make ready at each start. */
const SEGMENT_BYTES = MIN_SEGMENT_BYTES;
/** After the log was written, and before its delays are over. */
const OPENED_AT = T0 + 201_000;
const DAMAGED = /damaged at (segment\.\d+|state)(?:, offset (\d+))?: /;

/** Throws when what came back is neither the log nor a beginning of it. */
export function openDamaged(log: SmallLog, contents: ReadonlyMap<string, Uint8Array>): Finding {
  const files = PlainFiles.holding(contents);
  let queue: LoggedQueue;
  try {
    queue = new LoggedQueue(files, { segmentBytes: SEGMENT_BYTES, now: OPENED_AT });
  } catch (error) {
    return refusal(error, files, contents);
  }
  const jobs = describeJobs(queue.engine);
  const state = log.states.lastIndexOf(jobs);
  if (state < 0) throw new Error(`served what never was:\n${jobs}`);
  const isAll = state === log.states.length - 1;
  if (isAll && queue.engine.live.nextId < log.nextId) throw new Error("an id would be used again");
  goOn(queue, files);
  const { torn } = queue.recovered;
  const outcome = torn === null ? (isAll ? "harmless" : "short") : isAll ? "trimmed" : "cut";
  return { outcome, state, file: torn?.file ?? "", offset: torn?.offset ?? 0 };
}

function refusal(error: unknown, files: PlainFiles, contents: ReadonlyMap<string, Uint8Array>): Finding {
  if (!(error instanceof LogProblem) || error.code !== "damaged") throw error;
  const place = DAMAGED.exec(error.message);
  if (place === null) throw new Error(`it does not say where: ${error.message}`);
  const after = files.contents();
  const isSame = after.size === contents.size &&
    [...contents].every(([name, bytes]) => isEqual(bytes, after.get(name)));
  if (!isSame) throw new Error("refused, and yet changed");
  return { outcome: "refused", state: -1, file: place[1], offset: Number(place[2] ?? 0) };
}

/** A log that was opened must be whole from then on: works, is killed, and comes back without a complaint. */
function goOn(queue: LoggedQueue, files: PlainFiles): void {
  queue.put(text("after the damage"));
  queue.commit();
  const expected = describeJobs(queue.engine);
  const contents = files.contents();
  const again = new LoggedQueue(PlainFiles.holding(contents), {
    segmentBytes: SEGMENT_BYTES,
    now: OPENED_AT,
  });
  if (describeJobs(again.engine) !== expected) throw new Error("what was served was lost in the next start");
  if (again.recovered.torn?.framesBehind) throw new Error("the next start found it torn again");
}

function isEqual(one: Uint8Array, other: Uint8Array | undefined): boolean {
  return other !== undefined && one.length === other.length &&
    one.every((byte, index) => byte === other[index]);
}

/** A copy of the log with one file changed. */
export function withFile(
  contents: ReadonlyMap<string, Uint8Array>,
  name: string,
  change: (bytes: Uint8Array) => Uint8Array | null,
): Map<string, Uint8Array> {
  const copy = new Map(contents);
  const changed = change(contents.get(name)?.slice() ?? new Uint8Array(0));
  if (changed === null) copy.delete(name);
  else copy.set(name, changed);
  return copy;
}

/** Counts outcomes, and prints them. */
export class Tally {
  readonly counts: Record<Outcome, number> = { harmless: 0, trimmed: 0, cut: 0, short: 0, refused: 0 };

  add(outcome: Outcome): void {
    this.counts[outcome]++;
  }

  print(what: string): void {
    const words = Object.entries(this.counts).map(([outcome, count]) => `${count} ${outcome}`);
    console.log(`${what}: ${words.join(", ")}`);
  }
}
