/// <reference lib="dom" />
// A page that is being looked at: loaded, and again every few seconds for as long as somebody sees it.

import type { Page } from "./page.ts";

/** The longest pause after loads that failed, in milliseconds. */
const LONGEST_PAUSE_MS = 15_000;

export class Visit {
  /** Null until what it needs is known, and where the address means none. */
  page: Page | null = null;
  /** It has something to show. */
  isLoaded = false;
  /** Why the last load failed; null when it did not. */
  fault: unknown = null;
  readonly #open: (signal: AbortSignal) => Promise<Page | null>;
  readonly #changed: (visit: Visit) => void;
  readonly #leaving = new AbortController();
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `open` makes the page, and is asked again before each load; `changed` is told whenever there is something else to draw. */
  constructor(open: (signal: AbortSignal) => Promise<Page | null>, changed: (visit: Visit) => void) {
    this.#open = open;
    this.#changed = changed;
  }

  async load(): Promise<void> {
    this.rest();
    const { signal } = this.#leaving;
    try {
      this.page = await this.#open(signal);
      await this.page?.load(signal);
      this.isLoaded = this.page !== null;
      this.fault = null;
      this.#failures = 0;
    } catch (error) {
      this.fault = error;
      this.#failures++;
    }
    if (signal.aborted) return;
    this.#changed(this);
    this.rest();
    if (!document.hidden) this.#timer = setTimeout(() => void this.load(), this.#pauseMs());
  }

  /** Loads no more until load() is called. */
  rest(): void {
    clearTimeout(this.#timer);
  }

  /** Loads no more, and forgets what is under way. */
  leave(): void {
    this.rest();
    this.#leaving.abort();
  }

  #pauseMs(): number {
    if (this.#failures > 0) return Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** this.#failures);
    return (this.page?.everySeconds ?? 5) * 1000;
  }
}
