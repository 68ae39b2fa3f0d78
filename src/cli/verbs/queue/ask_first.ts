// Destructive verbs ask, on a terminal; elsewhere --yes has to be said.

import process from "node:process";
import { createInterface } from "node:readline/promises";
import { EXIT_USAGE } from "../../exit_codes.ts";
import type { SaidFlags } from "../verb.ts";
import { VerbProblem } from "../verb.ts";

/** Whether to go on: --yes, or a person who answers "y". Throws when there is nobody to ask. */
export async function askFirst(question: string, flags: SaidFlags): Promise<boolean> {
  if (flags.has("yes")) return true;
  if (!process.stdin.isTTY) {
    throw new VerbProblem(EXIT_USAGE, `${question} Say --yes to do it without being asked.`);
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}
