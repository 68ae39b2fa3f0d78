// One job at work: its signal, its time limit, and the touches that keep its lease while the handler runs.

import { LONGEST_TIMER_MS } from "./arguments.ts";
import { LostLeaseError } from "./errors.ts";
import type { Job } from "./face.ts";
import type { WorkContext } from "./worker_options.ts";

/** A job that is done sooner is neither asked for its ttr nor touched; well below the shortest ttr of a second. */
const FIRST_LOOK_MS = 300;
const SHORTEST_TTR_MS = 1000;

export class WorkInHand<Content> implements WorkContext {
  readonly job: Job<Content>;
  readonly startedAt: number = performance.now();
  /** The handler has been called and has not ended. */
  isRunning = false;
  /** Resolves when it has. */
  ended: Promise<void> = Promise.resolve();
  private controller: AbortController | null = null;
  private reason: unknown = null;
  private isOver = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(job: Job<Content>) {
    this.job = job;
  }

  get signal(): AbortSignal {
    if (this.controller !== null) return this.controller.signal;
    const controller = this.controller = new AbortController();
    if (this.reason !== null) controller.abort(this.reason);
    const { signal } = this.job;
    if (signal.aborted) this.abort(signal.reason);
    signal.addEventListener("abort", () => this.abort(signal.reason), { once: true });
    return controller.signal;
  }

  /** Tells the handler that going on is of no use. The first reason counts. */
  abort(reason: unknown): void {
    if (this.isOver || this.reason !== null) return;
    this.reason = reason;
    this.controller?.abort(reason);
  }

  /** The handler has been called; `running` settles with it. */
  runs(running: Promise<void>): void {
    this.isRunning = true;
    const ended = (): void => void (this.isRunning = false);
    this.ended = running.then(ended, ended);
  }

  /** Keeps the lease until {@link end}. */
  keepLease(): void {
    this.timer = setTimeout(() => void this.firstTouch(), FIRST_LOOK_MS);
  }

  /** The handler is through, or nobody waits for it any more. */
  end(): void {
    this.isOver = true;
    clearTimeout(this.timer);
  }

  get durationMs(): number {
    return performance.now() - this.startedAt;
  }

  private async firstTouch(): Promise<void> {
    try {
      const { ttr } = await this.job.stats();
      await this.touch(Number.isFinite(ttr) && ttr >= 1 ? ttr * 1000 : SHORTEST_TTR_MS);
    } catch (error) {
      this.noticed(error, SHORTEST_TTR_MS);
    }
  }

  /** Touches at a third of the ttr, so that one that comes late does no harm. */
  private async touch(ttrMs: number): Promise<void> {
    if (this.isOver || this.job.state === "settled") return;
    try {
      await this.job.touch();
      if (this.isOver) return;
      this.touchLater(ttrMs);
    } catch (error) {
      this.noticed(error, ttrMs);
    }
  }

  /** A lost lease is told to the handler; whatever else it was may be over next time. */
  private noticed(error: unknown, ttrMs: number): void {
    if (this.isOver || this.job.state === "settled") return; // the handler has settled it, and goes on
    if (error instanceof LostLeaseError) return this.abort(error);
    this.touchLater(ttrMs);
  }

  private touchLater(ttrMs: number): void {
    this.timer = setTimeout(() => void this.touch(ttrMs), Math.min(ttrMs / 3, LONGEST_TIMER_MS));
  }
}
