// What a worker can be told, and what it tells.

import type { InvalidBodyError, LostLeaseError } from "./errors.ts";
import { functionOf, LONGEST_TIMER_MS, MAX_U32, oneOf, wholeNumber } from "./arguments.ts";
import { exponentialBackoff } from "./backoff.ts";
import type { Job } from "./face.ts";

/** What a handler gets beside the job. */
export interface WorkContext {
  /**
   * Aborted when going on is of no use: the lease is lost (a LostLeaseError), the handler's time is up (a TimeoutError), or
   * the worker stops and its grace is over (an AbortError).
   */
  readonly signal: AbortSignal;
}

/**
 * Does the work. What it throws is a failure of the job. It may settle the job by itself; then the worker leaves it alone. A
 * handler keeps its place among the `concurrency` until it has settled, also when its time is up or its lease is lost: it should
 * end when `context.signal` is aborted.
 */
export type Handler<Content> = (job: Job<Content>, context: WorkContext) => unknown;

/** Something that happened to a worker; for logs and metrics. `durationMs` is the handler's time. */
export type WorkEvent<Content = unknown> =
  | { readonly kind: "started"; readonly job: Job<Content> }
  /** The handler succeeded and the job is deleted. */
  | { readonly kind: "done"; readonly job: Job<Content>; readonly durationMs: number }
  /** The handler succeeded and had released the job: it will come again. */
  | { readonly kind: "released"; readonly job: Job<Content>; readonly durationMs: number }
  /**
   * The handler failed. The job will be tried again after `delay` seconds. `delay` is null when the worker does not give it
   * back: in an at-most-once mode, or when the handler had settled it before it failed (see `job.outcome`).
   */
  | {
    readonly kind: "failed";
    readonly job: Job<Content>;
    readonly error: unknown;
    readonly failures: number;
    readonly delay: number | null;
    readonly durationMs: number;
  }
  /**
   * The job is buried. `by` says who did it: the worker, after the last attempt failed with `error`; or the handler, which
   * succeeded: then `error` is null and `failures` 0.
   */
  | {
    readonly kind: "buried";
    readonly job: Job<Content>;
    readonly by: "worker" | "handler";
    readonly error: unknown;
    readonly failures: number;
    readonly durationMs: number;
  }
  /**
   * The handler still runs although its time was up and its job has been seen to. Its place stays taken until it ends; a worker
   * whose places are all taken so takes no more jobs.
   */
  | { readonly kind: "overrun"; readonly job: Job<Content>; readonly durationMs: number }
  | { readonly kind: "lost"; readonly job: Job<Content>; readonly error: LostLeaseError }
  | { readonly kind: "invalid"; readonly error: InvalidBodyError }
  /** Trouble with the queue, or with `backoff`; the worker goes on if it can. */
  | { readonly kind: "trouble"; readonly error: unknown };

/** How a worker works. */
export interface WorkerOptions<Content = unknown> {
  /** Jobs in hand at once, 1 to 10,000; over TCP each takes a connection. Default 1. */
  readonly concurrency?: number;
  /** A job whose handler failed so often is buried, 1 to 4,294,967,295. Default 10. */
  readonly attempts?: number;
  /**
   * Seconds that a job rests after its n-th failure (from 1); rounded, and brought into 0 to 4,294,967,295. When it throws or
   * answers no number, the default is taken and an event `trouble` says so. Default: {@link exponentialBackoff}().
   */
  readonly backoff?: (failures: number) => number;
  /**
   * A handler that takes longer than so many milliseconds (1 to 2,147,483,647) has failed: its signal is aborted and its job
   * given back or buried. It keeps its place until it ends. Default: no limit; its job is touched for as long as it runs.
   */
  readonly timeoutMs?: number;
  /**
   * At most once instead of at least once: the job is deleted, or buried, before the handler runs, and never tried again.
   * With `"bury"` it is deleted after a success, and stays for inspection after a failure.
   */
  readonly atMostOnce?: "delete" | "bury";
  /** How long stop() waits for jobs in hand, in milliseconds, 0 to 2,147,483,647. Default 30,000. */
  readonly graceMs?: number;
  /** Stops the worker, as stop() does. */
  readonly signal?: AbortSignal;
  /** Told of all that happens. What it throws or rejects with is printed on the standard error and changes nothing. */
  readonly onEvent?: (event: WorkEvent<Content>) => unknown;
}

/** Options with nothing missing. */
export interface WorkerSettings<Content> {
  readonly concurrency: number;
  readonly attempts: number;
  readonly backoff: (failures: number) => number;
  readonly timeoutMs: number | null;
  readonly atMostOnce: "delete" | "bury" | null;
  readonly graceMs: number;
  readonly onEvent: ((event: WorkEvent<Content>) => unknown) | undefined;
}

const AT_MOST_ONCE = ["delete", "bury"] as const;

export function settingsOf<Content>(options: WorkerOptions<Content>): WorkerSettings<Content> {
  const { concurrency = 1, attempts = 10, timeoutMs, graceMs = 30_000, atMostOnce } = options;
  return {
    concurrency: wholeNumber("concurrency", concurrency, 1, 10_000),
    attempts: wholeNumber("attempts", attempts, 1, MAX_U32),
    backoff: functionOf("backoff", options.backoff) ?? DEFAULT_BACKOFF,
    timeoutMs: timeoutMs === undefined ? null : wholeNumber("timeoutMs", timeoutMs, 1, LONGEST_TIMER_MS),
    atMostOnce: atMostOnce === undefined ? null : oneOf("atMostOnce", atMostOnce, AT_MOST_ONCE),
    graceMs: wholeNumber("graceMs", graceMs, 0, LONGEST_TIMER_MS),
    onEvent: functionOf("onEvent", options.onEvent),
  };
}

/** What {@link settingsOf} takes when there is no `backoff`, or it does not do. */
export const DEFAULT_BACKOFF: (failures: number) => number = exponentialBackoff();
