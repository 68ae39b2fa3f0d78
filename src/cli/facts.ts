// What the stats document says of this process and machine, gathered once.

import { describeProcess } from "../library/facts.ts";
import { IDENTITY_BYTES } from "../journal/segment.ts";
import type { JournalFacts } from "../ports/journal.ts";
import type { ServerFacts } from "../protocol/stats.ts";
import type { Options } from "./options.ts";

/** Gathers the facts now; CPU time and the log's are asked for at each call. */
export function gatherFacts(options: Options, startedAt: number, binlog: () => JournalFacts): ServerFacts {
  return { ...describeProcess(options.maxJobBytes, startedAt, binlog, options.segmentBytes) };
}

/** A number that strangers cannot guess. */
export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

/** The identity of a new log. */
export function randomIdentity(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(IDENTITY_BYTES));
}
