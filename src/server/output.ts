// A connection's unsent replies: blocks filled one after the other, with pieces of large bodies passed on as they are.
// `flush` sends what it can; a block that the transport holds is left alone until `drained`, and what waits for the
// journal stays until its ticket is reached.

import type { ReplyWriter } from "../protocol/encoder.ts";
import { LONGEST_DECIMAL, writeDecimal } from "../protocol/decimal.ts";
import type { Transport } from "../ports/transport.ts";
import { BlockQueue } from "./block_queue.ts";
import type { Blocks } from "./blocks.ts";

/** Behind less than this, small blocks with a ticket each serve better than a large one, which is taken behind more. */
const FEW_BYTES = 4096;
const NO_BLOCK = new Uint8Array(0);

export class Output implements ReplyWriter {
  private readonly pool: Blocks;
  /** The block being filled, and how far. */
  private block: Uint8Array = NO_BLOCK;
  private filled = 0;
  /** Blocks before it; null until there has been one, since most connections never have more to say than fits a block. */
  private before: BlockQueue | null = null;
  /** What is written now has to wait for. */
  private ticket = 0;
  /** The transport holds the first block. */
  private isHeld = false;

  constructor(pool: Blocks) {
    this.pool = pool;
  }

  /** Bytes written and not yet sent, those held by the transport included. */
  get unsentBytes(): number {
    return this.before === null ? this.filled : this.before.bytes + this.filled;
  }

  /** The transport holds a block; nothing can be sent until it is drained. */
  get isWaitingForDrain(): boolean {
    return this.isHeld;
  }

  /** What is written from here on may only leave when the journal has reached this ticket. */
  hold(ticket: number): void {
    if (ticket <= this.ticket) return;
    this.closeBlock();
    this.ticket = ticket;
  }

  bytes(bytes: Uint8Array): void {
    const end = this.filled + bytes.length;
    if (end > this.block.length) return this.copy(bytes, 0, bytes.length);
    const { block, filled } = this;
    for (let i = 0; i < bytes.length; i++) block[filled + i] = bytes[i];
    this.filled = end;
  }

  copy(source: Uint8Array, from: number, to: number): void {
    let at = from;
    while (at < to) {
      if (this.filled === this.block.length) this.nextBlock(to - at);
      const end = Math.min(to, at + this.block.length - this.filled);
      this.pool.copy(this.block, this.filled, source, at, end);
      this.filled += end - at;
      at = end;
    }
  }

  keep(piece: Uint8Array, length: number): void {
    this.closeBlock();
    this.append(piece, length, false);
  }

  number(value: number): void {
    if (this.block.length - this.filled < LONGEST_DECIMAL) this.nextBlock(LONGEST_DECIMAL);
    this.filled += writeDecimal(this.block, this.filled, value);
  }

  /** Sends as much as the transport takes and the journal has `reached`. True when all is gone. */
  flush(transport: Transport, reached: number): boolean {
    if (this.isHeld) return false;
    const { before } = this;
    while (before !== null && !before.isEmpty) {
      if (before.ticket > reached) return false;
      if (!transport.send(before.block, before.length)) {
        this.isHeld = true;
        return false;
      }
      this.sent(before);
    }
    const { block, filled } = this;
    if (filled === 0) return true;
    if (this.ticket > reached) return false;
    this.block = NO_BLOCK;
    this.filled = 0;
    if (transport.send(block, filled)) {
      this.pool.giveBack(block);
      return true;
    }
    this.append(block, filled, true);
    this.isHeld = true;
    return false;
  }

  /** The transport is done with the block it held. */
  drained(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    this.sent(this.before!);
  }

  /** Nothing more will be sent: what waits is not counted any more. */
  discard(): void {
    if (this.before !== null) this.pool.memory.bufferBytes -= this.before.heldBytes;
    this.before = null;
    this.block = NO_BLOCK;
    this.filled = 0;
    this.isHeld = false;
  }

  private sent(blocks: BlockQueue): void {
    this.pool.memory.bufferBytes -= blocks.block.length;
    if (blocks.isPooled) this.pool.giveBack(blocks.block);
    blocks.shift();
  }

  /** Goes on in a block with room for `more` bytes if there are such; what fills a smaller one moves along: one send. */
  private nextBlock(more: number): void {
    const { block, filled, pool } = this;
    const isAfterMuch = this.before !== null && this.before.bytes >= FEW_BYTES;
    const next = pool.take(isAfterMuch ? Infinity : filled + more);
    if (filled > 0 && block.length < next.length) {
      pool.copy(next, 0, block, 0, filled);
      pool.giveBack(block);
    } else this.closeBlock();
    this.block = next;
  }

  private closeBlock(): void {
    if (this.filled > 0) this.append(this.block, this.filled, true);
    else if (this.block.length > 0) this.pool.giveBack(this.block);
    this.block = NO_BLOCK;
    this.filled = 0;
  }

  private append(block: Uint8Array, length: number, isPooled: boolean): void {
    this.before ??= new BlockQueue();
    this.pool.memory.bufferBytes += block.length;
    this.before.push(block, length, isPooled, this.ticket);
  }
}
