// What `tube.jobs()` answers: one job after the other. A job that was neither deleted, released nor buried when the next one
// is asked for, or when the loop is left, is given back: else its session would be held for good.

import type { Job, TubeReserveOptions } from "./face.ts";
import { HeldJob } from "./held_job.ts";

/** Seconds until a job that was passed over comes again: without them the loop would be given the same one at once, for ever. */
const PASSED_OVER_DELAY_S = 1;

export class JobIterator<Output> implements AsyncIterableIterator<Job<Output>> {
  private readonly reserve: (options: TubeReserveOptions) => Promise<Job<Output> | null>;
  private readonly options: TubeReserveOptions;
  private readonly leaving = new AbortController();
  /** The last call of next(): calls are answered one after the other. */
  private last: Promise<unknown> = Promise.resolve();
  private job: Job<Output> | null = null;
  private isOver = false;

  constructor(
    reserve: (options: TubeReserveOptions) => Promise<Job<Output> | null>,
    options: TubeReserveOptions,
  ) {
    const { signal } = options;
    const either = signal === undefined
      ? this.leaving.signal
      : AbortSignal.any([signal, this.leaving.signal]);
    this.reserve = reserve;
    this.options = { ...options, signal: either };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Job<Output>, undefined>> {
    const next = this.last.then(() => this.advance());
    this.last = next.catch(() => {});
    return next;
  }

  /** The loop was left: ends a wait, gives the job in hand back. */
  async return(): Promise<IteratorResult<Job<Output>, undefined>> {
    this.isOver = true;
    this.leaving.abort(new DOMException("the loop was left", "AbortError"));
    await this.last;
    await this.giveBack(0);
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<Job<Output>, undefined>> {
    await this.return();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  private async advance(): Promise<IteratorResult<Job<Output>, undefined>> {
    const { signal } = this.options;
    const isLast = this.isOver || signal!.aborted;
    await this.giveBack(isLast ? 0 : PASSED_OVER_DELAY_S);
    if (!isLast) {
      try {
        this.job = await this.reserve(this.options);
      } catch (error) {
        if (!signal!.aborted) throw error;
      }
    }
    if (this.job !== null && !this.isOver) return { done: false, value: this.job };
    this.isOver = true;
    await this.giveBack(0);
    return { done: true, value: undefined };
  }

  /** Gives back a job that nobody has settled, nor is settling. */
  private async giveBack(delay: number): Promise<void> {
    const { job } = this;
    this.job = null;
    if (job === null || job.state !== "held") return;
    try {
      await job.release({ delay });
    } catch {
      if (job instanceof HeldJob) job.abandon();
    }
  }
}
