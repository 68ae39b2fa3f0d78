// Runs many seeds one after the other and tells what went wrong, with all that is needed to see it again.

import { Fingerprint } from "./fingerprint.ts";
import { USUAL_JOURNAL } from "./disk_plan.ts";
import type { Plan } from "./plan.ts";
import { simulate } from "./simulation.ts";
import type { Outcome } from "./simulation.ts";
import type { SimulationOptions } from "./world.ts";

/** Events that are shown of a run that failed. */
const SHOWN_EVENTS = 60;

/** Steps of a run that is repeated with a crash at each operation of its disk. */
const SHORT_STEPS = 25;

/** Runs one seed. If it fails it is run again with its events told, and thrown as an Error that shows them. */
export function runSeed(seed: number, options: SimulationOptions = {}): Outcome {
  try {
    return simulate(seed, options);
  } catch (error) {
    throw new Error(describeFailure(seed, options, error), { cause: error });
  }
}

/** Stops of one seed, each a run of its own. */
const MOST_STOPS = 400;

/**
 * Runs the beginning of a seed, and then again for each operation of its disk, with the process stopped there; every other
 * time it is stopped once more while it starts again. Adds what came about to `heard`, and returns how many operations there were.
 */
export function crashEverywhere(seed: number, heard: Set<string> = new Set()): number {
  const { diskChanges } = runSeed(seed, { change: inShort });
  // A seed with thousands of operations is stopped at some of them, evenly spread; an odd stride comes by all kinds.
  const stride = diskChanges <= MOST_STOPS ? 1 : 2 * Math.ceil(diskChanges / MOST_STOPS / 2) + 1;
  for (let operation = 0; operation < diskChanges; operation += stride) {
    const crashesAt = operation % 2 === 0 ? [operation] : [operation, operation + 1 + (operation % 7)];
    for (const word of runSeed(seed, { change: inShort, crashesAt }).heard) heard.add(word);
  }
  return diskChanges;
}

/** A short run with a disk that works but for what is done to it. */
function inShort(plan: Plan): Plan {
  const journal = { ...(plan.journal ?? USUAL_JOURNAL), crash: 0, failure: 0, crowding: 0, powerCut: 0.7 };
  // With so much in so few steps that segments are ended, emptied and removed.
  const bodySizes = [...plan.bodySizes, 300, 600, 900];
  return {
    ...plan,
    steps: SHORT_STEPS,
    isLarge: false,
    maxJobBytes: Math.max(plan.maxJobBytes, 900),
    bodySizes,
    pipelining: 8,
    journal,
  };
}

/**
 * Runs the seeds from `first` on, until one fails. Adds their fingerprints to `combined`, and returns how many calls of
 * the engine there were.
 */
export function runSeeds(
  first: number,
  count: number,
  combined: Fingerprint = new Fingerprint(),
  options: SimulationOptions = {},
): number {
  let calls = 0;
  for (let seed = first; seed < first + count; seed++) {
    const outcome = runSeed(seed, options);
    combined.text(outcome.fingerprint);
    calls += outcome.calls;
  }
  return calls;
}

/** The line by which runs on different runtimes are compared. */
export function fingerprintLine(first: number, count: number, combined: Fingerprint): string {
  return `simulation fingerprint ${first} ${count} ${combined}`;
}

/** What failed, how to repeat it, and the events that led there. */
function describeFailure(seed: number, options: SimulationOptions, error: unknown): string {
  const events: string[] = [];
  let again: unknown;
  try {
    simulate(seed, { ...options, trace: (event) => void events.push(event) });
  } catch (secondError) {
    again = secondError;
  }
  const what = error instanceof Error ? error.stack ?? error.message : String(error);
  const isSame = again instanceof Error && error instanceof Error && again.message === error.message;
  return [
    `seed ${seed}: ${what}`,
    options.crashesAt === undefined
      ? `repeat with: tests/simulation/main.ts ${seed}  (or RUNNERBEAN_SEED=${seed} and the test)`
      : `it was stopped at operation ${options.crashesAt}; repeat with: tests/simulation/main.ts --crash ${seed}`,
    isSame
      ? `the last events of ${events.length}:`
      : "IT DID NOT HAPPEN AGAIN when the seed was repeated; the last events:",
    ...events.slice(-SHOWN_EVENTS),
  ].join("\n");
}
