// What a connection has received and nobody has read yet, in one buffer. Copied out of the runtime's chunks, so that a byte
// of an unfinished head does not keep a chunk of 64 KiB in memory.

import { Buffer } from "node:buffer";

const SMALLEST = 1024;
const NOTHING = Buffer.alloc(0);

export class Input {
  #buffer: Buffer = NOTHING;
  #start = 0;
  #end = 0;
  /** Where the search for the end of a head goes on. */
  #searched = 0;

  /** Unread bytes. */
  get length(): number {
    return this.#end - this.#start;
  }

  append(chunk: Uint8Array): void {
    const needed = this.length + chunk.length;
    if (this.#end + chunk.length > this.#buffer.length) {
      const isRoomy = needed <= this.#buffer.length / 2;
      const target = isRoomy ? this.#buffer : Buffer.allocUnsafeSlow(Math.max(SMALLEST, needed * 2));
      this.#buffer.copy(target, 0, this.#start, this.#end);
      this.#searched -= this.#start;
      this.#end -= this.#start;
      this.#start = 0;
      this.#buffer = target;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Takes empty lines from the start: some clients send one after a body. */
  skipEmptyLines(): void {
    while (this.length >= 2 && this.#buffer[this.#start] === 13 && this.#buffer[this.#start + 1] === 10) {
      this.skip(2);
    }
  }

  /** Takes a head, up to and with its empty line, as latin1 without that; null when its end is not there yet. */
  takeHead(): string | null {
    const from = Math.max(this.#start, this.#searched - 3);
    const found = this.#buffer.subarray(0, this.#end).indexOf("\r\n\r\n", from, "latin1");
    if (found < 0) {
      this.#searched = this.#end;
      return null;
    }
    const text = this.#buffer.toString("latin1", this.#start, found);
    this.skip(found + 4 - this.#start);
    return text;
  }

  /** The byte at a place of the unread ones; -1 when there is none. */
  at(index: number): number {
    return index < this.length ? this.#buffer[this.#start + index] : -1;
  }

  /** Takes up to `most` bytes: a copy. */
  take(most: number): Uint8Array<ArrayBuffer> {
    const length = Math.min(most, this.length);
    const bytes = new Uint8Array(length);
    bytes.set(this.#buffer.subarray(this.#start, this.#start + length));
    this.skip(length);
    return bytes;
  }

  /** Takes up to `most` bytes into the target, from `at` to its end at most. Returns how many. */
  takeInto(target: Uint8Array, at: number, most: number): number {
    const count = Math.min(most, this.length, target.length - at);
    if (count === 1) target[at] = this.#buffer[this.#start];
    else target.set(this.#buffer.subarray(this.#start, this.#start + count), at);
    this.skip(count);
    return count;
  }

  skip(count: number): void {
    this.#start += Math.min(count, this.length);
    this.#searched = this.#start;
    if (this.#start === this.#end) this.clear();
  }

  clear(): void {
    this.#buffer = NOTHING;
    this.#start = this.#end = this.#searched = 0;
  }
}
