// The clock of a real machine, the same on all three runtimes.

import { setImmediate } from "node:timers";
import type { Clock } from "../ports/clock.ts";

/** Longer timers fire at once on every runtime; the server then simply sets the rest. In milliseconds. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Smaller differences are not steps: the machine's clock is read in whole milliseconds, and a process may be held up. */
const LEAST_STEP_MS = 500;
/** Instants are positive, also on a machine whose clock stands before 1970. In milliseconds. */
const EARLIEST_START_MS = 1000;

/** Wall time as it was at the start, moved on by a monotonic clock: a step of the machine's clock changes nothing. */
export class SystemClock implements Clock {
  /** See {@link Clock.afterInput}. */
  readonly afterInput: (callback: () => void) => void;
  private readonly anchor = Math.max(EARLIEST_START_MS, Date.now()) - performance.now();
  /** How far the machine's clock was ahead when a step of it was last seen. */
  private offset = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `afterInput` where setImmediate does not do: it must let the runtime look for input before it calls back. */
  constructor(afterInput: (callback: () => void) => void = setImmediate) {
    this.afterInput = afterInput;
  }

  now(): number {
    return this.anchor + performance.now();
  }

  wallOffset(): number {
    const difference = Date.now() - this.now();
    if (Math.abs(difference - this.offset) >= LEAST_STEP_MS) this.offset = Math.round(difference);
    return this.offset;
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
