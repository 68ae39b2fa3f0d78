// The verbs, and how the command line gets to one.

import { LogProblem } from "../../journal/problem.ts";
import { EXIT_FAILURE, EXIT_LOCK, EXIT_OK, EXIT_USAGE } from "../exit_codes.ts";
import type { Printer } from "../printer.ts";
import { reasonOf } from "../start_problem.ts";
import { checkVerb } from "./check.ts";
import { dumpVerb } from "./dump.ts";
import { healthVerb } from "./health.ts";
import { importVerb } from "./import.ts";
import { loadVerb } from "./load.ts";
import { salvageVerb } from "./salvage.ts";
import type { Verb } from "./verb.ts";
import { VerbProblem } from "./verb.ts";

export const VERBS: readonly Verb[] = [checkVerb, salvageVerb, importVerb, dumpVerb, loadVerb, healthVerb];

/** Runs the verb that the first word names. Answers the exit code; `usage` prints the usage. */
export async function runVerb(
  words: readonly string[],
  printer: Printer,
  usage: () => void,
): Promise<number> {
  try {
    const [name, ...rest] = words;
    const verb = VERBS.find((verb) => verb.name === name);
    if (verb === undefined) {
      const known = VERBS.map((verb) => verb.name).join(", ");
      throw new VerbProblem(EXIT_USAGE, `unknown verb: ${name} (there are ${known})`);
    }
    const args = argumentsOf(verb, rest);
    if (args === null) {
      usage();
      return EXIT_OK;
    }
    return await verb.run(args, printer);
  } catch (error) {
    const exitCode = exitCodeOf(error);
    printer.warn(`${exitCode === EXIT_USAGE ? "" : `${words[0]}: `}${reasonOf(error)}`);
    if (exitCode === EXIT_USAGE) usage();
    return exitCode;
  }
}

/** The arguments behind the verb; null when help is asked for. A word behind "--" is never a flag. */
function argumentsOf(verb: Verb, words: readonly string[]): string[] | null {
  const args: string[] = [];
  let areFlagsOver = false;
  for (const word of words) {
    if (!areFlagsOver && word === "--") areFlagsOver = true;
    else if (!areFlagsOver && (word === "-h" || word === "--help")) return null;
    else if (!areFlagsOver && word.startsWith("-")) throw usageProblem(verb, `unknown flag: ${word}`);
    else if (args.length === verb.takes.length) throw usageProblem(verb, `unexpected argument: ${word}`);
    else if (word === "") throw usageProblem(verb, `${verb.takes[args.length]}: expected a path, got ""`);
    else args.push(word);
  }
  const missing = verb.takes[args.length];
  if (missing !== undefined && !missing.startsWith("[")) throw usageProblem(verb, `${missing} is missing`);
  return args;
}

function usageProblem(verb: Verb, message: string): VerbProblem {
  return new VerbProblem(EXIT_USAGE, `${verb.name}: ${message}`);
}

/** A system's error has a code; what has none is a bug and is shown as one. */
function exitCodeOf(error: unknown): number {
  if (error instanceof VerbProblem) return error.exitCode;
  if (error instanceof LogProblem) return error.code === "locked" ? EXIT_LOCK : EXIT_FAILURE;
  if ((error as { code?: unknown }).code === undefined) throw error;
  return EXIT_FAILURE;
}
