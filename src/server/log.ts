// What the server tells of its connections when asked to (-V, -VV): one line per event, in the reference's form.

import { wordOf } from "../protocol/command.ts";
import type { Command } from "../protocol/command.ts";
import * as out from "../core/outbox.ts";

const REPLY_WORDS: Readonly<Record<number, string>> = {
  [out.INSERTED]: "INSERTED",
  [out.RESERVED_JOB]: "RESERVED",
  [out.FOUND_JOB]: "FOUND",
  [out.USING]: "USING",
  [out.WATCHING]: "WATCHING",
  [out.KICKED_COUNT]: "KICKED",
  [out.DELETED]: "DELETED",
  [out.RELEASED]: "RELEASED",
  [out.BURIED_JOB]: "BURIED",
  [out.TOUCHED]: "TOUCHED",
  [out.KICKED_JOB]: "KICKED",
  [out.PAUSED]: "PAUSED",
  [out.NOT_FOUND]: "NOT_FOUND",
  [out.NOT_IGNORED]: "NOT_IGNORED",
  [out.TIMED_OUT]: "TIMED_OUT",
  [out.DEADLINE_SOON]: "DEADLINE_SOON",
  [out.DRAINING]: "DRAINING",
};

export class ConnectionLog {
  private readonly print: (line: string) => void;
  private readonly withCommands: boolean;

  /** `level` 1 tells of connections coming and going, 2 also of commands and replies. */
  constructor(level: number, print: (line: string) => void) {
    this.print = print;
    this.withCommands = level >= 2;
  }

  accepted(connection: number): void {
    this.print(`accept ${connection}`);
  }

  closed(connection: number): void {
    this.print(`close ${connection}`);
  }

  command(connection: number, command: Command): void {
    if (this.withCommands) this.print(`<${connection} command ${wordOf(command.code)}`);
  }

  /** A reply of the protocol itself, with its CR LF. */
  reply(connection: number, reply: Uint8Array): void {
    if (this.withCommands) this.print(`>${connection} reply ${String.fromCharCode(...reply.subarray(0, -2))}`);
  }

  /** A reply of the engine. */
  engineReply(connection: number, kind: number): void {
    if (this.withCommands) this.print(`>${connection} reply ${REPLY_WORDS[kind] ?? "OK"}`);
  }
}
