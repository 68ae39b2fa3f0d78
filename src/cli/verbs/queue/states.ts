// The states that a job can be in while nobody holds it, as words of the command line.

import { EXIT_USAGE } from "../../exit_codes.ts";
import { VerbProblem } from "../verb.ts";

export type RestingState = "ready" | "delayed" | "buried";

/** Each with the key under which a tube's statistics count it. */
export const STATES: Readonly<Record<RestingState, string>> = {
  ready: "current-jobs-ready",
  delayed: "current-jobs-delayed",
  buried: "current-jobs-buried",
};

/** The states that are named, each once; all when none is. */
export function stateArguments(words: readonly string[]): RestingState[] {
  for (const word of words) {
    if (Object.hasOwn(STATES, word)) continue;
    throw new VerbProblem(
      EXIT_USAGE,
      `STATE: expected ready, delayed or buried, got ${JSON.stringify(word)}`,
    );
  }
  const known = Object.keys(STATES) as RestingState[];
  return words.length === 0 ? known : known.filter((state) => words.includes(state));
}

/** A state that jobs are listed by. */
export function listedState(word: string): RestingState | "reserved" {
  if (word === "reserved" || Object.hasOwn(STATES, word)) return word as RestingState | "reserved";
  const known = [...Object.keys(STATES), "reserved"].join(", ");
  throw new VerbProblem(EXIT_USAGE, `STATE: expected one of ${known}, got ${JSON.stringify(word)}`);
}
