// Why a log cannot be opened.

/** locked: another process has it. damaged: it does not verify. foreign: it is not ours. failed: the system said no. */
export type LogProblemCode = "locked" | "damaged" | "foreign" | "failed";

export class LogProblem extends Error {
  readonly code: LogProblemCode;

  constructor(code: LogProblemCode, message: string) {
    super(message);
    this.name = "LogProblem";
    this.code = code;
  }
}
