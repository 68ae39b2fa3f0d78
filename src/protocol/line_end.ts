// The last bytes of a line that is too long to be kept, which comes in pieces.

import { endsInHttpVersion } from "./http_line.ts";

/** An HTTP version, and the blanks that somebody may put behind it. */
const KEPT_BYTES = 64;
const LF = 0x0a;

export class LineEnd {
  private readonly bytes = new Uint8Array(KEPT_BYTES);
  private length = 0;
  private isOver = false;

  /** The next `bytes[from, to)` of the line; what comes behind an LF does not count. */
  read(bytes: Uint8Array, from: number, to: number): void {
    if (this.isOver) return;
    const lf = bytes.subarray(from, to).indexOf(LF);
    this.isOver = lf >= 0;
    const end = this.isOver ? from + lf : to;
    const added = Math.min(end - from, KEPT_BYTES);
    const kept = Math.min(this.length, KEPT_BYTES - added);
    this.bytes.copyWithin(0, this.length - kept, this.length);
    this.bytes.set(bytes.subarray(end - added, end), kept);
    this.length = kept + added;
  }

  /** Whether the line ends as an HTTP request line does. */
  get isHttpVersion(): boolean {
    return endsInHttpVersion(this.bytes, 0, this.length);
  }
}
