// How late the server was with many deadlines. A client sees the instant at which the server took a command only as lying
// between asking and the answer, so an end counts as early before (asked + length) and as late after (answered + length).
// Time for which the machine let the server wait for a processor is not the server's lateness; nor is this process's own.
import { assertEquals, fail } from "@std/assert";
import { MachineDelay } from "../support/machine_delay.ts";

/** How late the server itself may be, in ms. */
const ALLOWED_LATE_MS = 100;

/** Clocks are read in two processes and shown in whole ms by some runtimes. */
const ALLOWED_EARLY_MS = 2;

interface Span {
  askedAt: number;
  answeredAt: number;
  seenAt: number;
  /** It came after this instant: what came earlier would have been seen earlier. */
  cameAfter: number;
}

export class Deadlines {
  readonly #what: string;
  readonly #lengthMs: number;
  readonly #spans: Span[] = [];
  readonly #machine: MachineDelay;

  /** `serverPid`: the process that keeps the deadlines. */
  constructor(what: string, lengthMs: number, serverPid: number) {
    this.#machine = new MachineDelay(serverPid);
    this.#what = what;
    this.#lengthMs = lengthMs;
  }

  /** Times one: `begin` asks and resolves with the answer, `end` resolves with whether it was seen to end. */
  async time(begin: () => Promise<void>, end: () => Promise<boolean>): Promise<void> {
    const askedAt = performance.now();
    await begin();
    const answeredAt = performance.now();
    const seenAt = (await end()) ? performance.now() : Infinity;
    this.#spans.push({ askedAt, answeredAt, seenAt, cameAfter: Math.min(seenAt, this.#machine.lookedAt) });
  }

  /** Prints how late they were and fails when one was early, late or never came. */
  check(count: number): void {
    this.#machine.stop();
    assertEquals(this.#spans.length, count, `${this.#what}: how many were timed`);
    const missing = this.#spans.filter(({ seenAt }) => seenAt === Infinity).length;
    const seen = this.#spans.filter(({ seenAt }) => seenAt !== Infinity);
    const tooEarly =
      seen.filter(({ askedAt, seenAt }) => seenAt - askedAt < this.#lengthMs - ALLOWED_EARLY_MS).length;
    let longestWaitMs = 0;
    const tooLate = seen.filter(({ answeredAt, cameAfter }) => {
      const dueAt = answeredAt + this.#lengthMs;
      if (cameAfter <= dueAt + ALLOWED_LATE_MS) return false;
      const waitedMs = this.#machine.waitedMs(dueAt, cameAfter);
      longestWaitMs = Math.max(longestWaitMs, waitedMs);
      return cameAfter - dueAt - waitedMs > ALLOWED_LATE_MS;
    }).length;
    const late = seen.map(({ answeredAt, seenAt }) => seenAt - answeredAt - this.#lengthMs).sort((a, b) =>
      a - b
    );
    const [median, worst] = [late[late.length >> 1], late[late.length - 1]].map((ms) => ms?.toFixed(1));
    const report =
      `${this.#what}: of ${count} ends ${missing} never came, ${tooLate} over ${ALLOWED_LATE_MS} ms late, ` +
      `${tooEarly} early; seen ${median} ms late (median), ${worst} ms (worst); ` +
      `this process stood still for ${this.#machine.longestStallMs.toFixed(1)} ms at worst, ` +
      `the server waited ${longestWaitMs.toFixed(1)} ms for a processor before an end that looked late`;
    console.log(report);
    if (missing + tooLate + tooEarly > 0) fail(report);
  }
}
