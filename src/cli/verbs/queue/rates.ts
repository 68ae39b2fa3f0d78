// What changes from one look at the tubes to the next, per second.

import type { TubeStats } from "../../../client/face.ts";

export interface TubeRates {
  /** Jobs put and jobs deleted, per second; null at the first look at a tube. */
  readonly put: number | null;
  readonly done: number | null;
}

export class Rates {
  private before = new Map<string, TubeStats>();
  private lookedAt = 0;

  /** Takes in a look at `now` (milliseconds); answers the rates since the last one, by tube. */
  since(tubes: readonly TubeStats[], now: number): Map<string, TubeRates> {
    const seconds = (now - this.lookedAt) / 1000;
    const rates = new Map<string, TubeRates>();
    for (const tube of tubes) {
      const before = this.before.get(tube.name);
      rates.set(tube.name, {
        put: perSecond(before?.["total-jobs"], tube["total-jobs"], seconds),
        done: perSecond(Number(before?.["cmd-delete"] ?? NaN), Number(tube["cmd-delete"]), seconds),
      });
    }
    this.before = new Map(tubes.map((tube) => [tube.name, tube]));
    this.lookedAt = now;
    return rates;
  }
}

/** A counter that went back belongs to a tube that was forgotten and made again: it began at 0. */
function perSecond(before: number | undefined, after: number, seconds: number): number | null {
  if (before === undefined || Number.isNaN(before) || seconds <= 0) return null;
  const change = after >= before ? after - before : after;
  return Math.round(change / seconds * 10) / 10;
}
