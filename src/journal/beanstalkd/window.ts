// A file seen through a window that moves forward: memory is bounded by the largest record, not by the file.

import type { OpenFile } from "../../ports/files.ts";

const WINDOW_BYTES = 1_048_576;

export class Window {
  bytes: Uint8Array;
  view: DataView;
  /** Of the file when it was opened. */
  readonly size: number;
  private readonly file: OpenFile;
  private start = 0;
  private filled = 0;

  constructor(file: OpenFile) {
    this.file = file;
    this.size = file.size;
    this.bytes = new Uint8Array(Math.min(WINDOW_BYTES, Math.max(this.size, 1)));
    this.view = new DataView(this.bytes.buffer);
  }

  /** Brings `length` bytes of the file from `at` on into view; answers where in `bytes` they begin, -1 if they are not there. */
  reach(at: number, length: number): number {
    if (at + length > this.size) return -1;
    if (at >= this.start && at + length <= this.start + this.filled) return at - this.start;
    if (length > this.bytes.length) {
      this.bytes = new Uint8Array(length);
      this.view = new DataView(this.bytes.buffer);
    }
    this.start = at;
    this.filled = this.file.read(this.bytes, at);
    return this.filled >= length ? 0 : -1;
  }

  /** The offset behind the last byte that is not zero; `from` if there is none from there on. */
  endOfContent(from: number): number {
    let end = from;
    for (let at = from; at < this.size;) {
      const length = Math.min(this.bytes.length, this.size - at);
      const start = this.reach(at, length);
      if (start < 0) break;
      for (let i = length - 1; i >= 0; i--) {
        if (this.bytes[start + i] === 0) continue;
        end = at + i + 1;
        break;
      }
      at += length;
    }
    return end;
  }
}
