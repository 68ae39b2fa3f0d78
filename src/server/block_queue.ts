// Blocks of output that wait their turn, first in, first out. Parallel lists that are used again: no object per block.

export class BlockQueue {
  /** Bytes in all blocks of the queue. */
  bytes = 0;
  /** Bytes of the blocks themselves, full or not. */
  heldBytes = 0;
  private readonly blocks: Uint8Array[] = [];
  private readonly lengths: number[] = [];
  /** Whether a block came from the pool; a body's piece did not. */
  private readonly pooled: boolean[] = [];
  /** What each block waits for. */
  private readonly tickets: number[] = [];
  private head = 0;

  get isEmpty(): boolean {
    return this.head === this.blocks.length;
  }

  push(block: Uint8Array, length: number, isPooled: boolean, ticket: number): void {
    this.bytes += length;
    this.heldBytes += block.length;
    this.blocks.push(block);
    this.lengths.push(length);
    this.pooled.push(isPooled);
    this.tickets.push(ticket);
  }

  // Of the first block; there must be one.

  get block(): Uint8Array {
    return this.blocks[this.head];
  }
  get length(): number {
    return this.lengths[this.head];
  }
  get isPooled(): boolean {
    return this.pooled[this.head];
  }
  get ticket(): number {
    return this.tickets[this.head];
  }

  /** Takes the first block off. */
  shift(): void {
    this.bytes -= this.length;
    this.heldBytes -= this.block.length;
    this.head++;
    if (!this.isEmpty) return;
    this.blocks.length =
      this.lengths.length =
      this.pooled.length =
      this.tickets.length =
      this.head =
        0;
  }
}
