// Looking at jobs: lists in their order, page by page; the job table as a whole, piece by piece. Nothing is changed, and
// each call visits a bounded number of rows whatever the number of jobs. Rows that are answered are valid until the next
// call of the engine.

import { BURIED, DELAYED, READY, RESERVED } from "./jobs.ts";
import type { JobState } from "./jobs.ts";
import { VISITS_PER_LOOK } from "./limits.ts";
import type { ListCursor } from "./list_cursor.ts";
import type { Places } from "./places.ts";
import { QueueWalk } from "./queue_walk.ts";
import type { Session } from "./session.ts";
import type { Tube } from "./tube.ts";

/** A part of a list of jobs. It may hold fewer than were asked for, even none, and yet not be the last one. */
export interface JobPage {
  readonly rows: readonly number[];
  /** Where the next page begins; null when there is none. */
  readonly next: ListCursor | null;
  /** Jobs are missing here, since so many lie before them that they are not looked for. */
  readonly isCut: boolean;
}

/** The ready job of a tube that was put first, as far as was looked. */
export interface OldestReady {
  /** 0 when there is none. */
  readonly row: number;
  /** No job that was put earlier can be ready in this tube. */
  readonly isExact: boolean;
}

export class Inspection {
  private readonly places: Places;
  private readonly walk: QueueWalk;

  constructor(places: Places) {
    this.places = places;
    this.walk = new QueueWalk(places);
  }

  /**
   * Jobs of a tube in one state, in the order in which they come next: ready ones by priority and id, delayed ones by
   * deadline, buried ones by burial; reserved ones by holder, then by deadline. A list whose jobs did not come in order
   * is cut when more than VISITS_PER_LOOK of them lie before the page.
   */
  listJobs(tube: Tube, state: JobState, after: ListCursor | null, limit: number): JobPage {
    this.walk.budget = VISITS_PER_LOOK;
    switch (state) {
      case READY:
        return this.page(this.walk.begin(tube.ready.run, tube.ready.heap, state, tube, after), limit);
      case DELAYED:
        return this.page(this.walk.begin(tube.delayed.run, tube.delayed.heap, state, tube, after), limit);
      case BURIED:
        return this.page(this.walk.begin(tube.buried, null, state, tube, after), limit);
      default:
        return this.reservedOf(tube, after, limit);
    }
  }

  /** Jobs that a session holds, the soonest deadline first. */
  heldBy(session: Session, after: ListCursor | null, limit: number): JobPage {
    if (session.heldCount === 0) return { rows: [], next: null, isCut: false };
    this.walk.budget = VISITS_PER_LOOK;
    return this.page(this.beginHeld(session, after), limit);
  }

  /**
   * The ready job of a tube that was put first. It is found at once when all jobs in the run have one priority, as they
   * mostly have; else so many rows are looked at.
   */
  oldestReady(tube: Tube, visits: number = 1000): OldestReady {
    const { jobs } = this.places;
    const { run, heap } = tube.ready;
    let oldest = 0;
    let left = visits;
    const look = (row: number): void => {
      left--;
      if (oldest === 0 || jobs.createdAt.get(row) < jobs.createdAt.get(oldest)) oldest = row;
    };
    // Of jobs with one priority the run has the smallest id first, and that was put first.
    const hasOnePriority = run.length > 0 && jobs.pri.get(run.first) === jobs.pri.get(run.last);
    if (hasOnePriority) look(run.first);
    let position = 0;
    for (; position < heap.length && left > 0; position++) look(heap.at(position));
    let row = hasOnePriority ? 0 : run.first;
    for (; row !== 0 && left > 0; row = run.after(row)) look(row);
    return { row: oldest, isExact: row === 0 && position === heap.length };
  }

  /**
   * Calls back with the row of each job among the next `count` rows of the table, from row `from` on (0 at first). Returns
   * where to go on, or 0 at the end. Over a whole scan each job that lives throughout comes exactly once.
   */
  scanRows(from: number, count: number, visit: (row: number) => void): number {
    const { jobs } = this.places;
    let row = jobs.rowFrom(from);
    for (let left = count; row !== 0 && left > 0; left--) {
      // Free rows have no id, and a row that is being cleared away is not found any more.
      const id = jobs.id.get(row);
      if (id !== 0 && jobs.find(id) === row) visit(row);
      row = jobs.rowFrom(row + 1);
    }
    return row;
  }

  /** The cursor behind a job. */
  cursorOf(row: number): ListCursor {
    const { jobs } = this.places;
    const holder = jobs.state.get(row) === RESERVED ? jobs.holder.get(row) : 0;
    return { holder, key: QueueWalk.keyOf(jobs, row), id: jobs.id.get(row) };
  }

  /** Takes a page from where the walk stands. `hasBegun`: it stands where it should. */
  private page(hasBegun: boolean, limit: number): JobPage {
    const rows: number[] = [];
    if (!hasBegun) return { rows, next: null, isCut: true };
    let row = this.walk.take();
    for (; row !== 0 && rows.length < limit; row = this.walk.take()) rows.push(row);
    return { rows, next: row === 0 ? null : this.cursorOf(rows[rows.length - 1]), isCut: false };
  }

  private beginHeld(session: Session, after: ListCursor | null): boolean {
    const { run, heap } = session.held;
    return this.walk.begin(run, heap, RESERVED, session, after);
  }

  /** Sessions one after the other, by slot. What is not this tube's is visited too, and a page may end there. */
  private reservedOf(tube: Tube, after: ListCursor | null, limit: number): JobPage {
    const { places, walk } = this;
    const rows: number[] = [];
    let isCut = false;
    if (tube.reservedCount === 0) return { rows, next: null, isCut };
    for (let slot = after?.holder ?? 0; slot < places.slotCount; slot++) {
      if (rows.length === tube.reservedCount) break;
      walk.budget--;
      const session = places.sessionAt(slot);
      if (session === undefined || session.heldCount === 0) continue;
      if (walk.budget <= 0) return { rows, next: { holder: slot, key: 0, id: 0 }, isCut };
      if (!this.beginHeld(session, after?.holder === slot ? after : null)) {
        isCut = true;
        walk.budget = 0;
        continue;
      }
      for (let row = walk.take(); row !== 0; row = walk.take()) {
        if (places.tubeOf(row) === tube) rows.push(row);
        const isFull = rows.length === limit;
        if (isFull || walk.budget <= 0) return { rows, next: this.cursorOf(row), isCut };
      }
    }
    return { rows, next: null, isCut };
  }
}
