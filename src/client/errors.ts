// What can go wrong, as a caller sees it. Every error has a stable `code`: the server's own word where the server said no.

/** Words by which a server refuses a command, and what this side adds to them. */
export type ErrorCode =
  | "NOT_FOUND"
  | "NOT_IGNORED"
  | "IN_USE"
  | "BAD_FORMAT"
  | "UNKNOWN_COMMAND"
  | "OUT_OF_MEMORY"
  | "INTERNAL_ERROR"
  | "UNAUTHORIZED"
  | "DRAINING"
  | "JOB_TOO_BIG"
  | "EXPECTED_CRLF"
  | "BURIED"
  | "INVALID_BODY"
  | "DISCONNECTED"
  | "CLOSED"
  | "NOT_PERMITTED"
  | "JOURNAL_FAILED";

/**
 * A command was refused, or could not be carried out.
 *
 * @example
 * ```ts
 * import { Queue, QueueError } from "@runnerbean/runnerbean";
 *
 * await using queue = await Queue.open();
 * try {
 *   await queue.delete(42);
 * } catch (error) {
 *   if (!(error instanceof QueueError) || error.code !== "NOT_FOUND") throw error;
 * }
 * ```
 */
export class QueueError extends Error {
  /** The name of its class. */
  override readonly name: string = "QueueError";
  /** The server's word, or what this side says: see {@link ErrorCode}. */
  readonly code: ErrorCode;

  /** `code` with a sentence about it. */
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The job is not held any more: its ttr ran out, or the connection that held it is gone. It will be, or has been, given to
 * somebody else. `code` is NOT_FOUND when the server said so, DISCONNECTED when its connection broke; in that case a
 * command that was under way may still have been carried out.
 *
 * @example
 * ```ts
 * import { LostLeaseError, Queue } from "@runnerbean/runnerbean";
 *
 * await using queue = await Queue.open();
 * const tube = queue.tube("short");
 * await tube.put("x");
 * const job = (await tube.reserve())!;
 * await job.delete();
 * await job.touch().catch((error) => console.log(error instanceof LostLeaseError)); // true
 * ```
 */
export class LostLeaseError extends QueueError {
  /** The name of its class. */
  override readonly name: string = "LostLeaseError";
  /** The job that was lost. */
  readonly jobId: number;

  /** The job's id and how the loss was noticed. */
  constructor(jobId: number, code: "NOT_FOUND" | "DISCONNECTED") {
    super(
      code,
      code === "NOT_FOUND"
        ? `job ${jobId} is not held any more: it was deleted or its ttr ran out`
        : `job ${jobId} is not held any more: its connection is gone`,
    );
    this.jobId = jobId;
  }
}

/**
 * There is no connection, or it broke before the reply came.
 *
 * @example
 * ```ts
 * import { connect, DisconnectedError } from "@runnerbean/runnerbean/client";
 *
 * const attempt = connect({ host: "127.0.0.1", port: 1 });
 * await attempt.catch((error) => console.log(error instanceof DisconnectedError, error.mayHaveRun)); // true false
 * ```
 */
export class DisconnectedError extends QueueError {
  /** The name of its class. */
  override readonly name: string = "DisconnectedError";
  /** Whether the command had been sent: then nobody knows whether it was carried out. */
  readonly mayHaveRun: boolean;
  /** Why there is no connection. */
  readonly reason: string;

  /** Why there is no connection, and whether the command was on its way. */
  constructor(reason: string, mayHaveRun: boolean) {
    super("DISCONNECTED", mayHaveRun ? `${reason}; the command may have been carried out` : reason);
    this.mayHaveRun = mayHaveRun;
    this.reason = reason;
  }
}

/**
 * The runtime does not let this program do what the queue needs: a permission of Deno, or of Node's `--permission`, was not
 * given. docs/RUNTIMES.md lists what each entry point needs.
 *
 * @example
 * ```ts
 * import { PermissionError, Queue } from "@runnerbean/runnerbean";
 *
 * await using queue = await Queue.open();
 * await queue.listen({ port: 0 }).catch((error) => {
 *   if (error instanceof PermissionError) console.error(`start with ${error.flag}`);
 * });
 * ```
 */
export class PermissionError extends QueueError {
  /** The name of its class. */
  override readonly name: string = "PermissionError";
  /** The flag to start with, such as `--allow-net`; empty when the runtime did not name one. */
  readonly flag: string;

