// Buffers for output, used again and again: small ones for the usual few replies, large ones when a pipeline or a large
// body fills them. A connection has none while it has nothing to say.

const SMALL_BYTES = 1024;
const LARGE_BYTES = 65_536;
/** Spare blocks kept for later; more than these go to the garbage collector. */
const KEPT_SMALL = 1024;
const KEPT_LARGE = 64;

export class Blocks {
  private readonly small: Uint8Array[] = [];
  private readonly large: Uint8Array[] = [];

  takeSmall(): Uint8Array {
    return this.small.pop() ?? new Uint8Array(SMALL_BYTES);
  }

  takeLarge(): Uint8Array {
    return this.large.pop() ?? new Uint8Array(LARGE_BYTES);
  }

  giveBack(block: Uint8Array): void {
    if (block.length === SMALL_BYTES) {
      if (this.small.length < KEPT_SMALL) this.small.push(block);
    } else if (this.large.length < KEPT_LARGE) this.large.push(block);
  }
}
