// What a seed makes of a run with a journal: how it syncs, how much room there is, what happens to its disk.

import { MIN_SEGMENT_BYTES } from "../../src/journal/layout.ts";
import type { Random } from "../support/random.ts";

export interface JournalPlan {
  readonly sync: "always" | "interval" | "never";
  readonly intervalMs: number;
  readonly segmentBytes: number;
  readonly capacityBytes: number;
  readonly pageBytes: number;
  /** What a sync seems to take, in milliseconds: the journal may wait for short ones. */
  readonly syncMs: number;
  /** Sizes of bodies, beside those of the plan: with tiny ones alone a log would hardly grow. */
  readonly bodySizes: readonly number[];
  // Probabilities, per step.
  /** The process will be stopped at one of the next operations of the disk. */
  readonly crash: number;
  /** One of the next operations of the disk will fail. */
  readonly failure: number;
  /** The server is stopped in good order and started again. */
  readonly restart: number;
  /** Others take all the room there is on the disk, or give it back. */
  readonly crowding: number;
  /** A sync in flight is not done by the end of a turn. */
  readonly slow: number;
  /** It is the power that goes, not only the process. */
  readonly powerCut: number;
  /** The machine's clock is set back before the start that follows a stop in good order. */
  readonly clockStep: number;
}

/** By how much, in milliseconds. */
export const CLOCK_STEPS: readonly number[] = [600, 30_000, 259_200_000, 630_720_000_000];

const NEVER = Infinity;
/** Small, as the segments are; a segment's header lies in one sector, as on a real disk. */
const PAGE_BYTES = 1024;

/** A journal as most have it, for a run that drew none. */
export const USUAL_JOURNAL: JournalPlan = {
  sync: "always",
  intervalMs: 1000,
  segmentBytes: MIN_SEGMENT_BYTES,
  capacityBytes: NEVER,
  pageBytes: PAGE_BYTES,
  syncMs: 0.5,
  bodySizes: [],
  crash: 0,
  failure: 0,
  restart: 0.05,
  crowding: 0,
  slow: 0.3,
  powerCut: 0.5,
  clockStep: 0.3,
};

/** A plan for the disk; null for a run in memory alone. */
export function drawJournalPlan(random: Random, steps: number, isLarge: boolean): JournalPlan | null {
  if (random.chance(0.5)) return null;
  const sometimes = (probability: number): number => random.chance(0.6) ? probability * 2 * random.next() : 0;
  // Thousands of jobs make a long log, whatever their size.
  const segmentBytes = MIN_SEGMENT_BYTES * random.pick([1, 1, 1, 2, 4]) * (isLarge ? 4 : 1);
  const bodySizes = [100, 300, 900, 3_000].filter((size) => random.chance(0.5) && (!isLarge || size < 900));
  const largest = Math.max(100, ...bodySizes);
  const isTight = random.chance(0.3);
  return {
    sync: random.pick(["always", "always", "always", "interval", "interval", "never"]),
    intervalMs: random.pick([1, 50, 1_000, 3_000]),
    segmentBytes,
    capacityBytes: isTight ? Math.floor(segmentBytes * (3 + 4 * random.next())) + 8 * largest : NEVER,
    pageBytes: PAGE_BYTES,
    syncMs: random.pick([0, 20, 20]),
    bodySizes,
    crash: sometimes((isLarge ? 2 : 6) / steps),
    failure: sometimes(1 / steps),
    restart: sometimes(1 / steps),
    crowding: isTight ? sometimes(0.05) : 0,
    slow: random.next(),
    powerCut: random.pick([0, 0.5, 1, 1]),
    clockStep: random.pick([0, 0, 0.5]),
  };
}
