// Finds a leaf of the id index by its block number: open addressing in Robin Hood order.
//
// Block numbers are scattered by a multiplication that spreads neighbours evenly. (With the number itself as the hash,
// neighbours form one endless run as soon as the numbers lap the table, and each insert shifts all of it.)
// Growing and shrinking move a few leaves with each insert and remove: never a pause for a rehash of many.
// Slots hold leaf numbers; 0 means empty, so that a new table is fresh zeroed memory, not touched before it is used.

import { hasMemoryTo, takeWords } from "./allocation.ts";
import { assert } from "./assert.ts";
import type { Float64Column } from "./columns.ts";
import { release } from "./regions.ts";

const SMALLEST_SLOTS = 256;
/** A table fuller than this grows, one emptier than the second shrinks. */
const FULLEST = 0.8;
const EMPTIEST = 0.1;
/** Leaves moved from the old table per insert or remove: it is empty long before the new one is full. */
const MOVED_PER_STEP = 8;
/** Empty slots passed over per step, so that a sparse table is not dragged along for long. */
const LOOKED_PER_STEP = 64;

/** 2^32 divided by the golden ratio, odd. */
const GOLDEN = 0x9e3779b1;
const HIGH_PART = 2 ** 32;

class Table {
  count = 0;
  readonly slots: Uint32Array;
  private readonly mask: number;
  private readonly shift: number;
  private readonly blocks: Float64Column;

  constructor(size: number, blocks: Float64Column) {
    this.slots = takeWords(size);
    this.mask = size - 1;
    this.shift = 32 - Math.log2(size);
    this.blocks = blocks;
  }

  get size(): number {
    return this.slots.length;
  }

  /** The slot of a block's leaf, or -1. */
  slotOf(block: number): number {
    const { slots, mask } = this;
    let slot = this.home(block);
    for (let distance = 0;; distance++) {
      const leaf = slots[slot];
      if (leaf === 0) return -1;
      const found = this.blocks.get(leaf);
      if (found === block) return slot;
      if (((slot - this.home(found)) & mask) < distance) return -1;
      slot = (slot + 1) & mask;
    }
  }

  insert(newLeaf: number): void {
    const { slots, mask } = this;
    let leaf = newLeaf;
    let slot = this.home(this.blocks.get(leaf));
    for (let distance = 0; slots[slot] !== 0; distance++) {
      const there = slots[slot];
      const itsDistance = (slot - this.home(this.blocks.get(there))) & mask;
      if (itsDistance < distance) {
        slots[slot] = leaf;
        leaf = there;
        distance = itsDistance;
      }
      slot = (slot + 1) & mask;
    }
    slots[slot] = leaf;
    this.count++;
  }

  /** Empties a slot and moves the leaves behind it one nearer to their own. */
  removeAt(slot: number): void {
    const { slots, mask } = this;
    this.count--;
    for (let hole = slot;;) {
      const next = (hole + 1) & mask;
      const leaf = slots[next];
      if (leaf === 0 || this.home(this.blocks.get(leaf)) === next) {
        slots[hole] = 0;
        return;
      }
      slots[hole] = leaf;
      hole = next;
    }
  }

  private home(block: number): number {
    return Math.imul(block ^ Math.imul(block / HIGH_PART, 0x85ebca6b), GOLDEN) >>> this.shift;
  }
}

export class BlockDirectory {
  private readonly blocks: Float64Column;
  private table: Table;
  /** While the table changes its size: the former one, emptied from slot `moveFrom` on. */
  private former: Table | null = null;
  private moveFrom = 0;

  /** `blocks` is the column that holds each leaf's block number. */
  constructor(blocks: Float64Column) {
    this.blocks = blocks;
    this.table = new Table(SMALLEST_SLOTS, blocks);
  }

  /** Bytes of the tables. */
  get bytes(): number {
    return 4 * (this.table.size + (this.former?.size ?? 0));
  }

  /** The leaf of a block, or 0. */
  find(block: number): number {
    const slot = this.table.slotOf(block);
    if (slot >= 0) return this.table.slots[slot];
    if (this.former === null) return 0;
    const formerSlot = this.former.slotOf(block);
    return formerSlot < 0 ? 0 : this.former.slots[formerSlot];
  }

  /** Throws a RangeError when it is full and there is no memory for more; nothing has changed then. */
  insert(leaf: number): void {
    if (this.former !== null) this.move();
    else if (this.table.count >= this.table.size * FULLEST) this.resize(this.table.size * 2);
    // A search must meet an empty slot.
    if (this.table.count + 1 >= this.table.size) throw new RangeError("no memory for a larger directory");
    this.table.insert(leaf);
  }

  /** Takes a block out; it must be in, and its leaf's number still readable. */
  remove(block: number): void {
    const slot = this.table.slotOf(block);
    if (slot >= 0) this.table.removeAt(slot);
    else this.removeFromFormer(block);
    if (this.former !== null) this.move();
    else if (this.table.size > SMALLEST_SLOTS && this.table.count < this.table.size * EMPTIEST) {
      this.resize(Math.max(SMALLEST_SLOTS, this.table.size / 4));
    }
  }

  private removeFromFormer(block: number): void {
    const slot = this.former === null ? -1 : this.former.slotOf(block);
    assert(slot >= 0, "a block that is removed was in the directory");
    this.former!.removeAt(slot);
  }

  /** Without memory the table stays as it is, and the next insert or remove tries again. */
  private resize(size: number): void {
    let table: Table | null = null;
    if (!hasMemoryTo(() => void (table = new Table(size, this.blocks)))) return;
    this.former = this.table;
    this.moveFrom = 0;
    this.table = table!;
    this.move();
  }

  private move(): void {
    const former = this.former!;
    let moved = 0;
    for (let looked = 0; moved < MOVED_PER_STEP && looked < LOOKED_PER_STEP && former.count > 0; looked++) {
      const leaf = former.slots[this.moveFrom];
      if (leaf === 0) {
        this.moveFrom++;
        continue;
      }
      former.removeAt(this.moveFrom);
      this.table.insert(leaf);
      moved++;
    }
    if (former.count > 0) return;
    release(former.slots.buffer);
    this.former = null;
  }
}
