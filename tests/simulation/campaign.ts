// Runs many seeds one after the other and tells what went wrong, with all that is needed to see it again.

import { Fingerprint } from "./fingerprint.ts";
import { simulate } from "./simulation.ts";
import type { Outcome } from "./simulation.ts";

/** Events that are shown of a run that failed. */
const SHOWN_EVENTS = 60;

/** Runs one seed. If it fails it is run again with its events told, and thrown as an Error that shows them. */
export function runSeed(seed: number): Outcome {
  try {
    return simulate(seed);
  } catch (error) {
    throw new Error(describeFailure(seed, error), { cause: error });
  }
}

/**
 * Runs the seeds from `first` on, until one fails. Adds their fingerprints to `combined`, and returns how many calls of
 * the engine there were.
 */
export function runSeeds(first: number, count: number, combined: Fingerprint = new Fingerprint()): number {
  let calls = 0;
  for (let seed = first; seed < first + count; seed++) {
    const outcome = runSeed(seed);
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
function describeFailure(seed: number, error: unknown): string {
  const events: string[] = [];
  let again: unknown;
  try {
    simulate(seed, { trace: (event) => void events.push(event) });
  } catch (secondError) {
    again = secondError;
  }
  const what = error instanceof Error ? error.stack ?? error.message : String(error);
  const isSame = again instanceof Error && error instanceof Error && again.message === error.message;
  return [
    `seed ${seed}: ${what}`,
    `repeat with: tests/simulation/main.ts ${seed}  (or RUNNERBEAN_SEED=${seed} and the test)`,
    isSame
      ? `the last events of ${events.length}:`
      : "IT DID NOT HAPPEN AGAIN when the seed was repeated; the last events:",
    ...events.slice(-SHOWN_EVENTS),
  ].join("\n");
}
