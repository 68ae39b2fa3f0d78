// Whether a body contains some bytes (Horspool's search), where it lies: nothing is copied but the seams of large bodies.

import type { BodyReader } from "../../core/bodies.ts";

export class BodySearch implements BodyReader {
  isFound = false;
  private readonly needle: Uint8Array;
  /** How far the needle may move on for each byte under its end. */
  private readonly shift: Uint32Array = new Uint32Array(256);
  /** The end of the piece before, and the beginning of this one. */
  private readonly seam: Uint8Array;
  private seamLength = 0;
  /** Bytes of the body that are left: its CR LF does not count. */
  private left = 0;

  constructor(needle: Uint8Array) {
    this.needle = needle;
    this.shift.fill(needle.length);
    for (let i = 0; i < needle.length - 1; i++) this.shift[needle[i]] = needle.length - 1 - i;
    this.seam = new Uint8Array(2 * needle.length);
  }

  /** Before each body, of so many bytes without its CR LF. */
  begin(bytes: number): void {
    this.isFound = this.needle.length === 0;
    this.left = bytes;
    this.seamLength = 0;
  }

  copy(source: Uint8Array, from: number, to: number): void {
    const end = Math.min(to, from + this.left);
    this.left -= end - from;
    if (this.isFound) return;
    const overlap = this.needle.length - 1;
    if (this.seamLength > 0) {
      const head = Math.min(overlap, end - from);
      this.seam.set(source.subarray(from, from + head), this.seamLength);
      this.isFound = this.contains(this.seam, 0, this.seamLength + head);
    }
    this.isFound ||= this.contains(source, from, end);
    if (this.left > 0 && !this.isFound) this.keepEnd(source, from, end, overlap);
  }

  keep(piece: Uint8Array, length: number): void {
    this.copy(piece, 0, length);
  }

  private keepEnd(source: Uint8Array, from: number, end: number, overlap: number): void {
    const length = end - from;
    if (length >= overlap) {
      this.seam.set(source.subarray(end - overlap, end));
      this.seamLength = overlap;
      return;
    }
    // A short piece: it stands in the seam behind the one before already, or is the first.
    if (this.seamLength === 0) this.seam.set(source.subarray(from, end));
    const together = this.seamLength + length;
    const kept = Math.min(overlap, together);
    this.seam.copyWithin(0, together - kept, together);
    this.seamLength = kept;
  }

  private contains(source: Uint8Array, from: number, to: number): boolean {
    const { needle, shift } = this;
    const last = needle.length - 1;
    for (let end = from + last; end < to; end += shift[source[end]]) {
      let i = last;
      while (i >= 0 && source[end - last + i] === needle[i]) i--;
      if (i < 0) return true;
    }
    return false;
  }
}
