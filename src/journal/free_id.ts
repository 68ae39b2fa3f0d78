// From which number on ids may be given again after a log was read: no id is ever used twice.

import { POLICY_ALWAYS } from "./segment.ts";
import type { LogVerdict } from "./log_reader.ts";

/** No job gets an id beyond this by what is read or loaded: it leaves a trillion ids for jobs to come. */
export const HIGHEST_ID: number = 2 ** 53 - 2 ** 40;

/** Ids that a log without syncs before its replies may have lost in a power cut: so many are left out. */
export const SKIPPED_IDS = 1_048_576;

/** The first id that no job of this log had, also none that a power cut took away. */
export function firstFreeId(verdict: LogVerdict): number {
  const last = verdict.segments.at(-1);
  const isUnsure = last !== undefined && last.header.policy !== POLICY_ALWAYS && !verdict.isClosed;
  // Nobody can say then whether the newest segments are there.
  const mayHaveLostIds = isUnsure || verdict.found.kind === "lost";
  return verdict.nextId + (mayHaveLostIds ? SKIPPED_IDS : 0);
}
