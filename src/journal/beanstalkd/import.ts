// From beanstalkd's log to a queue: every job that is alive with its attributes, torn ones put aside.

import type { Files } from "../../ports/files.ts";
import type { LiveJob } from "../../ports/journal.ts";
import type { RestorableQueue } from "../recovery.ts";
import { JobTally } from "../tally.ts";
import type { JobCounts } from "../tally.ts";
import { JobCollector } from "./collector.ts";
import { StoredLogReader } from "./reader.ts";
import type { StoredLog } from "./reader.ts";

export interface Imported extends StoredLog {
  readonly torn: number;
  /** The id of the next put: above all that was seen, and all that may stand in what could not be read. */
  readonly nextId: number;
}

/** The shortest record that names a new job: one byte of name, no body. */
const LEAST_PUT_BYTES = 87;

/** Reads a log of beanstalkd into a queue that has not run yet. `quarantine` takes each torn job, in the order of ids. */
export function importLog(
  files: Files,
  queue: RestorableQueue,
  quarantine: (job: LiveJob) => void,
): Imported {
  const restorer = queue.restore();
  const collector = new JobCollector(restorer, (id) => queue.live.find(id));
  const log = new StoredLogReader(files, collector).read();
  const torn = Float64Array.from(collector.torn).sort();
  for (const id of torn) {
    quarantine(queue.live.find(id)!);
    restorer.gone(id);
  }
  const nextId = nextIdOf(log);
  // Delays that are over stay as they are: the start that serves the jobs knows the time.
  restorer.finish(nextId, -Infinity);
  return { ...log, torn: torn.length, nextId };
}

export interface StoredLogCheck extends Imported {
  /** Without the torn ones. */
  readonly counts: JobCounts;
}

/** What an import would find. */
export function checkStoredLog(files: Files, now: number): StoredLogCheck {
  const tally = new JobTally();
  const collector = new JobCollector(tally, (id) => tally.find(id));
  const log = new StoredLogReader(files, collector).read();
  const { torn } = collector;
  for (const id of torn) tally.gone(id);
  return { ...log, torn: torn.size, nextId: nextIdOf(log), counts: tally.counts(now) };
}

function nextIdOf({ lastId, unreadable }: StoredLog): number {
  const unread = unreadable.reduce((sum, { bytes }) => sum + bytes, 0);
  return lastId + 1 + Math.ceil(unread / LEAST_PUT_BYTES);
}
