// What was found by looking at a large queue in one way.
import type { Waits } from "./neighbour.ts";

export interface Look {
  readonly row: string;
  /** The fastest answer of all tries. */
  readonly tookMs: number;
  /** How long the client beside it waited at most, in the try where that was least; and what of that was computed. */
  readonly waitedMs: number;
  readonly computedMs: number;
}

/** The best of several tries. */
export function lookOf(row: string, times: readonly number[], waits: readonly Waits[]): Look {
  return {
    row,
    tookMs: Math.min(...times),
    waitedMs: Math.min(...waits.map(({ longestMs }) => longestMs)),
    computedMs: Math.min(...waits.map(({ computedMs }) => computedMs)),
  };
}
