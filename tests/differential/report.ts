// A run and its failure in words.
import type { Failure } from "./campaign.ts";
import type { Tally } from "./duel.ts";
import { NOT_COMPARED } from "./differences.ts";
import type { Shrunk } from "./shrink.ts";

const inOrder = (counts: Map<string, number>): string =>
  [...counts].sort(([, a], [, b]) => b - a).map(([key, count]) => `${key} ${count}`).join(", ");

/** What was run: the commands, the replies and what was left out. */
export function summary({ sequences, commands, words, refused }: Tally): string {
  return [
    `${sequences} sequences, ${commands} commands`,
    `replies: ${inOrder(words)}`,
    `steps left out: ${inOrder(refused)}`,
  ].join("\n");
}

/** What differs, the smallest steps that show it and how to run the whole again. */
export function report(failure: Failure, shrunk: Shrunk | undefined): string {
  const { seed, life, contest, difference, sequences } = shrunk ? { ...failure, ...shrunk } : failure;
  return [
    `DIFFERENCE in life ${life} of seed ${seed} (after ${failure.sequences.length} sequences, -z ${contest.maxJobBytes}` +
    `${
      failure.sequences.length > contest.drainAfter ? ", drain mode" : ""
    }): repeat with --seed ${seed} --life ${life}`,
    `to ${JSON.stringify(difference.line)}`,
    shrunk
      ? `smallest form, ${sequences.length} sequence(s), the last with ${
        sequences[sequences.length - 1].length
      } steps:`
      : "not seen again on new servers; as it was run:",
    (shrunk ?? failure).transcript,
    `Not compared by intention: ${Object.keys(NOT_COMPARED).join(", ")} (differences.ts)`,
  ].join("\n");
}
