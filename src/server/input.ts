// Bytes of a connection that have come but may not be run yet: it is blocked in a reserve, has had its share of the turn,
// or does not read its replies.

import { takeBytes } from "../core/allocation.ts";
import type { Memory } from "../core/memory.ts";

/** What a connection without kept input has: one for all, since an empty array costs a few hundred bytes. */
const NOTHING = new Uint8Array(0);

export class Input {
  private readonly memory: Memory;
  private bytes: Uint8Array = NOTHING;
  private from = 0;
  private to = 0;

  /** `memory`: where what is kept is counted. */
  constructor(memory: Memory) {
    this.memory = memory;
  }

  get length(): number {
    return this.to - this.from;
  }

  /** The bytes kept; valid until the next call. */
  view(): Uint8Array {
    return this.bytes.subarray(this.from, this.to);
  }

  /** Forgets the first `count` bytes. */
  consume(count: number): void {
    this.from += count;
    if (this.from < this.to) return;
    this.memory.bufferBytes -= this.bytes.length;
    this.bytes = NOTHING;
    this.from = this.to = 0;
  }

  append(chunk: Uint8Array, from: number, to: number): void {
    const added = to - from;
    if (this.to + added > this.bytes.length) {
      const bigger = takeBytes(Math.max(this.length + added, 2 * this.length));
      bigger.set(this.view());
      this.memory.bufferBytes += bigger.length - this.bytes.length;
      this.to = this.length;
      this.from = 0;
      this.bytes = bigger;
    }
    this.bytes.set(chunk.subarray(from, to), this.to);
    this.to += added;
  }
}
