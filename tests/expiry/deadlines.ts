// How late the server was with many deadlines. A client sees the instant at which the server took a command only as lying
// between asking and the answer, so an end counts as early before (asked + length) and as late after (answered + length).
import { assertEquals, fail } from "@std/assert";

/** What the issue allows, in ms. Kept on busy machines too. */
export const ALLOWED_LATE_MS = 100;

/** Clocks are read in two processes and shown in whole ms by some runtimes. */
const ALLOWED_EARLY_MS = 2;

const PULSE_MS = 5;

interface Span {
  askedAt: number;
  answeredAt: number;
  seenAt: number;
  /** It came after this instant: what came earlier would have been seen earlier. */
  cameAfter: number;
}

/**
 * When this process itself gets no processor for a while, what it sees then looks late although it came in time. The pulse
 * knows when the process last looked at its sockets for certain: before the beat before the last.
 */
class Pulse {
  lookedAt: number = performance.now();
  longestStallMs = 0;
  #beatAt: number = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor() {
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.longestStallMs = Math.max(this.longestStallMs, now - this.#beatAt - PULSE_MS);
      this.lookedAt = this.#beatAt;
      this.#beatAt = now;
    }, PULSE_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

export class Deadlines {
  readonly #what: string;
  readonly #lengthMs: number;
  readonly #spans: Span[] = [];
  readonly #pulse = new Pulse();

  constructor(what: string, lengthMs: number) {
    this.#what = what;
    this.#lengthMs = lengthMs;
  }

  /** Times one: `begin` asks and resolves with the answer, `end` resolves with whether it was seen to end. */
  async time(begin: () => Promise<void>, end: () => Promise<boolean>): Promise<void> {
    const askedAt = performance.now();
    await begin();
    const answeredAt = performance.now();
    const seenAt = (await end()) ? performance.now() : Infinity;
    this.#spans.push({ askedAt, answeredAt, seenAt, cameAfter: Math.min(seenAt, this.#pulse.lookedAt) });
  }

  /** Prints how late they were and fails when one was early, late or never came. */
  check(count: number): void {
    this.#pulse.stop();
    assertEquals(this.#spans.length, count, `${this.#what}: how many were timed`);
    const missing = this.#spans.filter(({ seenAt }) => seenAt === Infinity).length;
    const seen = this.#spans.filter(({ seenAt }) => seenAt !== Infinity);
    const tooEarly =
      seen.filter(({ askedAt, seenAt }) => seenAt - askedAt < this.#lengthMs - ALLOWED_EARLY_MS).length;
    const tooLate =
      seen.filter(({ answeredAt, cameAfter }) => cameAfter - answeredAt > this.#lengthMs + ALLOWED_LATE_MS)
        .length;
    const late = seen.map(({ answeredAt, seenAt }) => seenAt - answeredAt - this.#lengthMs).sort((a, b) =>
      a - b
    );
    const [median, worst] = [late[late.length >> 1], late[late.length - 1]].map((ms) => ms?.toFixed(1));
    const report =
      `${this.#what}: of ${count} ends ${missing} never came, ${tooLate} over ${ALLOWED_LATE_MS} ms late, ` +
      `${tooEarly} early; seen ${median} ms late (median), ${worst} ms (worst); ` +
      `this process stood still for ${this.#pulse.longestStallMs.toFixed(1)} ms at worst`;
    console.log(report);
    if (missing + tooLate + tooEarly > 0) fail(report);
  }
}