  /** What was to be done, the flag, and the runtime's own error. */
  constructor(what: string, flag: string, cause: Error) {
    const advice = flag === "" || cause.message.includes(flag) ? "" : `; start with ${flag}`;
    super("NOT_PERMITTED", `${what} is not permitted: ${cause.message}${advice}`);
    this.flag = flag;
    this.cause = cause;
  }
}

/**
 * A body is larger than the queue takes.
 *
 * @example
 * ```ts
 * import { JobTooBigError, Queue } from "@runnerbean/runnerbean";
 *
 * await using queue = await Queue.open({ maxJobBytes: 3 });
 * await queue.tube("t").put("three").catch((error) => {
 *   console.log(error instanceof JobTooBigError, error.size, error.limit); // true 5 3
 * });
 * ```
 */
export class JobTooBigError extends QueueError {
  /** The name of its class. */
  override readonly name: string = "JobTooBigError";
  /** Size of the body in bytes. */
  readonly size: number;
  /** What the queue takes at most, in bytes; null when the server does not tell. */
  readonly limit: number | null;

  /** Size and limit in bytes. */
  constructor(size: number, limit: number | null) {
    const most = limit === null ? "more than the server takes" : `and the queue takes at most ${limit}`;
    super("JOB_TOO_BIG", `put: JOB_TOO_BIG, the body has ${size} bytes, ${most}`);
    this.size = size;
    this.limit = limit;
  }
}

/** One fault of a body, as a Standard Schema tells it. */
export interface BodyIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where, from the outside in. */
  readonly path: readonly (string | number)[];
}

/**
 * A body does not fit the schema of its tube, or is no JSON at all.
 *
 * @example
 * ```ts
 * import * as v from "valibot";
 * import { InvalidBodyError, Queue } from "@runnerbean/runnerbean";
 *
 * await using queue = await Queue.open();
 * const sums = queue.tube("sums", v.object({ terms: v.array(v.number()) }));
 * await sums.put({ terms: [1, NaN] }).catch((error) => {
 *   console.log(error instanceof InvalidBodyError, error.path); // true "terms[1]": JSON has no NaN
 * });
 * ```
 */
export class InvalidBodyError extends QueueError {
  /** The name of its class. */
  override readonly name: string = "InvalidBodyError";
  /** All faults. */
  readonly issues: readonly BodyIssue[];
  /** The path of the first fault, such as `to[0].email`; empty for the body as a whole. */
  readonly path: string;
  /** The reserved job with that body, which has been buried; null when a put was refused. */
  readonly jobId: number | null;

  /** The faults, the job that has them if there is one already, and what a schema threw if it did. */
  constructor(tube: string, issues: readonly BodyIssue[], jobId: number | null = null, cause?: unknown) {
    const path = pathText(issues[0]?.path ?? []);
    const where = path === "" ? "the body" : path;
    const which = jobId === null ? `a body for tube ${tube}` : `job ${jobId} in tube ${tube}, now buried,`;
    super("INVALID_BODY", `${which} does not fit: ${where}: ${issues[0]?.message ?? "refused"}`);
    if (cause !== undefined) this.cause = cause;
    this.issues = issues;
    this.path = path;
    this.jobId = jobId;
  }
}

/**
 * Some bodies of a `putMany` were refused; the others are in the queue.
 *
 * @example
 * ```ts
 * import { BatchError, Queue } from "@runnerbean/runnerbean";
 *
 * await using queue = await Queue.open({ maxJobBytes: 3 });
 * await queue.tube("t").putMany(["one", "three"]).catch((error) => {
 *   console.log(error instanceof BatchError, error.code, error.ids); // true "JOB_TOO_BIG" [1, null]
 * });
 * ```
 */
export class BatchError extends QueueError {
  /** The name of its class. */
  override readonly name: string = "BatchError";
  /** For each body its id, or null when it was refused or nobody knows. */
  readonly ids: readonly (number | null)[];

  /** The first refusal, and what became of each body. */
  constructor(first: QueueError, ids: readonly (number | null)[]) {
    const refused = ids.filter((id) => id === null).length;
    super(first.code, `${refused} of ${ids.length} bodies were not put: ${first.message}`);
    this.ids = ids;
  }
}

/** What a refusing word means, for the message. */
const MEANINGS: Readonly<Record<string, string>> = {
  NOT_FOUND: "there is no such job or tube, or it is not in the right state",
  IN_USE: "somebody uses or watches the tube, or holds one of its jobs",
  UNKNOWN_COMMAND: "the server does not have this command",
  OUT_OF_MEMORY: "the queue has no room for it",
  INTERNAL_ERROR: "the server could not carry it out; its log says why",
  UNAUTHORIZED: "the server does not allow it to this token",
  DRAINING: "the queue accepts no more jobs",
  BAD_FORMAT: "the command is not well-formed",
  BURIED: "the server could not keep the job and buried it",
};

/** The error for a word by which a server refuses. */
export function refusal(word: string, command: string): QueueError {
  const meaning = MEANINGS[word];
  return new QueueError(word as ErrorCode, `${command}: ${word}${meaning ? `, ${meaning}` : ""}`);
}

function pathText(path: readonly (string | number)[]): string {
  return path.map((key, i) => typeof key === "number" ? `[${key}]` : i === 0 ? key : `.${key}`).join("");
}
