// The worker: reserves, runs the handler, touches while it runs; deletes what succeeded, gives back what failed with a rest
// that grows, buries what failed too often. As many slots as it may have jobs in hand, each one job after the other.

import { functionOf, MAX_U32 } from "./arguments.ts";
import { type InvalidBodyError, LostLeaseError, QueueError } from "./errors.ts";
import type { Job, Tube } from "./face.ts";
import { HeldJob } from "./held_job.ts";
import { ignoreRejection, tell, textOf } from "./hooks.ts";
import { WorkInHand } from "./work_in_hand.ts";
import { DEFAULT_BACKOFF, settingsOf } from "./worker_options.ts";
import type { Handler, WorkerOptions, WorkerSettings, WorkEvent } from "./worker_options.ts";

/** Rest after trouble with the queue that is no lost connection, in milliseconds. */
const TROUBLE_PAUSE_MS = 1000;

/**
 * Starts a worker. A job is done when the handler's promise resolves; see {@link WorkerOptions} for what happens when it
 * does not.
 *
 * @example
 * ```ts
 * import { Queue, worker } from "@runnerbean/runnerbean";
 *
 * await using queue = await Queue.open();
 * const tube = queue.tube("greetings");
 * await using greeter = worker(tube, (job) => console.log(`hello ${job.text()}`), {
 *   concurrency: 10,
 *   attempts: 5,
 *   onEvent: (event) => event.kind === "buried" && console.error(event.error),
 * });
 * await tube.put("Ada");
 * await greeter.stop(); // waits for jobs in hand
 * ```
 */
export function worker<Content>(
  tube: Tube<never, Content>,
  handler: Handler<Content>,
  options: WorkerOptions<Content> = {},
): Worker<Content> {
  return new Worker(tube, handler, options);
}

/** A running worker; made by {@link worker}. */
export class Worker<Content = unknown> implements AsyncDisposable {
  /** Resolves when it has stopped, also when the queue was closed under it. */
  readonly done: Promise<void>;
  readonly #tube: Tube<never, Content>;
  readonly #handler: Handler<Content>;
  readonly #settings: WorkerSettings<Content>;
  readonly #stopping = new AbortController();
  readonly #inHand = new Set<WorkInHand<Content>>();
  /** Ends the waiting for handlers that are still at work. */
  #abandon: () => void = () => {};
  readonly #abandoned: Promise<void>;
  #stop: Promise<void> | null = null;

