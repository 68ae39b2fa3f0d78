// Cells of equal size, cut from slabs: where small bodies live.
//
// A slab is a block of cells of one size class. Freed cells are chained through their own first four bytes. A slab whose
// last cell is freed gives its block back, but for one kept per class. New cells come from the slab that last had one
// freed: it is warm, and the others get a chance to run empty.

import { hasMemoryTo } from "./allocation.ts";
import { assert } from "./assert.ts";
import { CELL_UNIT_BYTES, LARGEST_CELL_BYTES, SLAB_BYTES } from "./limits.ts";
import { Regions } from "./regions.ts";
import type { Block } from "./regions.ts";

/**
 * Cell sizes in bytes: by steps of 8 up to 128, then by quarters of the powers of two and 8 more, since bodies tend to
 * have round sizes and come with their CR LF.
 */
const CELL_SIZES: readonly number[] = cellSizes();
/** Class of a size, by its count of units. */
const CLASS_OF_UNITS: Uint8Array = classOfUnits();

export class Slab {
  readonly number: number;
  readonly cellClass: number;
  readonly block: Block;
  readonly bytes: Uint8Array;
  private readonly words: Uint32Array;
  private readonly cellBytes: number;
  private readonly cells: number;
  /** Byte offset of the first freed cell, plus one; 0 = none. */
  private freed = 0;
  private fresh = 0;
  used = 0;

  constructor(number: number, cellClass: number, block: Block) {
    this.number = number;
    this.cellClass = cellClass;
    this.block = block;
    this.bytes = new Uint8Array(block.buffer, block.at, SLAB_BYTES);
    this.words = new Uint32Array(block.buffer, block.at, SLAB_BYTES / Uint32Array.BYTES_PER_ELEMENT);
    this.cellBytes = CELL_SIZES[cellClass];
    this.cells = Math.floor(SLAB_BYTES / this.cellBytes);
  }

  get isFull(): boolean {
    return this.used === this.cells;
  }

  /** Offset of a free cell; the slab must not be full. */
  take(): number {
    this.used++;
    if (this.freed === 0) return this.fresh++ * this.cellBytes;
    const offset = this.freed - 1;
    this.freed = this.words[offset >>> 2];
    return offset;
  }

  giveBack(offset: number): void {
    this.words[offset >>> 2] = this.freed;
    this.freed = offset + 1;
    this.used--;
  }
}

/** Numbers for slabs and whatever else shares their number space: lowest free one first. */
export class SlabNumbers {
  private readonly limit: number;
  private readonly freed: number[] = [];
  private next = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** A free number, or -1 when all are in use. */
  take(): number {
    if (this.freed.length > 0) return this.freed.pop()!;
    return this.next < this.limit ? this.next++ : -1;
  }

  giveBack(number: number): void {
    this.freed.push(number);
  }
}

export class Slabs {
  /** Bytes of cells in use. */
  usedBytes = 0;
  /** Bytes of all slabs held. */
  heldBytes = 0;
  private readonly numbers: SlabNumbers;
  private readonly regions: Regions = new Regions(SLAB_BYTES);
  private readonly byNumber: (Slab | undefined)[] = [];
  /** Empty slabs, at most one per class: a queue that runs empty again and again does not take and give back each time. */
  private readonly spares: Slab[] = [];
  /** Per class: slabs with room; the last one is taken from. */
  private readonly withRoom: Slab[][] = CELL_SIZES.map(() => []);

  constructor(numbers: SlabNumbers) {
    this.numbers = numbers;
  }

  slab(number: number): Slab {
    return this.byNumber[number]!;
  }

  /** A slab with room for one cell of at least `bytes`, or null when the numbers or the memory have run out. */
  withRoomFor(bytes: number): Slab | null {
    const cellClass = classOf(bytes);
    const candidates = this.withRoom[cellClass];
    return candidates.length > 0 ? candidates[candidates.length - 1] : this.add(cellClass);
  }

  /** Takes a cell from a slab found by {@link withRoomFor}. Returns its offset. */
  takeFrom(slab: Slab): number {
    if (slab.used === 0 && this.spares.length > 0) this.forgetSpare(slab);
    const offset = slab.take();
    this.usedBytes += CELL_SIZES[slab.cellClass];
    if (slab.isFull) this.withRoom[slab.cellClass].pop();
    return offset;
  }

  giveBack(number: number, offset: number): void {
    const slab = this.slab(number);
    const candidates = this.withRoom[slab.cellClass];
    if (slab.isFull) candidates.push(slab);
    slab.giveBack(offset);
    this.usedBytes -= CELL_SIZES[slab.cellClass];
    if (slab.used > 0) return;
    if (candidates.length > 1) this.drop(slab);
    else this.spares.push(slab);
    this.dropLateSpares();
  }

  private add(cellClass: number): Slab | null {
    const number = this.numbers.take();
    if (number < 0) return null;
    let block: Block | null = null;
    if (!hasMemoryTo(() => void (block = this.regions.take()))) {
      this.numbers.giveBack(number);
      return null;
    }
    const slab = new Slab(number, cellClass, block!);
    this.byNumber[number] = slab;
    this.withRoom[cellClass].push(slab);
    this.heldBytes += SLAB_BYTES;
    return slab;
  }

  private forgetSpare(slab: Slab): void {
    const at = this.spares.indexOf(slab);
    if (at >= 0) this.spares.splice(at, 1);
  }

  /** A spare whose place an older region could take is not kept: its own region may run empty. */
  private dropLateSpares(): void {
    const { spares } = this;
    for (let i = spares.length - 1; i >= 0; i--) {
      if (!this.regions.hasRoomBefore(spares[i].block)) continue;
      this.drop(spares[i]);
      spares.splice(i, 1);
    }
  }

  private drop(slab: Slab): void {
    const candidates = this.withRoom[slab.cellClass];
    candidates.splice(candidates.indexOf(slab), 1);
    this.byNumber[slab.number] = undefined;
    this.numbers.giveBack(slab.number);
    this.heldBytes -= SLAB_BYTES;
    this.regions.giveBack(slab.block);
  }
}

/** Bytes that a body of this size takes in a slab. */
export function cellBytesFor(bytes: number): number {
  return CELL_SIZES[classOf(bytes)];
}

function classOf(bytes: number): number {
  return CLASS_OF_UNITS[Math.ceil(bytes / CELL_UNIT_BYTES)];
}

function cellSizes(): number[] {
  const sizes: number[] = [];
  for (let size = CELL_UNIT_BYTES; size <= 128; size += CELL_UNIT_BYTES) sizes.push(size);
  for (let power = 128; power < LARGEST_CELL_BYTES; power *= 2) {
    for (let quarter = 4; quarter < 8; quarter++) {
      const size = power * quarter / 4 + CELL_UNIT_BYTES;
      if (size < LARGEST_CELL_BYTES) sizes.push(size);
    }
  }
  sizes.push(LARGEST_CELL_BYTES);
  assert(sizes.length < 256, "a cell class fits a byte");
  return sizes;
}

function classOfUnits(): Uint8Array {
  const classes = new Uint8Array(LARGEST_CELL_BYTES / CELL_UNIT_BYTES + 1);
  let cellClass = 0;
  for (let units = 0; units < classes.length; units++) {
    if (units * CELL_UNIT_BYTES > CELL_SIZES[cellClass]) cellClass++;
    classes[units] = cellClass;
  }
  return classes;
}
