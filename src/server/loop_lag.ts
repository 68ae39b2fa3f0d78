// How long the event loop keeps everybody waiting. A pure observer: the server tells it instants of its clock.
//
// Two things are measured. A turn: from the first input that one pass of the event loop brings to the end of its settle;
// meanwhile nobody else is heard. And how late the one timer rings: that shows also what is not the server's doing, such as
// a collection of garbage, another program on the core, or a machine that was asleep. For that a beat is asked for a
// second after a turn; a turn that the beat itself began asks for none, so an idle server sleeps undisturbed.
// A timer is set in whole milliseconds, so up to two of its lateness are no lag.

/** Upper bounds of the buckets, in milliseconds; one more bucket holds what is longer. */
export const LAG_BOUNDS_MS: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
/** How long after a turn the beat is due, in milliseconds. */
export const BEAT_MS = 1000;

/** Durations since the start, in buckets. */
export class Durations {
  /** How many were at most as long as each bound and longer than the one before it; last: longer than all bounds. */
  readonly counts: Float64Array = new Float64Array(LAG_BOUNDS_MS.length + 1);
  count = 0;
  totalMs = 0;
  longestMs = 0;

  add(ms: number): void {
    let bucket = 0;
    while (bucket < LAG_BOUNDS_MS.length && ms > LAG_BOUNDS_MS[bucket]) bucket++;
    this.counts[bucket]++;
    this.count++;
    this.totalMs += ms;
    if (ms > this.longestMs) this.longestMs = ms;
  }
}

export class LoopLag {
  readonly turns: Durations = new Durations();
  readonly lateness: Durations = new Durations();
  /** When the timer must ring at the latest so that lateness is seen, or Infinity. */
  beatAt = Infinity;
  private beganAt = -1;
  /** The timer began this turn. */
  private isRung = false;

  /** Input has come, or kept work goes on. Only the first call of a turn counts. */
  began(now: number): void {
    if (this.beganAt < 0) this.beganAt = now;
  }

  /** The turn is settled: its replies are sent. `now` must be asked of the clock anew. */
  ended(now: number): void {
    if (this.beganAt < 0) return;
    this.turns.add(now - this.beganAt);
    this.beganAt = -1;
    if (this.beatAt === Infinity && !this.isRung) this.beatAt = now + BEAT_MS;
    this.isRung = false;
  }

  /** The timer that was set to `dueAt` rings. To be called before {@link began}. */
  rang(dueAt: number, now: number): void {
    this.lateness.add(Math.max(0, now - dueAt));
    this.isRung = true;
    if (now >= this.beatAt) this.beatAt = Infinity;
  }
}
