// A tube's buried jobs, in the order of burial: a doubly linked list through the job table's `place` (before) and `peer`
// (after) columns. Every operation is O(1).

import type { JobTable } from "./jobs.ts";

export class BuriedList {
  length = 0;
  /** The job buried first, or 0. */
  first = 0;
  private last = 0;
  private readonly jobs: JobTable;

  constructor(jobs: JobTable) {
    this.jobs = jobs;
  }

  append(row: number): void {
    const { place, peer } = this.jobs;
    place.set(row, this.last);
    peer.set(row, 0);
    if (this.last === 0) this.first = row;
    else peer.set(this.last, row);
    this.last = row;
    this.length++;
  }

  remove(row: number): void {
    const { place, peer } = this.jobs;
    const before = place.get(row);
    const after = peer.get(row);
    if (before === 0) this.first = after;
    else peer.set(before, after);
    if (after === 0) this.last = before;
    else place.set(after, before);
    this.length--;
  }
}
