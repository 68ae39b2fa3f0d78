// Binary heaps of job rows. Each heap keeps every row's position in the table's `place` column, so that a job anywhere in
// a heap is taken out in O(log n) without a search.

import type { JobTable } from "./jobs.ts";
import { RowVector } from "./row_vector.ts";

export abstract class RowHeap {
  protected readonly jobs: JobTable;
  private readonly rows = new RowVector();

  constructor(jobs: JobTable) {
    this.jobs = jobs;
  }

  get length(): number {
    return this.rows.length;
  }

  /** The first row, or 0 when the heap is empty. */
  get first(): number {
    return this.rows.length === 0 ? 0 : this.rows.get(0);
  }

  /** The row at a position; the order within a heap has no meaning beyond the first. For inspection. */
  at(position: number): number {
    return this.rows.get(position);
  }

  push(row: number): void {
    this.rows.push(row);
    this.siftUp(this.rows.length - 1, row);
  }

  /** Takes a row out; it must be in this heap. */
  remove(row: number): void {
    const position = this.jobs.place.get(row);
    const last = this.rows.pop();
    if (last === row) return;
    if (position > 0 && this.before(last, this.rows.get((position - 1) >>> 1))) this.siftUp(position, last);
    else this.siftDown(position, last);
  }

  /** Takes off any row; there must be one. Cost: O(1), and the heap stays one. */
  takeLast(): number {
    return this.rows.pop();
  }

  /** Whether row a must come out before row b. */
  abstract before(a: number, b: number): boolean;

  private siftUp(from: number, row: number): void {
    const { rows } = this;
    const { place } = this.jobs;
    let position = from;
    while (position > 0) {
      const parent = (position - 1) >>> 1;
      const above = rows.get(parent);
      if (!this.before(row, above)) break;
      rows.set(position, above);
      place.set(above, position);
      position = parent;
    }
    rows.set(position, row);
    place.set(row, position);
  }

  private siftDown(from: number, row: number): void {
    const { rows } = this;
    const { place } = this.jobs;
    const { length } = rows;
    let position = from;
    for (let child = 2 * position + 1; child < length; child = 2 * position + 1) {
      let below = rows.get(child);
      if (child + 1 < length) {
        const right = rows.get(child + 1);
        if (this.before(right, below)) {
          below = right;
          child++;
        }
      }
      if (!this.before(below, row)) break;
      rows.set(position, below);
      place.set(below, position);
      position = child;
    }
    rows.set(position, row);
    place.set(row, position);
  }
}

/** Smallest priority first, then smallest id. */
export class ReadyHeap extends RowHeap {
  override before(a: number, b: number): boolean {
    const { pri, id } = this.jobs;
    const priA = pri.get(a);
    const priB = pri.get(b);
    return priA !== priB ? priA < priB : id.get(a) < id.get(b);
  }
}

/** Soonest deadline first, then smallest id. */
export class DeadlineHeap extends RowHeap {
  override before(a: number, b: number): boolean {
    const { deadlineAt, id } = this.jobs;
    const atA = deadlineAt.get(a);
    const atB = deadlineAt.get(b);
    return atA !== atB ? atA < atB : id.get(a) < id.get(b);
  }
}
