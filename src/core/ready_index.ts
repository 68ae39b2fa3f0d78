// For a session that watches many tubes: a heap of those watches whose tube has a job to give, best job first. A reserve
// takes the first, whatever the number of watches. The heap compares the tubes' first jobs as they are now, so it must be
// told at once when a tube's first job changes: see Places.refresh.

import type { JobTable } from "./jobs.ts";
import type { Watch } from "./waiters.ts";

export class ReadyIndex {
  private readonly jobs: JobTable;
  /** A binary heap; each watch knows its position. */
  private readonly heap: Watch[] = [];
  private isClosed = false;

  constructor(jobs: JobTable) {
    this.jobs = jobs;
  }

  /** How many of the watched tubes have a job to give. For inspection. */
  get length(): number {
    return this.heap.length;
  }

  /** The row of the best job, or 0. */
  get best(): number {
    return this.heap.length === 0 ? 0 : this.heap[0].tube.ready.first;
  }

  /** The watch's tube has another first job than before, or may give none any more. */
  update(watch: Watch): void {
    if (this.isClosed) return;
    const { tube } = watch;
    if (tube.ready.length === 0 || tube.isPaused) return this.remove(watch);
    if (watch.indexPlace < 0) {
      watch.indexPlace = this.heap.length;
      this.heap.push(watch);
    }
    this.siftUp(watch);
    this.siftDown(watch);
  }

  /** Takes a watch out, if it is in. */
  remove(watch: Watch): void {
    const place = watch.indexPlace;
    if (place < 0 || this.isClosed) return;
    watch.indexPlace = -1;
    const last = this.heap.pop()!;
    if (last === watch) return;
    last.indexPlace = place;
    this.heap[place] = last;
    this.siftUp(last);
    this.siftDown(last);
  }

  /** The session is closed: nothing is kept any more. */
  close(): void {
    this.isClosed = true;
    this.heap.length = 0;
  }

  private siftUp(watch: Watch): void {
    const { heap } = this;
    let place = watch.indexPlace;
    while (place > 0) {
      const above = heap[(place - 1) >>> 1];
      if (!this.isBefore(watch, above)) break;
      heap[place] = above;
      above.indexPlace = place;
      place = (place - 1) >>> 1;
    }
    heap[place] = watch;
    watch.indexPlace = place;
  }

  private siftDown(watch: Watch): void {
    const { heap } = this;
    let place = watch.indexPlace;
    for (let child = 2 * place + 1; child < heap.length; child = 2 * place + 1) {
      if (child + 1 < heap.length && this.isBefore(heap[child + 1], heap[child])) child++;
      if (!this.isBefore(heap[child], watch)) break;
      heap[place] = heap[child];
      heap[place].indexPlace = place;
      place = child;
    }
    heap[place] = watch;
    watch.indexPlace = place;
  }

  private isBefore(a: Watch, b: Watch): boolean {
    return this.jobs.isBetter(a.tube.ready.first, b.tube.ready.first);
  }
}
