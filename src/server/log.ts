// What the server tells of its connections when asked to (-V, -VV): one line per event, in the reference's form.

import * as out from "../core/outbox.ts";
import { wordOf } from "../protocol/command.ts";
import type { ReplyWriter } from "../protocol/encoder.ts";

const CR = 13;

/** Takes a reply as it is encoded and keeps its first line. */
class FirstLine implements ReplyWriter {
  text = "";
  private isComplete = false;

  bytes(bytes: Uint8Array): void {
    this.copy(bytes, 0, bytes.length);
  }

  copy(source: Uint8Array, from: number, to: number): void {
    for (let i = from; i < to && !this.isComplete; i++) {
      if (source[i] === CR) this.isComplete = true;
      else this.text += String.fromCharCode(source[i]);
    }
  }

  keep(): void {}

  number(value: number): void {
    if (!this.isComplete) this.text += value;
  }
}

export class ConnectionLog {
  private readonly print: (line: string) => void;
  private readonly withCommands: boolean;

  /** `level` 1 tells of connections coming and going, 2 also of commands and replies. */
  constructor(level: number, print: (line: string) => void) {
    this.print = print;
    this.withCommands = level >= 2;
  }

  /** `where`: the address of the peer, as far as it is known. */
  accepted(connection: number, where: string | null): void {
    this.print(`accept ${connection}${where === null ? "" : ` from ${where}`}`);
  }

  closed(connection: number): void {
    this.print(`close ${connection}`);
  }

  /** A line has been read; `code` is 0 for an unknown word. */
  command(connection: number, code: number): void {
    if (this.withCommands) this.print(`<${connection} command ${wordOf(code) || "<unknown>"}`);
  }

  /** A job's body has been received. */
  jobReceived(connection: number, id: number): void {
    if (this.withCommands) this.print(`<${connection} job ${id}`);
  }

  /** A reply; `write` encodes it once more. `jobId` is that of the body that goes with it, or 0. */
  reply(connection: number, write: (writer: ReplyWriter) => void, jobId: number): void {
    if (!this.withCommands) return;
    const line = new FirstLine();
    write(line);
    this.print(`>${connection} reply ${line.text}`);
    if (jobId > 0) this.print(`>${connection} job ${jobId}`);
  }
}

/** Whether replies of this kind carry a job's body. */
export function carriesJob(kind: number): boolean {
  return kind === out.RESERVED_JOB || kind === out.FOUND_JOB;
}
