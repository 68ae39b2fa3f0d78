// What happened in one tube, or in all together, since it was first seen: counts, rates, and for some tubes how long jobs
// waited and ran, and history. Counting an event is two additions; all else is done once a second.

import { EVENT_BURIED, EVENT_DELETED, EVENT_EXPIRED, EVENT_GRANTED, EVENT_KINDS } from "../core/outbox.ts";
import { EVENT_PUT, EVENT_RELEASED } from "../core/outbox.ts";
import type { Tube } from "../core/tube.ts";
import { Histogram } from "./histogram.ts";
import type { History } from "./history.ts";
import { RATE_WINDOW_MS } from "./limits.ts";

/** The events that have a rate, in the order in which rates and history keep them. */
export const RATED: readonly number[] = [
  EVENT_PUT,
  EVENT_GRANTED,
  EVENT_DELETED,
  EVENT_RELEASED,
  EVENT_BURIED,
  EVENT_EXPIRED,
];

/** Per second, averaged over some seconds. */
export interface Rates {
  readonly put: number;
  readonly reserved: number;
  readonly deleted: number;
  readonly released: number;
  readonly buried: number;
  readonly timeouts: number;
}

export const NO_RATES: Rates = { put: 0, reserved: 0, deleted: 0, released: 0, buried: 0, timeouts: 0 };

/** Rates below this many events a second are zero. */
const LOWEST_RATE = 0.005;

export class TubeRecord {
  /** The tube's name; "" for all tubes together. */
  readonly name: string;
  /** The tube that has the name now, or had it last; null for all together. */
  tube: Tube | null;
  /** Events by kind (EVENT_ of core/outbox.ts). */
  readonly counts: Float64Array = new Float64Array(EVENT_KINDS);
  /** How long granted jobs had been ready; how long jobs were held that were then deleted, released or buried. */
  waits: Histogram | null = null;
  runs: Histogram | null = null;
  history: History | null = null;
  /** Its counts are told by themselves in a scrape. */
  isExposed = false;
  /** Instant of the beat after the last event, in milliseconds; and whether there were events since the last beat. */
  lastAt = 0;
  hasNew = false;
  /** Since when no tube has the name; 0 while one has. */
  goneAt = 0;
  /** Noted for the next beat: something happened, or its rates have not come to rest. */
  isListed = false;
  /** Sum of what else is told of the tube when it was last looked at: who uses, watches and waits, and its pause. */
  lookedLike = 0;
  /** What of the counts has been added to the sums. */
  private readonly added = new Float64Array(EVENT_KINDS);
  private readonly reckoned = new Float64Array(RATED.length);
  private readonly perSecond = new Float64Array(RATED.length);

  constructor(name: string, tube: Tube | null) {
    this.name = name;
    this.tube = tube;
  }

  /** From now on times are kept, not only counts. */
  keepTimes(): void {
    this.waits ??= new Histogram();
    this.runs ??= new Histogram();
  }

  /** Adds what was counted since the last time to one or two sums. False when that was nothing. */
  addNewTo(total: TubeRecord, rest: TubeRecord | null): boolean {
    let isNew = false;
    for (let kind = 0; kind < EVENT_KINDS; kind++) {
      const count = this.counts[kind] - this.added[kind];
      if (count === 0) continue;
      isNew = true;
      this.added[kind] = this.counts[kind];
      total.counts[kind] += count;
      if (rest !== null) rest.counts[kind] += count;
    }
    return isNew;
  }

  get rates(): Rates {
    const [put, reserved, deleted, released, buried, timeouts] = this.perSecond;
    return { put, reserved, deleted, released, buried, timeouts };
  }

  /** Brings the rates up to date after so many milliseconds. False when all have come to rest at zero. */
  reckon(elapsedMs: number): boolean {
    const weight = 1 - Math.exp(-elapsedMs / RATE_WINDOW_MS);
    let isMoving = false;
    for (let i = 0; i < RATED.length; i++) {
      const count = this.counts[RATED[i]];
      const now = (count - this.reckoned[i]) * 1000 / elapsedMs;
      const rate = this.perSecond[i] + (now - this.perSecond[i]) * weight;
      this.reckoned[i] = count;
      this.perSecond[i] = rate < LOWEST_RATE ? 0 : rate;
      if (rate >= LOWEST_RATE) isMoving = true;
    }
    return isMoving;
  }
}
