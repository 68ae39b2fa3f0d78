// Why a log cannot be opened.

/** locked: another process has it. damaged: it does not verify. foreign: it is not ours. failed: the system said no. */
export type LogProblemCode = "locked" | "damaged" | "foreign" | "failed";

/** A log cannot be opened; nothing was changed. */
export class LogProblem extends Error {
  /** Why. */
  readonly code: LogProblemCode;

  /** The reason, and a sentence about it. */
  constructor(code: LogProblemCode, message: string) {
    super(message);
    this.name = "LogProblem";
    this.code = code;
  }
}
