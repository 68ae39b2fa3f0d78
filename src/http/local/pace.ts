// Walks over many things: a slice of work, then the loop is given away so that others are heard, and so on. A walk ends
// when its client goes away.

import { Problem } from "../problem.ts";

/** How long a slice may take, in milliseconds. */
export const SLICE_MS = 2;

export class Pace {
  readonly #afterInput: (callback: () => void) => void;
  readonly #resting: (() => void)[] = [];
  /** One walk at a time: all of them together would be one long slice. */
  readonly #wakeNext = (): void => {
    this.#resting.shift()?.();
    if (this.#resting.length > 0) this.#afterInput(this.#wakeNext);
  };

  /** `afterInput` calls back when the runtime has looked for input; it is called once at a time. */
  constructor(afterInput: (callback: () => void) => void) {
    this.#afterInput = afterInput;
  }

  /** Gives the loop away. */
  rest(): Promise<void> {
    return new Promise((resolve) => {
      this.#resting.push(resolve);
      if (this.#resting.length === 1) this.#afterInput(this.#wakeNext);
    });
  }

  /** Calls `slice` until it says that it is through; in each it must stop when its time is up. */
  async walk(signal: AbortSignal, slice: (isTimeUp: () => boolean) => Promise<boolean>): Promise<void> {
    for (;;) {
      if (signal.aborted) throw new Problem(499, "the client has gone");
      if (await slice(sliceClock())) return;
      await this.rest();
    }
  }
}

/** Begins when it is first asked: a slice may have to wait for its turn. */
function sliceClock(): () => boolean {
  let endsAt = 0;
  return () => {
    const now = performance.now();
    if (endsAt === 0) endsAt = now + SLICE_MS;
    return now >= endsAt;
  };
}
