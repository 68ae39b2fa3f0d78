// The clock of a real machine, the same on all three runtimes.

import { setImmediate } from "node:timers";
import type { Clock } from "../ports/clock.ts";

/** Longer timers fire at once on every runtime; the server then simply sets the rest. In milliseconds. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Wall time as it was at the start, moved on by a monotonic clock: a step of the machine's clock changes nothing. */
export class SystemClock implements Clock {
  /** See {@link Clock.afterInput}. */
  readonly afterInput: (callback: () => void) => void;
  private readonly anchor = Date.now() - performance.now();
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `afterInput` where setImmediate does not do: it must let the runtime look for input before it calls back. */
  constructor(afterInput: (callback: () => void) => void = setImmediate) {
    this.afterInput = afterInput;
  }

  now(): number {
    return this.anchor + performance.now();
  }

  wakeAt(instant: number, wake: () => void): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (instant === Infinity) return;
    // Rounded up: a timer that fires a fraction early would only have to be set again.
    const wait = Math.min(LONGEST_TIMER_MS, Math.max(0, Math.ceil(instant - this.now())));
    this.timer = setTimeout(wake, wait);
  }

  afterTurn(callback: () => void): void {
    setImmediate(callback);
  }
}
