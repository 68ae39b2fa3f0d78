// A doubly linked list of job rows, through the job table's `place` (the row before) and `after` columns:
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
    const { place, after } = this.jobs;
    place.set(row, this.last | LISTED);
    after.set(row, 0);
    if (this.last === 0) this.first = row;
    else after.set(this.last, row);
    this.last = row;
    this.length++;
  }

  prepend(row: number): void {
    const { place, after } = this.jobs;
    place.set(row, LISTED);
    after.set(row, this.first);
    if (this.first === 0) this.last = row;
    else place.set(this.first, row | LISTED);
    this.first = row;
    this.length++;
  }

  /** Puts a row behind one that is in the list and not its last. */
  insertAfter(before: number, row: number): void {
    const { place, after } = this.jobs;
    const next = after.get(before);
    place.set(row, before | LISTED);
    after.set(row, next);
    after.set(before, row);
    place.set(next, row | LISTED);
    this.length++;
  }

  remove(row: number): void {
    const { place, after } = this.jobs;
    const before = this.before(row);
    const next = after.get(row);
    if (before === 0) this.first = next;
    else after.set(before, next);
    if (next === 0) this.last = before;
    else place.set(next, before | LISTED);
    this.length--;
  }

  /** Takes off the first row of a list that nothing is added to any more; there must be one. */
  takeFirst(): number {
    const row = this.first;
    this.first = this.jobs.after.get(row);
    this.length--;
    return row;
  }

  /** The row before one in the list, or 0. */
  before(row: number): number {
    return this.jobs.place.get(row) & ~LISTED;
  }

  /** The row after one in the list, or 0. */
  after(row: number): number {
    return this.jobs.after.get(row);
  }
}
