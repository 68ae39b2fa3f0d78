// A tube's ready or delayed jobs, or a session's reserved ones, best first. Jobs mostly come in order: with one priority, one
// delay or one ttr, each new job is the last. Those form a run, a linked list, and cost O(1) however many there are; the
// others go to a heap. The first job is the better of the run's and the heap's.

import { passUnlessOutOfMemory } from "./allocation.ts";
import { DeadlineHeap, ReadyHeap } from "./heap.ts";
import type { RowHeap } from "./heap.ts";
import type { JobTable } from "./jobs.ts";
import { RowList } from "./row_list.ts";

export abstract class RowQueue {
  protected readonly jobs: JobTable;
  /** In order; what is in neither the run nor the heap is not in the queue. */
  readonly run: RowList;
  readonly heap: RowHeap;

  constructor(jobs: JobTable, heap: RowHeap) {
    this.jobs = jobs;
    this.run = new RowList(jobs);
    this.heap = heap;
  }

  get length(): number {
    return this.run.length + this.heap.length;
  }

  /** The best row, or 0 when the queue is empty. */
  get first(): number {
    const { run, heap } = this;
    if (heap.length === 0) return run.first;
    return run.length === 0 || heap.before(heap.first, run.first) ? heap.first : run.first;
  }

  push(row: number): void {
    const { run, heap } = this;
    if (run.length === 0 || heap.before(run.last, row)) run.append(row);
    else if (heap.before(row, run.first)) run.prepend(row);
    else this.pushInHeap(row);
  }

  /** Without memory for the heap the row goes to its place in the run, which is looked for: slow, but it needs none. */
  private pushInHeap(row: number): void {
    const { run, heap } = this;
    try {
      heap.push(row);
    } catch (error) {
      passUnlessOutOfMemory(error);
      let before = run.last;
      while (heap.before(row, before)) before = run.before(before);
      run.insertAfter(before, row);
    }
  }

  /** Takes a row out; it must be in this queue. */
  remove(row: number): void {
    if (RowList.has(this.jobs, row)) this.run.remove(row);
    else this.heap.remove(row);
  }

  /** Takes any row off a queue that nothing is added to any more; there must be one. */
  takeAny(): number {
    return this.heap.length > 0 ? this.heap.takeLast() : this.run.takeFirst();
  }

  /** Calls back with each row, in no order. */
  each(visit: (row: number) => void): void {
    for (let row = this.run.first; row !== 0; row = this.run.after(row)) visit(row);
    for (let i = 0; i < this.heap.length; i++) visit(this.heap.at(i));
  }

  /** Finds a row's new place after its key became later. */
  moveBack(row: number): void {
    this.remove(row);
    this.push(row);
  }
}

/** Ready jobs of a tube: smallest priority first, then smallest id. */
export class ReadyQueue extends RowQueue {
  constructor(jobs: JobTable) {
    super(jobs, new ReadyHeap(jobs));
  }
}

/** Delayed jobs of a tube, reserved jobs of a session: soonest deadline first, then smallest id. */
export class DeadlineQueue extends RowQueue {
  constructor(jobs: JobTable) {
    super(jobs, new DeadlineHeap(jobs));
  }

  /** The soonest deadline, or Infinity. */
  get soonest(): number {
    const { first } = this;
    return first === 0 ? Infinity : this.jobs.deadlineAt.get(first);
  }
}
