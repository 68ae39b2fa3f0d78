// What replies a command may have, and what becomes of them.

import type { Answer, PutResult } from "../backend.ts";
import type { DisconnectedError } from "../errors.ts";
import type { Reply } from "./reply_reader.ts";
import { COMMON_REFUSALS } from "./wire.ts";
import type { Reception } from "./wire.ts";

/** The replies of each command beside the common refusals. */
const REPLIES: Readonly<Record<string, readonly string[]>> = {
  auth: ["AUTHENTICATED"],
  put: ["INSERTED", "BURIED", "EXPECTED_CRLF", "JOB_TOO_BIG", "DRAINING"],
  use: ["USING"],
  watch: ["WATCHING"],
  ignore: ["WATCHING", "NOT_IGNORED"],
  "reserve-with-timeout": ["RESERVED", "TIMED_OUT", "DEADLINE_SOON"],
  delete: ["DELETED", "NOT_FOUND"],
  release: ["RELEASED", "BURIED", "NOT_FOUND"],
  bury: ["BURIED", "NOT_FOUND"],
  touch: ["TOUCHED", "NOT_FOUND"],
  kick: ["KICKED"],
  "kick-job": ["KICKED", "NOT_FOUND"],
  peek: ["FOUND", "NOT_FOUND"],
  "peek-ready": ["FOUND", "NOT_FOUND"],
  "peek-delayed": ["FOUND", "NOT_FOUND"],
  "peek-buried": ["FOUND", "NOT_FOUND"],
  "pause-tube": ["PAUSED", "NOT_FOUND"],
  stats: ["OK"],
  "stats-job": ["OK", "NOT_FOUND"],
  "stats-tube": ["OK", "NOT_FOUND"],
  "list-tubes": ["OK"],
  "list-tube-used": ["USING"],
  truncate: ["TRUNCATED", "NOT_FOUND"],
  "delete-tube": ["DELETED", "NOT_FOUND", "IN_USE"],
  "list-jobs": ["OK", "NOT_FOUND"],
  capabilities: ["OK"],
  ping: ["PONG"],
  drain: ["DRAIN"],
};

/** Whether a command may be answered so. */
function fits(command: string, reply: Reply): boolean {
  return REPLIES[command]?.includes(reply.word) === true || COMMON_REFUSALS.has(reply.word);
}

/** Whether a command changes nothing, so that it may be asked again. */
export function isReading(line: string): boolean {
  return /^(?:peek|stats|list|ping|capabilities)/.test(line);
}

/** One command, one promise. */
export class OneReply implements Reception {
  readonly reply: Promise<Answer>;
  private readonly command: string;
  private readonly argument: string;
  private resolve!: (answer: Answer) => void;
  private reject!: (error: DisconnectedError) => void;

  constructor(line: string) {
    [this.command, this.argument = ""] = line.split(" ");
    this.reply = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  answered(reply: Reply): boolean {
    if (!fits(this.command, reply)) return false;
    // A peeked job is the one that was asked for, and a kicked one has no count while a kick has.
    if (this.command === "peek" && reply.word === "FOUND" && reply.text !== this.argument) return false;
    if (reply.word === "KICKED" && (reply.text === "") !== (this.command === "kick-job")) return false;
    this.resolve(reply);
    return true;
  }

  failed(error: DisconnectedError): void {
    this.reject(error);
  }
}

/**
 * `use` before a command: its reply must name the tube, or nobody knows where the command went. A server that does not
 * allow the tube refuses what follows, too.
 */
export class UsingReply implements Reception {
  private readonly tube: string;

  constructor(tube: string) {
    this.tube = tube;
  }

  answered(reply: Reply): boolean {
    return (reply.word === "USING" && reply.text === this.tube) || reply.word === "UNAUTHORIZED";
  }

  failed(): void {}
}

/** Many commands of one kind in a row, and one promise. */
export class ManyReplies implements Reception {
  readonly done: Promise<void>;
  private readonly command: string;
  private readonly each: (reply: Reply) => void;
  private left: number;
  private resolve!: () => void;
  private reject!: (error: DisconnectedError) => void;

  /** Calls `each` with the replies in order; `done` when there were `count`. */
  constructor(command: string, count: number, each: (reply: Reply) => void) {
    this.command = command;
    this.each = each;
    this.left = count;
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  answered(reply: Reply): boolean {
    if (!fits(this.command, reply)) return false;
    this.each(reply);
    if (--this.left === 0) this.resolve();
    return true;
  }

  failed(error: DisconnectedError): void {
    this.reject(error);
  }
}

/** What a put's reply comes to. */
export function putResult(reply: Reply): PutResult {
  return reply.word === "INSERTED" ? reply.number : reply.word;
}
