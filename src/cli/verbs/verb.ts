// What a verb is: a word of the command line that does something to a log or a server and ends, beside the server that
// goes on.

import type { Printer } from "../printer.ts";

/** Flags that were said, by their long name without hyphens; one that takes nothing is "". */
export type SaidFlags = ReadonlyMap<string, string>;

export interface Verb {
  readonly name: string;
  /** Its arguments as the usage names them; in brackets what may be left out; the last one may end in "..." for many. */
  readonly takes: readonly string[];
  /** Its flags, and what each takes: null for one that stands alone. Default: none. */
  readonly flags?: Readonly<Record<string, string | null>>;
  /** Does its work; answers the exit code. Throws a {@link VerbProblem} when it cannot. */
  run(args: readonly string[], printer: Printer, flags: SaidFlags): Promise<number>;
}

/** Why a verb cannot do its work: a message without the program's name, and the code to leave with. */
export class VerbProblem extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.name = "VerbProblem";
    this.exitCode = exitCode;
  }
}

/** "1 job", "2 jobs". */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** Whether these words ask for a verb and not for a server: flags begin with a hyphen. */
export function isVerbLine(words: readonly string[]): boolean {
  return words.length > 0 && words[0] !== "" && !words[0].startsWith("-");
}
