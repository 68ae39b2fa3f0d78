// A doubly linked list of job rows, through the job table's `place` (the row before) and `peer` (the row after) columns:
// buried jobs in the order of burial, and the run of a queue (see row_queue.ts). Every operation is O(1) and takes no memory.

import type { JobTable } from "./jobs.ts";

/** Marks the place of a row that is in a list, since in a heap a place is a position. Row numbers stay below it. */
const LISTED = 2 ** 30;

export class RowList {
  length = 0;
  /** 0 when the list is empty. */
  first = 0;
  last = 0;
  private readonly jobs: JobTable;

  constructor(jobs: JobTable) {
    this.jobs = jobs;
  }

  /** Whether a row that is in a list or a heap is in a list. */
  static has(jobs: JobTable, row: number): boolean {
    return (jobs.place.get(row) & LISTED) !== 0;
  }

  append(row: number): void {
    const { place, peer } = this.jobs;
    place.set(row, this.last | LISTED);
    peer.set(row, 0);
    if (this.last === 0) this.first = row;
    else peer.set(this.last, row);
    this.last = row;
    this.length++;
  }

  prepend(row: number): void {
    const { place, peer } = this.jobs;
    place.set(row, LISTED);
    peer.set(row, this.first);
    if (this.first === 0) this.last = row;
    else place.set(this.first, row | LISTED);
    this.first = row;
    this.length++;
  }

  remove(row: number): void {
    const { place, peer } = this.jobs;
    const before = this.before(row);
    const after = peer.get(row);
    if (before === 0) this.first = after;
    else peer.set(before, after);
    if (after === 0) this.last = before;
    else place.set(after, before | LISTED);
    this.length--;
  }

  /** The row before one in the list, or 0. */
  before(row: number): number {
    return this.jobs.place.get(row) & ~LISTED;
  }

  /** The row after one in the list, or 0. */
  after(row: number): number {
    return this.jobs.peer.get(row);
  }
}
