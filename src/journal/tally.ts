// Counts the jobs of a log as it is read, without their bodies: what a look at a log needs to say.
// Cost: a row of the job table for each live job.

import { BURIED, DELAYED, JobTable } from "../core/jobs.ts";
import { ReplayedTruncates } from "../core/replayed_truncates.ts";
import type { JobState, Restorer, Truncation } from "../ports/journal.ts";

export interface JobCounts {
  readonly jobs: number;
  readonly ready: number;
  /** Not due yet. */
  readonly delayed: number;
  readonly buried: number;
  /** Tubes that have a job. */
  readonly tubes: number;
}

export class JobTally implements Restorer {
  private readonly jobs = new JobTable();
  private readonly truncates = new ReplayedTruncates(this.jobs);
  private readonly tubes = new Map<string, number>();
  private lastName: Uint8Array | null = null;
  private lastTube = 0;

  put(job: JobState): void {
    const { jobs } = this;
    let row = jobs.find(job.id);
    if (row === 0) row = jobs.add(job.id);
    jobs.tube.set(row, this.tubeOf(job.tube));
    this.set(row, job);
  }

  change(job: JobState): void {
    const row = this.jobs.find(job.id);
    if (row !== 0) this.set(row, job);
  }

  gone(id: number): void {
    const row = this.jobs.find(id);
    if (row !== 0) this.jobs.remove(row);
  }

  truncate(truncation: Truncation): void {
    this.truncates.truncate(this.tubeOf(truncation.tube), truncation);
  }

  /** State and mark of a job, if it is there. */
  find(id: number): { readonly state: number; readonly mark: number } | null {
    const { jobs } = this;
    const row = jobs.find(id);
    return row === 0 ? null : { state: jobs.state.get(row), mark: jobs.deadlineAt.get(row) };
  }

  /** The jobs as they would stand after a start now. */
  counts(now: number): JobCounts {
    const { jobs } = this;
    const used = new Set<number>();
    for (const row of this.truncates.rows()) this.jobs.remove(row);
    let [delayed, buried] = [0, 0];
    jobs.each((row) => {
      used.add(jobs.tube.get(row));
      const state = jobs.state.get(row);
      if (state === BURIED) buried++;
      else if (state === DELAYED && jobs.deadlineAt.get(row) > now) delayed++;
    });
    return { jobs: jobs.count, ready: jobs.count - delayed - buried, delayed, buried, tubes: used.size };
  }

  private set(row: number, job: JobState): void {
    this.jobs.state.set(row, job.state);
    this.jobs.deadlineAt.set(row, job.mark);
    this.truncates.told(row);
  }

  private tubeOf(name: Uint8Array): number {
    if (name === this.lastName) return this.lastTube;
    const key = String.fromCharCode(...name);
    const number = this.tubes.get(key) ?? this.tubes.size + 1;
    this.tubes.set(key, number);
    this.lastName = name;
    this.lastTube = number;
    return number;
  }
}
