// How long a job rests after a failure: twice as long each time, spread out so that what failed together does not come
// back together.

/** How {@link exponentialBackoff} grows. */
export interface BackoffOptions {
  /** Seconds after the first failure, 0 to 4,294,967,295. Default 1. */
  readonly first?: number;
  /** How many times longer each next rest is. Default 2. */
  readonly factor?: number;
  /** At most so many seconds. Default 3600. */
  readonly most?: number;
}

/**
 * A rest that grows with each failure; of each, a random half is left out. Takes the count of failures (from 1) and
 * answers whole seconds.
 *
 * @example
 * ```ts
 * import { exponentialBackoff } from "@runnerbean/runnerbean/client";
 *
 * const backoff = exponentialBackoff({ first: 10, most: 600 });
 * console.log(backoff(1)); // 5 to 10
 * console.log(backoff(50)); // 300 to 600
 * ```
 */
export function exponentialBackoff(options: BackoffOptions = {}): (failures: number) => number {
  const { first = 1, factor = 2, most = 3600 } = options;
  return (failures) => {
    const longest = Math.min(most, first * factor ** (failures - 1));
    return Math.round(longest / 2 + Math.random() * longest / 2);
  };
}
