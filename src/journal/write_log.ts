// Writes a new log that holds all jobs of a queue, for what brings jobs from elsewhere.
// Cost: one write and one sync per few megabytes; beside the jobs themselves no more memory than that.

import type { Files } from "../ports/files.ts";
import type { LiveJob, LiveJobs } from "../ports/journal.ts";
import type { Binlog } from "./binlog.ts";
import { putBytes } from "./layout.ts";
import { LogProblem } from "./problem.ts";
import { openLog } from "./recovery.ts";

export interface WriteOptions {
  readonly segmentBytes: number;
  /** 16 random bytes. */
  readonly identity: Uint8Array;
  /** Now, in milliseconds since 1970. */
  readonly now: number;
}

export interface WrittenLog {
  readonly jobs: number;
  /** Bytes of their records. */
  readonly bytes: number;
}

/** Records of so many bytes go to the disk together. */
const COMMIT_BYTES = 4_194_304;

/**
 * Writes all jobs into an empty directory, syncs them and closes the log. Throws a LogProblem when the disk has no room,
 * or the system's own error; what is there then is not to be used.
 */
export function writeLog(files: Files, jobs: LiveJobs, options: WriteOptions): WrittenLog {
  // Where a job lay in the log that it was read from means nothing here.
  jobs.each((job) => void (job.file = 0));
  const { binlog, failure } = begin(files, jobs, options);
  let [count, bytes, pending] = [0, 0, 0];
  try {
    jobs.each((job) => {
      const record = putBytes(job.tube.length, job.bodyBytes);
      if (!binlog.hasRoomFor(job.tube.length, job.bodyBytes, options.now)) {
        throw failure() ??
          new LogProblem("failed", `there is no room on the disk for job ${job.id} and all after it`);
      }
      binlog.put(job);
      count++;
      bytes += record;
      pending += record;
      if (pending < COMMIT_BYTES) return;
      pending = 0;
      binlog.flush(options.now);
      throwIf(failure());
    });
  } finally {
    binlog.close();
  }
  throwIf(failure());
  return { jobs: count, bytes };
}

function begin(
  files: Files,
  jobs: LiveJobs,
  options: WriteOptions,
): { binlog: Binlog; failure: () => Error | null } {
  const nothing = { put: () => {}, change: () => {}, gone: () => {}, truncate: () => {}, finish: () => {} };
  const { binlog } = openLog(files, { live: writtenOf(jobs), restore: () => nothing }, {
    ...options,
    sync: { kind: "always" },
    stopwatch: () => 0,
  });
  let failed: Error | null = null;
  binlog.listen({ progressed: () => {}, failed: (error) => (failed = error) });
  return { binlog, failure: () => failed };
}

/** The jobs as the log may see them: those that have a place in it. */
function writtenOf(jobs: LiveJobs): LiveJobs {
  return {
    get nextId() {
      return jobs.nextId;
    },
    find: (id) => jobs.find(id),
    each: (visit: (job: LiveJob) => void) => jobs.each((job) => job.file !== 0 && visit(job)),
    findAny: (id) => jobs.findAny(id),
    eachAny: (visit: (job: LiveJob) => void) => jobs.eachAny((job) => job.file !== 0 && visit(job)),
  };
}

function throwIf(error: Error | null): void {
  if (error !== null) throw error;
}
