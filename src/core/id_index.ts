// Finds a job's row by its id: open addressing in Robin Hood order, with the id itself as the hash.
//
// Ids are handed out one after the other, so neighbours lie side by side at distance 0: no probing, and a delete stops at
// once. Plain linear probing would see one endless run instead. Slots hold row numbers; 0 means empty, so that a new
// table is fresh zeroed memory that is not touched before it is used.
// Growing and shrinking move a few rows with each insert and remove: never a pause for a rehash of millions.

import { assert } from "./assert.ts";
import { release } from "./columns.ts";
import type { Float64Column } from "./columns.ts";

const SMALLEST_SLOTS = 1024;
/** Rows moved from the old table per insert or remove: it is empty long before the new one is full. */
const MOVED_PER_STEP = 8;

class Table {
  count = 0;
  readonly slots: Uint32Array;
  private readonly mask: number;
  private readonly ids: Float64Column;

  constructor(size: number, ids: Float64Column) {
    this.slots = new Uint32Array(size);
    this.mask = size - 1;
    this.ids = ids;
  }

  get size(): number {
    return this.slots.length;
  }

  find(id: number): number {
    const { slots, mask } = this;
    for (let slot = id & mask, distance = 0;; slot = (slot + 1) & mask, distance++) {
      const row = slots[slot];
      if (row === 0) return 0;
      const found = this.ids.get(row);
      if (found === id) return row;
      if (((slot - found) & mask) < distance) return 0;
    }
  }

  insert(newRow: number): void {
    const { slots, mask } = this;
    let row = newRow;
    let slot = this.ids.get(row) & mask;
    let distance = 0;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask, distance++) {
      const there = slots[slot];
      const itsDistance = (slot - this.ids.get(there)) & mask;
      if (itsDistance < distance) {
        slots[slot] = row;
        row = there;
        distance = itsDistance;
      }
    }
    slots[slot] = row;
    this.count++;
  }

  /** Removes the row with this id; false when it is not here. */
  remove(id: number): boolean {
    const { slots, mask } = this;
    for (let slot = id & mask, distance = 0;; slot = (slot + 1) & mask, distance++) {
      const row = slots[slot];
      if (row === 0) return false;
      const found = this.ids.get(row);
      if (found === id) {
        this.removeAt(slot);
        return true;
      }
      if (((slot - found) & mask) < distance) return false;
    }
  }

  /** Empties a slot and moves the rows behind it one nearer to their own. */
  removeAt(slot: number): void {
    const { slots, mask } = this;
    for (let hole = slot;;) {
      const next = (hole + 1) & mask;
      const row = slots[next];
      if (row === 0 || ((next - this.ids.get(row)) & mask) === 0) {
        slots[hole] = 0;
        this.count--;
        return;
      }
      slots[hole] = row;
      hole = next;
    }
  }
}

export class IdIndex {
  private readonly ids: Float64Column;
  private table: Table;
  /** While the table changes its size: the former one, emptied from slot `moveFrom` on. */
  private former: Table | null = null;
  private moveFrom = 0;

  /** `ids` is the column that holds each row's id. */
  constructor(ids: Float64Column) {
    this.ids = ids;
    this.table = new Table(SMALLEST_SLOTS, ids);
  }

  get count(): number {
    return this.table.count + (this.former?.count ?? 0);
  }

  /** Bytes of the tables. */
  get bytes(): number {
    return 4 * (this.table.size + (this.former?.size ?? 0));
  }

  /** The row of the job with this id, or 0. Any number may be asked for. */
  find(id: number): number {
    const row = this.table.find(id);
    return row !== 0 || this.former === null ? row : this.former.find(id);
  }

  insert(row: number): void {
    if (this.former !== null) this.move();
    else if (this.table.count >= this.table.size * 0.875) this.resize(this.table.size * 2);
    this.table.insert(row);
  }

  /** Takes an id out; it must be in. The row's id must still be readable. */
  remove(id: number): void {
    const removed = this.table.remove(id) || (this.former !== null && this.former.remove(id));
    assert(removed, "an id that is removed was in the index");
    if (this.former !== null) this.move();
    else if (this.table.size > SMALLEST_SLOTS && this.table.count < this.table.size / 8) this.resize(this.table.size / 4);
  }

  private resize(size: number): void {
    this.former = this.table;
    this.moveFrom = 0;
    this.table = new Table(Math.max(size, SMALLEST_SLOTS), this.ids);
    this.move();
  }

  /** Moves some rows over. Empty stretches are passed quickly, so a sparse table is not dragged along for long. */
  private move(): void {
    const former = this.former!;
    const slots = former.slots;
    let moved = 0;
    for (let looked = 0; moved < MOVED_PER_STEP && looked < 64 && former.count > 0; looked++) {
      const row = slots[this.moveFrom];
      if (row === 0) {
        this.moveFrom++;
        continue;
      }
      former.removeAt(this.moveFrom);
      this.table.insert(row);
      moved++;
    }
    if (former.count > 0) return;
    release(former.slots.buffer);
    this.former = null;
  }
}
