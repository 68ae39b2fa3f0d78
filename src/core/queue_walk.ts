// Goes through a queue in its order without changing it, beginning behind a cursor. The run is gone along; the heap is
// gone through best first, with a frontier of the positions whose parents have been taken.
// Cost: what lies before the cursor in the heap is visited anew by each walk, so walks have a budget of visits.

import type { RowHeap } from "./heap.ts";
import { READY, RESERVED } from "./jobs.ts";
import type { JobState, JobTable } from "./jobs.ts";
import type { ListCursor } from "./list_cursor.ts";
import type { Places } from "./places.ts";
import { RowList } from "./row_list.ts";

/** Jobs with an id so little above the cursor's are asked whether they stand beside its place in the run. */
const NEIGHBOURS = 1000;

/** Whose jobs are walked through: a tube's of one state, or those that a session holds. */
export interface Owner {
  readonly slot: number;
}

export class QueueWalk {
  /** Rows that may still be visited. */
  budget = 0;
  private readonly places: Places;
  private readonly jobs: JobTable;
  private state: JobState = READY;
  private owner: Owner;
  private after: ListCursor | null = null;
  private run: RowList;
  private heap: RowHeap | null = null;
  /** The next row of the run, or 0. */
  private runRow = 0;
  /** Positions in the heap, itself a heap: the best first. */
  private readonly frontier: number[] = [];
  private readonly pending: number[] = [];

  constructor(places: Places) {
    this.places = places;
    this.jobs = places.jobs;
    this.owner = places.home;
    this.run = places.home.buried;
  }

  /** Stands before the first row whose key lies behind the cursor. False when the budget does not suffice. */
  begin(
    run: RowList,
    heap: RowHeap | null,
    state: JobState,
    owner: Owner,
    after: ListCursor | null,
  ): boolean {
    this.run = run;
    this.heap = heap;
    this.state = state;
    this.owner = owner;
    this.after = after;
    this.runRow = after === null ? run.first : this.runBehindCursor(after);
    this.seekInHeap();
    return this.budget >= 0;
  }

  /** The next row, or 0 at the end. */
  take(): number {
    const { runRow, frontier, heap } = this;
    const heapRow = heap === null || frontier.length === 0 ? 0 : heap.at(frontier[0]);
    if (runRow === 0 && heapRow === 0) return 0;
    this.budget--;
    if (heapRow !== 0 && (runRow === 0 || heap!.before(heapRow, runRow))) {
      this.leaveFirst();
      return heapRow;
    }
    this.runRow = this.run.after(runRow);
    return runRow;
  }

  /** What orders the jobs of a state, beside their ids. */
  static keyOf(jobs: JobTable, row: number): number {
    return jobs.state.get(row) === READY ? jobs.pri.get(row) : jobs.deadlineAt.get(row);
  }

  private isBehind(row: number): boolean {
    const { after, jobs } = this;
    if (after === null) return true;
    const key = QueueWalk.keyOf(jobs, row);
    return key !== after.key ? key > after.key : jobs.id.get(row) > after.id;
  }

  // The run.

  /** Mostly the cursor's job still stands there, or one with nearly its id; else it is looked for from the front. */
  private runBehindCursor({ id }: ListCursor): number {
    const { run } = this;
    if (run.length === 0 || !this.isBehind(run.last)) return 0;
    let row = run.first;
    if (this.isBehind(row)) return row;
    for (let i = 0; i < NEIGHBOURS; i++) {
      const neighbour = this.jobs.find(id + i);
      this.budget--;
      if (neighbour === 0 || !this.stands(neighbour)) continue;
      row = neighbour;
      break;
    }
    while (this.budget-- > 0 && this.isBehind(row)) row = run.before(row);
    while (this.budget-- > 0 && !this.isBehind(row)) row = run.after(row);
    return row;
  }

  /** Whether a row is in the run that is walked along. */
  private stands(row: number): boolean {
    const { jobs, state, owner } = this;
    if (jobs.state.get(row) !== state || !RowList.has(jobs, row)) return false;
    return state === RESERVED ? jobs.holder.get(row) === owner.slot : this.places.tubeOf(row) === owner;
  }

  // The heap.

  /** Rows that are not behind the cursor are passed over; the frontier is what begins behind them. */
  private seekInHeap(): void {
    const { heap, pending } = this;
    this.frontier.length = pending.length = 0;
    if (heap === null || heap.length === 0) return;
    pending.push(0);
    while (pending.length > 0 && this.budget-- > 0) {
      const position = pending.pop()!;
      if (this.isBehind(heap.at(position))) this.addToFrontier(position);
      else {
        for (let child = 2 * position + 1; child <= 2 * position + 2 && child < heap.length; child++) {
          pending.push(child);
        }
      }
    }
  }

  private addToFrontier(position: number): void {
    const { frontier } = this;
    let place = frontier.length;
    for (; place > 0; place = (place - 1) >>> 1) {
      const above = frontier[(place - 1) >>> 1];
      if (!this.isBetter(position, above)) break;
      frontier[place] = above;
    }
    frontier[place] = position;
  }

  /** The first of the frontier is taken: its children in the heap take its place. */
  private leaveFirst(): void {
    const { frontier } = this;
    const heap = this.heap!;
    const taken = frontier[0];
    const last = frontier.pop()!;
    if (frontier.length > 0) this.siftDown(last);
    for (let child = 2 * taken + 1; child <= 2 * taken + 2 && child < heap.length; child++) {
      this.addToFrontier(child);
    }
  }

  private siftDown(position: number): void {
    const { frontier } = this;
    let place = 0;
    for (let child = 1; child < frontier.length; child = 2 * place + 1) {
      if (child + 1 < frontier.length && this.isBetter(frontier[child + 1], frontier[child])) child++;
      if (!this.isBetter(frontier[child], position)) break;
      frontier[place] = frontier[child];
      place = child;
    }
    frontier[place] = position;
  }

  private isBetter(a: number, b: number): boolean {
    const heap = this.heap!;
    return heap.before(heap.at(a), heap.at(b));
  }
}
