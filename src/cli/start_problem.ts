// Why a start cannot go on: a message for stderr (without the program's name) and the code to leave with.

export interface StartProblem {
  readonly kind: "problem";
  readonly problem: string;
  readonly exitCode: number;
}

export function startProblem(exitCode: number, problem: string): StartProblem {
  return { kind: "problem", problem, exitCode };
}

/** What an error thrown by a runtime says, without its stack. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
