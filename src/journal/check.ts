// Looks at a log and says how it is. Reads only.

import type { Files } from "../ports/files.ts";
import { firstFreeId } from "./free_id.ts";
import { numberIn } from "./layout.ts";
import { LogReader } from "./log_reader.ts";
import type { LogVerdict, Progress } from "./log_reader.ts";
import { STATE_NAME } from "./state_file.ts";
import { JobTally } from "./tally.ts";
import type { JobCounts } from "./tally.ts";

/** Whose log a directory holds. */
export type LogKind = "own" | "beanstalkd" | "none";

export function logKind(files: Files): LogKind {
  const names = files.list();
  if (names.some((name) => numberIn(name, "segment") > 0) || names.includes(STATE_NAME)) return "own";
  return names.some((name) => numberIn(name, "binlog") > 0) ? "beanstalkd" : "none";
}

export interface LogCheck {
  readonly verdict: LogVerdict;
  /** Up to the bad place, if there is one. */
  readonly counts: JobCounts;
  /** The id of the next put. */
  readonly nextId: number;
}

export function checkLog(files: Files, now: number, progress?: Progress): LogCheck {
  const tally = new JobTally();
  const verdict = new LogReader(files).read(tally, progress);
  return { verdict, counts: tally.counts(now), nextId: firstFreeId(verdict) };
}
