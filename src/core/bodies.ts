// Where job bodies live: the one seam for memory strategy. A body is written once, piece by piece as it arrives, and read
// any number of times. It has a 32-bit address: the number of a slab and the place in it, or the number of a large body.
//
// Bodies are stored with their CR LF, so that a reply copies one stretch.

import { takeBytes } from "./allocation.ts";
import { CELL_UNIT_BYTES, LARGEST_CELL_BYTES, MAX_SLABS, PIECE_BYTES, SLAB_BYTES } from "./limits.ts";
import { copyBytes } from "./copy.ts";
import type { CopyBytes } from "./copy.ts";
import { cellBytesFor, SlabNumbers, Slabs } from "./slabs.ts";

const UNITS_PER_SLAB = SLAB_BYTES / CELL_UNIT_BYTES;
const SLAB_BITS = Math.log2(UNITS_PER_SLAB);

/** What `allocate` answers when there is no room. */
export const NO_BODY = 0xffff_ffff;

/** Takes a body's bytes, in order. */
export interface BodyReader {
  /** Bytes that must be copied before this call returns. */
  copy(source: Uint8Array, from: number, to: number): void;
  /** Bytes that never change and may be kept; only the first `length` count. */
  keep(piece: Uint8Array, length: number): void;
}

/** A body too large for a slab: pieces that are never changed once full of what arrived, so readers may keep them. */
class LargeBody {
  readonly pieces: Uint8Array[] = [];
  readonly bytes: number;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  pieceAt(index: number): Uint8Array {
    let piece = this.pieces[index];
    if (piece === undefined) {
      piece = takeBytes(Math.min(PIECE_BYTES, this.bytes - index * PIECE_BYTES));
      this.pieces[index] = piece;
    }
    return piece;
  }
}

export class Bodies {
  private readonly numbers = new SlabNumbers(MAX_SLABS);
  private readonly slabs = new Slabs(this.numbers);
  private readonly large = new Map<number, LargeBody>();
  private largeBytes = 0;
  private readonly copy: CopyBytes;

  constructor(copy: CopyBytes = copyBytes) {
    this.copy = copy;
  }

  /** Bytes taken by all bodies, as counted against the memory limit. */
  get usedBytes(): number {
    return this.slabs.usedBytes + this.largeBytes;
  }

  /** Bytes of memory held for bodies, in use or not. */
  get heldBytes(): number {
    return this.slabs.heldBytes + this.largeBytes;
  }

  /** Bytes that a body of this size would take. */
  costOf(bytes: number): number {
    return bytes > LARGEST_CELL_BYTES ? bytes : cellBytesFor(bytes);
  }

  /** Room for a body of `bytes` (CR LF included), or NO_BODY. */
  allocate(bytes: number): number {
    if (bytes > LARGEST_CELL_BYTES) return this.allocateLarge(bytes);
    const slab = this.slabs.withRoomFor(bytes);
    if (slab === null) return NO_BODY;
    return slab.number * UNITS_PER_SLAB + this.slabs.takeFrom(slab) / CELL_UNIT_BYTES;
  }

  free(address: number, bytes: number): void {
    const number = address >>> SLAB_BITS;
    if (bytes <= LARGEST_CELL_BYTES) {
      this.slabs.giveBack(number, offsetOf(address));
      return;
    }
    this.large.delete(number);
    this.numbers.giveBack(number);
    this.largeBytes -= bytes;
  }

  /** Writes `source[from, to)` at byte `at` of a body of `bytes`. */
  write(address: number, bytes: number, at: number, source: Uint8Array, from: number, to: number): void {
    const number = address >>> SLAB_BITS;
    if (bytes <= LARGEST_CELL_BYTES) {
      this.copy(this.slabs.slab(number).bytes, offsetOf(address) + at, source, from, to);
      return;
    }
    const body = this.large.get(number)!;
    while (from < to) {
      const piece = body.pieceAt(Math.floor(at / PIECE_BYTES));
      const offset = at % PIECE_BYTES;
      const count = Math.min(to - from, piece.length - offset);
      this.copy(piece, offset, source, from, from + count);
      from += count;
      at += count;
    }
  }

  /** Hands a whole body to a reader. */
  read(address: number, bytes: number, reader: BodyReader): void {
    const number = address >>> SLAB_BITS;
    if (bytes <= LARGEST_CELL_BYTES) {
      const offset = offsetOf(address);
      reader.copy(this.slabs.slab(number).bytes, offset, offset + bytes);
      return;
    }
    for (const piece of this.large.get(number)!.pieces) reader.keep(piece, piece.length);
  }

  private allocateLarge(bytes: number): number {
    const number = this.numbers.take();
    if (number < 0) return NO_BODY;
    this.large.set(number, new LargeBody(bytes));
    this.largeBytes += bytes;
    return number * UNITS_PER_SLAB;
  }
}

function offsetOf(address: number): number {
  return (address & (UNITS_PER_SLAB - 1)) * CELL_UNIT_BYTES;
}
