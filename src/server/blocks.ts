// Buffers for output of three sizes, used again and again: the usual few replies, those of a pipeline, large bodies. A
// connection has none while it has nothing to say.

import { takeBytes } from "../core/allocation.ts";
import { copyBytes } from "../core/copy.ts";
import type { CopyBytes } from "../core/copy.ts";
import { Memory } from "../core/memory.ts";

const SMALL_BYTES = 2048;
const MIDDLE_BYTES = 16_384;
const LARGE_BYTES = 65_536;
/** Spare blocks kept of each size; more than these go to the garbage collector. */
const KEPT_SMALL = 1024;
const KEPT_MIDDLE = 256;
const KEPT_LARGE = 64;

/** Spare blocks of one size. */
class Pool {
  private readonly bytes: number;
  private readonly most: number;
  private readonly spare: Uint8Array[] = [];

  constructor(bytes: number, most: number) {
    this.bytes = bytes;
    this.most = most;
  }

  take(): Uint8Array {
    return this.spare.pop() ?? takeBytes(this.bytes);
  }

  giveBack(block: Uint8Array): void {
    if (this.spare.length < this.most) this.spare.push(block);
  }
}

export class Blocks {
  readonly copy: CopyBytes;
  /** Where bytes of replies that wait are counted. */
  readonly memory: Memory;
  private readonly small = new Pool(SMALL_BYTES, KEPT_SMALL);
  private readonly middle = new Pool(MIDDLE_BYTES, KEPT_MIDDLE);
  private readonly large = new Pool(LARGE_BYTES, KEPT_LARGE);

  /** `copy` is how bytes get into them. */
  constructor(copy: CopyBytes = copyBytes, memory: Memory = new Memory(Infinity)) {
    this.copy = copy;
    this.memory = memory;
  }

  /** A block for so many bytes; the largest there is may be smaller. */
  take(bytes: number): Uint8Array {
    return (bytes <= SMALL_BYTES ? this.small : bytes <= MIDDLE_BYTES ? this.middle : this.large).take();
  }

  giveBack(block: Uint8Array): void {
    if (block.length === SMALL_BYTES) this.small.giveBack(block);
    else if (block.length === MIDDLE_BYTES) this.middle.giveBack(block);
    else this.large.giveBack(block);
  }
}
