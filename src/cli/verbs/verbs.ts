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
import { consoleVerb } from "./queue/console.ts";
import { deleteVerb } from "./queue/delete.ts";
import { jobsVerb } from "./queue/jobs.ts";
import { kickVerb } from "./queue/kick.ts";
import { pauseVerb } from "./queue/pause.ts";
import { peekVerb } from "./queue/peek.ts";
import { putVerb } from "./queue/put.ts";
import { reserveVerb } from "./queue/reserve.ts";
import { topVerb } from "./queue/top.ts";
import { truncateVerb } from "./queue/truncate.ts";
import { tubesVerb } from "./queue/tubes.ts";
import type { SaidFlags, Verb } from "./verb.ts";
import { VerbProblem } from "./verb.ts";

export const VERBS: readonly Verb[] = [
  checkVerb,
  salvageVerb,
  importVerb,
  dumpVerb,
  loadVerb,
  healthVerb,
  topVerb,
  tubesVerb,
  jobsVerb,
  peekVerb,
  putVerb,
  reserveVerb,
  kickVerb,
  pauseVerb,
  truncateVerb,
  deleteVerb,
  consoleVerb,
];

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
    const behind = wordsBehind(verb, rest);
    if (behind === null) {
      usage();
      return EXIT_OK;
    }
    return await verb.run(behind.args, printer, behind.flags);
  } catch (error) {
    const exitCode = exitCodeOf(error);
    printer.warn(`${exitCode === EXIT_USAGE ? "" : `${words[0]}: `}${reasonOf(error)}`);
    if (exitCode === EXIT_USAGE) usage();
    return exitCode;
  }
}

/** What stands behind the verb; null when help is asked for. A word behind "--" is never a flag. */
function wordsBehind(verb: Verb, words: readonly string[]): { args: string[]; flags: SaidFlags } | null {
  const args: string[] = [];
  const flags = new Map<string, string>();
  let areFlagsOver = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    if (areFlagsOver || !word.startsWith("-") || word === "-") args.push(word);
    else if (word === "--") areFlagsOver = true;
    else if (word === "-h" || word === "--help") return null;
    else if (readFlag(verb, flags, word, words[i + 1])) i++;
  }
  checkArguments(verb, args);
  return { args, flags };
}

/** Takes in a flag; whether it has taken the next word as well. */
function readFlag(verb: Verb, flags: Map<string, string>, word: string, next: string | undefined): boolean {
  const at = word.indexOf("=");
  const name = at < 0 ? word.slice(2) : word.slice(2, at);
  if (!word.startsWith("--") || !Object.hasOwn(verb.flags ?? {}, name)) {
    throw usageProblem(verb, `unknown flag: ${word}`);
  }
  const takes = verb.flags![name];
  if (takes === null && at >= 0) throw usageProblem(verb, `--${name} takes no value`);
  if (flags.has(name)) throw usageProblem(verb, `--${name} is said twice`);
  const value = takes === null ? "" : at < 0 ? next : word.slice(at + 1);
  // What looks like a flag is one; a value that begins so can be given behind "=".
  if (value === undefined || (at < 0 && value.startsWith("--"))) {
    throw usageProblem(verb, `--${name}: ${takes} is missing`);
  }
  flags.set(name, value);
  return takes !== null && at < 0;
}

function checkArguments(verb: Verb, args: readonly string[]): void {
  const { takes } = verb;
  const isOpen = takes.at(-1)?.replace("]", "").endsWith("...") ?? false;
  if (args.length > takes.length && !isOpen) {
    throw usageProblem(verb, `unexpected argument: ${args[takes.length]}`);
  }
  args.forEach((arg, i) => {
    const taken = takes[Math.min(i, takes.length - 1)];
    if (arg === "") throw usageProblem(verb, `${taken}: expected ${whatIsMeant(taken)}, got ""`);
  });
  const missing = takes[args.length];
  if (missing !== undefined && !missing.startsWith("[")) throw usageProblem(verb, `${missing} is missing`);
}

function whatIsMeant(taken: string): string {
  return /^\[?(DIR|OUT|FROM|TO|FILE)\]?$/.test(taken) ? "a path" : "a word";
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