  /** Use {@link worker}. */
  constructor(tube: Tube<never, Content>, handler: Handler<Content>, options: WorkerOptions<Content>) {
    this.#tube = tube;
    this.#handler = functionOf("handler", handler ?? null);
    this.#settings = settingsOf(options);
    this.#abandoned = new Promise((resolve) => this.#abandon = resolve);
    const slots = Array.from({ length: this.#settings.concurrency }, () => this.#slot());
    this.done = Promise.race([Promise.all(slots).then(() => {}), this.#abandoned]);
    const { signal } = options;
    if (signal?.aborted) void this.stop();
    // Not listened to any longer than the worker lives: the signal may be the program's own.
    const { signal: stopped } = this.#stopping;
    signal?.addEventListener("abort", () => void this.stop(), { once: true, signal: stopped });
  }

  /** Jobs at work now. */
  get inHand(): number {
    return this.#inHand.size;
  }

  /**
   * Reserves no more and waits for the jobs in hand. When the grace is over their signals are aborted and their leases
   * given up: they are ready again at once, and no failure is counted. Resolves when all is over; may be called again.
   */
  stop(): Promise<void> {
    return this.#stop ??= this.#end();
  }

  /** The same as {@link stop}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #end(): Promise<void> {
    this.#stopping.abort(new DOMException("the worker stops", "AbortError"));
    const timer = setTimeout(() => this.#giveUp(), this.#settings.graceMs);
    await this.done;
    clearTimeout(timer);
  }

  /** The grace is over. */
  #giveUp(): void {
    for (const work of this.#inHand) {
      work.abort(this.#stopping.signal.reason);
      work.end();
      abandon(work.job);
    }
    this.#inHand.clear();
    this.#abandon();
  }

  async #slot(): Promise<void> {
    const { signal } = this.#stopping;
    const onInvalid = (error: InvalidBodyError): void => this.#tell({ kind: "invalid", error });
    while (!signal.aborted) {
      try {
        const job = await this.#tube.reserve({ signal, onInvalid });
        if (job !== null) await this.#work(job);
      } catch (error) {
        if (signal.aborted) return;
        this.#tell({ kind: "trouble", error });
        if (error instanceof QueueError && (error.code === "CLOSED" || error.code === "JOURNAL_FAILED")) {
          return;
        }
        await pause(TROUBLE_PAUSE_MS, signal);
      }
    }
  }

  /** Sees to a job until its handler has ended. Rejects with trouble that is no loss of the lease; the job is given back then. */
  async #work(job: Job<Content>): Promise<void> {
    const work = new WorkInHand(job);
    this.#inHand.add(work);
    try {
      await this.#run(work);
    } catch (error) {
      abandon(job);
      if (!(error instanceof LostLeaseError)) throw error;
      this.#tell({ kind: "lost", job, error });
    } finally {
      work.end();
      // Nothing of this slot begins before it has ended: so no more than `concurrency` handlers ever run.
      if (work.isRunning && this.#inHand.has(work)) {
        this.#tell({ kind: "overrun", job, durationMs: work.durationMs });
        await work.ended;
      }
      this.#inHand.delete(work);
    }
  }

  /** Rejects with a LostLeaseError when the job could not be settled. */
  async #run(work: WorkInHand<Content>): Promise<void> {
    const { job } = work;
    const { atMostOnce } = this.#settings;
    if (atMostOnce === "delete") await job.delete();
    else if (atMostOnce === "bury") await job.bury();
    else work.keepLease();
    const settledBefore = job.outcome;
    this.#tell({ kind: "started", job });
    let failure: { readonly error: unknown } | null = null;
    try {
      await this.#handled(work);
      // What the handler does with the job may be under way, and may be refused.
      if (atMostOnce === null && job.state === "settled" && job instanceof HeldJob) await job.settlement;
    } catch (error) {
      failure = { error };
    }
    const { durationMs } = work;
    work.end();
    if (!this.#inHand.has(work)) return; // given up meanwhile
    if (failure !== null) return await this.#failed(job, failure.error, durationMs);
    if (atMostOnce === "bury") await this.#tube.queue.delete(job.id);
    else if (atMostOnce === null && job.state !== "settled") await job.delete();
    const outcome = settledBefore === null ? job.outcome : "deleted";
    if (outcome === "buried") {
      this.#tell({ kind: "buried", job, by: "handler", error: null, failures: 0, durationMs });
    } else if (outcome === "released") this.#tell({ kind: "released", job, durationMs });
    else this.#tell({ kind: "done", job, durationMs });
  }

  async #failed(job: Job<Content>, error: unknown, durationMs: number): Promise<void> {
    const { atMostOnce, attempts } = this.#settings;
    if (atMostOnce !== null || job.state === "settled") {
      return this.#tell({ kind: "failed", job, error, failures: 1, delay: null, durationMs });
    }
    const { releases, timeouts, pri } = await job.stats();
    const failures = releases + timeouts + 1;
    if (failures >= attempts) {
      await job.bury({ priority: pri });
      return this.#tell({ kind: "buried", job, by: "worker", error, failures, durationMs });
    }
    const delay = this.#restAfter(failures);
    await job.release({ priority: pri, delay });
    this.#tell({ kind: "failed", job, error, failures, delay, durationMs });
  }

  /** Whole seconds, whatever `backoff` does. */
  #restAfter(failures: number): number {
    const { backoff } = this.#settings;
    try {
      const rest: unknown = backoff(failures);
      if (typeof rest === "number" && !Number.isNaN(rest)) {
        return Math.max(0, Math.min(Math.round(rest), MAX_U32));
      }
      ignoreRejection(rest);
      throw new TypeError(`backoff(${failures}) answered ${textOf(rest)}: a number of seconds is needed`);
    } catch (error) {
      this.#tell({ kind: "trouble", error });
      return DEFAULT_BACKOFF(failures);
    }
  }

  /** Runs the handler, for as long as it may take. */
  async #handled(work: WorkInHand<Content>): Promise<void> {
    const { timeoutMs } = this.#settings;
    const running = (async () => void await this.#handler(work.job, work))();
    work.runs(running);
    if (timeoutMs === null) return await running;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new DOMException(`the handler took longer than ${timeoutMs} ms`, "TimeoutError");
        work.abort(error);
        reject(error);
      }, timeoutMs);
    });
    try {
      await Promise.race([running, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #tell(event: WorkEvent<Content>): void {
    tell("onEvent", this.#settings.onEvent, event);
  }
}

/** Gives back a job that is still in hand, without a word to the server: its connection or session ends. */
function abandon(job: Job<unknown>): void {
  if (job instanceof HeldJob) job.abandon();
}

/** Waits, but no longer than until the signal comes. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
