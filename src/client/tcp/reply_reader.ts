// Bytes to replies, cut anywhere. What cannot be a reply is a fault of the stream: the connection must not be used again,
// since nobody knows where the next reply begins.

import { MAX_JOB_BYTES_CAP } from "../../core/limits.ts";
import type { Answer } from "../backend.ts";

const CR = 13;
const LF = 10;
/** A reply's line is a word and at most a tube's name of 200 bytes. */
const LONGEST_LINE_BYTES = 300;
const NO_BYTES = new Uint8Array(0);
const LINE = /^([A-Z_]+)(?: (\S+))?(?: (\d+))?$/;

/** What a reply is checked against beside its word. */
export interface Reply extends Answer {
  /** What stands behind the word, as it came. */
  readonly text: string;
}

export class ReplyReader {
  private readonly take: (reply: Reply) => void;
  /** The beginning of a line that was cut. */
  private rest: Uint8Array = NO_BYTES;
  /** The body being received: its reply's line, its bytes with CR LF, how many are there. */
  private word = "";
  private text = "";
  private number = 0;
  private body: Uint8Array | null = null;
  private filled = 0;

  constructor(take: (reply: Reply) => void) {
    this.take = take;
  }

  /** Takes a chunk, which is only lent. False when it is no stream of replies. */
  push(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length) {
      const next = this.body === null ? this.line(chunk, at) : this.fill(chunk, at);
      if (next < 0) return false;
      at = next;
    }
    return true;
  }

  /** Goes on with the body; answers how far it came, -1 when its end is not CR LF. */
  private fill(chunk: Uint8Array, at: number): number {
    const body = this.body!;
    const end = Math.min(chunk.length, at + body.length - this.filled);
    body.set(chunk.subarray(at, end), this.filled);
    this.filled += end - at;
    if (this.filled < body.length) return end;
    const length = body.length - 2;
    if (body[length] !== CR || body[length + 1] !== LF) return -1;
    this.body = null;
    this.take({ word: this.word, text: this.text, number: this.number, bytes: body.subarray(0, length) });
    return end;
  }

  private line(chunk: Uint8Array, at: number): number {
    const lf = chunk.indexOf(LF, at);
    const end = lf < 0 ? chunk.length : lf + 1;
    if (this.rest.length + end - at > LONGEST_LINE_BYTES) return -1;
    if (this.rest.length === 0 && lf >= 0) return this.parse(latin1(chunk, at, end)) ? end : -1;
    const whole = new Uint8Array(this.rest.length + end - at);
    whole.set(this.rest);
    whole.set(chunk.subarray(at, end), this.rest.length);
    this.rest = lf < 0 ? whole : NO_BYTES;
    return lf < 0 || this.parse(latin1(whole, 0, whole.length)) ? end : -1;
  }

  /** A line with its end. False when it is none of a reply. */
  private parse(line: string): boolean {
    if (!line.endsWith("\r\n")) return false;
    const match = LINE.exec(line.slice(0, -2));
    if (match === null) return false;
    const [, word, first = "", second] = match;
    const hasBody = word === "OK" || word === "FOUND" || word === "RESERVED";
    if (hasBody !== (word === "OK" ? first !== "" && second === undefined : second !== undefined)) {
      return false;
    }
    const number = /^\d+$/.test(first) ? Number(first) : 0;
    if (!hasBody) {
      this.take({ word, text: first, number, bytes: null });
      return true;
    }
    const size = word === "OK" ? number : Number(second);
    if (!/^\d+$/.test(first) || size > MAX_JOB_BYTES_CAP) return false;
    this.word = word;
    this.text = first;
    this.number = number;
    this.body = new Uint8Array(size + 2);
    this.filled = 0;
    return true;
  }
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i]);
  return text;
}
