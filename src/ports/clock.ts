// Time as the server gets it.

/** Wall-anchored and monotonic time, and one pending wake. */
export interface Clock {
  /** Milliseconds since 1970, with fractions; never goes backwards, whatever happens to the machine's clock. */
  now(): number;
  /** How far the machine's wall clock is ahead of {@link now}, in milliseconds: 0 until it is stepped. Left out: always 0. */
  wallOffset?(): number;
  /** Calls `wake` once at or after the instant; replaces an earlier request. Infinity takes it back. */
  wakeAt(instant: number, wake: () => void): void;
  /** Calls back when the input that is at hand has been taken in: at the end of this turn of the event loop. */
  afterTurn(callback: () => void): void;
  /** Calls back when the runtime has looked for input once more: for work that goes on and must not keep input away. */
  afterInput(callback: () => void): void;
}
