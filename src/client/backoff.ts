// How long a job rests after a failure: twice as long each time, spread out so that what failed together does not come
// back together.

import { anyNumber, MAX_U32 } from "./arguments.ts";

/** How {@link exponentialBackoff} grows. */
export interface BackoffOptions {
  /** Seconds after the first failure, 0 to 4,294,967,295. Default 1. */
  readonly first?: number;
  /** How many times longer each next rest is, 0 to 1,000,000. Default 2. */
  readonly factor?: number;
  /** At most so many seconds, 0 to 4,294,967,295. Default 3600. */
  readonly most?: number;
}

const MOST_FACTOR = 1_000_000;

/**
 * A rest that grows with each failure; of each, a random half is left out. Takes the count of failures (from 1) and
 * answers whole seconds. Throws a QueueError with the code BAD_FORMAT when an option is out of range.
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
  anyNumber("first", first, 0, MAX_U32);
  anyNumber("factor", factor, 0, MOST_FACTOR);
  anyNumber("most", most, 0, MAX_U32);
  return (failures) => {
    if (first === 0) return 0; // a power that is infinite times 0 is no number
    const longest = Math.min(most, first * factor ** Math.max(0, failures - 1));
    return Math.round(longest / 2 + Math.random() * longest / 2);
  };
}
