// What a worker can be told, and what it tells.

import { QueueError } from "./errors.ts";
import type { InvalidBodyError, LostLeaseError } from "./errors.ts";
import { wholeNumber } from "./arguments.ts";
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

/** Does the work. What it throws is a failure of the job. It may settle the job by itself; then the worker leaves it alone. */
export type Handler<Content> = (job: Job<Content>, context: WorkContext) => unknown;

/** Something that happened to a worker; for logs and metrics. `durationMs` is the handler's time. */
export type WorkEvent<Content = unknown> =
  | { readonly kind: "started"; readonly job: Job<Content> }
  | { readonly kind: "done"; readonly job: Job<Content>; readonly durationMs: number }
  /** It will be tried again after `delay` seconds; in an at-most-once mode it will not, and `delay` is null. */
  | {
    readonly kind: "failed";
    readonly job: Job<Content>;
    readonly error: unknown;
    readonly failures: number;
    readonly delay: number | null;
    readonly durationMs: number;
  }
  | {
    readonly kind: "buried";
    readonly job: Job<Content>;
    readonly error: unknown;
    readonly failures: number;
  }
  | { readonly kind: "lost"; readonly job: Job<Content>; readonly error: LostLeaseError }
  | { readonly kind: "invalid"; readonly error: InvalidBodyError }
  /** Trouble with the queue; the worker goes on if it can. */
  | { readonly kind: "trouble"; readonly error: unknown };

/** How a worker works. */
export interface WorkerOptions<Content = unknown> {
  /** Jobs in hand at once, 1 to 10,000; over TCP each takes a connection. Default 1. */
  readonly concurrency?: number;
  /** A job whose handler failed so often is buried, 1 to 4,294,967,295. Default 10. */
  readonly attempts?: number;
  /** Seconds that a job rests after its n-th failure (from 1). Default: {@link exponentialBackoff}(). */
  readonly backoff?: (failures: number) => number;
  /** A handler that takes longer than so many milliseconds has failed. Default: no limit; its job is touched for as long as it runs. */
  readonly timeoutMs?: number;
  /**
   * At most once instead of at least once: the job is deleted, or buried, before the handler runs, and never tried again.
   * With `"bury"` it is deleted after a success, and stays for inspection after a failure.
   */
  readonly atMostOnce?: "delete" | "bury";
  /** How long stop() waits for jobs in hand, in milliseconds. Default 30,000. */
  readonly graceMs?: number;
  /** Stops the worker, as stop() does. */
  readonly signal?: AbortSignal;
  /** Told of all that happens. Must not throw. */
  readonly onEvent?: (event: WorkEvent<Content>) => void;
}

/** Options with nothing missing. */
export interface WorkerSettings<Content> {
  readonly concurrency: number;
  readonly attempts: number;
  readonly backoff: (failures: number) => number;
  readonly timeoutMs: number | null;
  readonly atMostOnce: "delete" | "bury" | null;
  readonly graceMs: number;
  readonly tell: (event: WorkEvent<Content>) => void;
}

export function settingsOf<Content>(options: WorkerOptions<Content>): WorkerSettings<Content> {
  const { concurrency = 1, attempts = 10, timeoutMs, graceMs = 30_000, atMostOnce, onEvent } = options;
  if (timeoutMs !== undefined) wholeNumber("timeoutMs", timeoutMs, 1, 2_147_483_647);
  if (atMostOnce !== undefined && atMostOnce !== "delete" && atMostOnce !== "bury") {
    throw new QueueError("BAD_FORMAT", `atMostOnce is ${atMostOnce}: "delete" or "bury" is needed`);
  }
  return {
    concurrency: wholeNumber("concurrency", concurrency, 1, 10_000),
    attempts: wholeNumber("attempts", attempts, 1, 4_294_967_295),
    backoff: options.backoff ?? exponentialBackoff(),
    timeoutMs: timeoutMs ?? null,
    atMostOnce: atMostOnce ?? null,
    graceMs: wholeNumber("graceMs", graceMs, 0, 2_147_483_647),
    tell: onEvent ?? (() => {}),
  };
}
