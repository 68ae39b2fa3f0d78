// Truncates as a journal remembers them, applied to what it remembers of jobs: which rows do they concern? While records
// are read a truncate costs nothing per job; which rows are dead is asked once, when all have been read.
//
// A journal does not record that a delay is over. So a row that is remembered as delayed may have been ready when a truncate
// came; each truncate says which job was the first that was still delayed.

import { BURIED, DELAYED, READY } from "./jobs.ts";
import type { JobTable } from "./jobs.ts";
import type { Truncation } from "./outbox.ts";

/** A truncate, and the first job that it found delayed. */
interface Cut {
  readonly number: number;
  readonly at: number;
  readonly id: number;
}

/** The truncates of a tube. */
class TubeCuts {
  /** The last one about ready jobs, and about buried ones. */
  ready = 0;
  buried = 0;
  /** Those about ready jobs by falling first delayed job, so that of all from a number on the first one reaches furthest. */
  private readonly readyCuts: Cut[] = [];
  /** Those about delayed jobs by rising first delayed job, for the same reason. */
  private readonly delayedCuts: Cut[] = [];

  add(states: number, cut: Cut): void {
    if ((states & 1 << READY) !== 0) {
      this.ready = cut.number;
      dropWhile(this.readyCuts, (last) => !isBefore(cut, last));
      this.readyCuts.push(cut);
    }
    if ((states & 1 << DELAYED) !== 0) {
      dropWhile(this.delayedCuts, (last) => !isBefore(last, cut));
      this.delayedCuts.push(cut);
    }
    if ((states & 1 << BURIED) !== 0) this.buried = cut.number;
  }

  /** Whether a row that was remembered as delayed after so many truncates, until an instant, was truncated since. */
  hitsDelayed(truncates: number, at: number, id: number): boolean {
    const job = { at, id };
    const readyCut = firstAfter(this.readyCuts, truncates);
    if (readyCut !== undefined && isBefore(job, readyCut)) return true;
    const delayedCut = firstAfter(this.delayedCuts, truncates);
    return delayedCut !== undefined && !isBefore(job, delayedCut);
  }
}

export class ReplayedTruncates {
  private readonly jobs: JobTable;
  private readonly cuts = new Map<number, TubeCuts>();
  private count = 0;

  constructor(jobs: JobTable) {
    this.jobs = jobs;
  }

  /** A record has told the state of a row: no truncate before it concerns it. */
  told(row: number): void {
    this.jobs.holder.set(row, this.count);
  }

  truncate(slot: number, truncation: Truncation): void {
    const { states, spared, delayedFrom, delayedFromId } = truncation;
    let cuts = this.cuts.get(slot);
    if (cuts === undefined) this.cuts.set(slot, cuts = new TubeCuts());
    cuts.add(states, { number: ++this.count, at: delayedFrom, id: delayedFromId });
    for (const id of spared) {
      const row = this.jobs.rowOf(id);
      if (row !== 0) this.told(row);
    }
  }

  /** Whether a row has been truncated since its state was told. */
  concerns(row: number): boolean {
    const { jobs } = this;
    const cuts = this.cuts.get(jobs.tube.get(row));
    if (cuts === undefined) return false;
    const truncates = jobs.holder.get(row);
    switch (jobs.state.get(row)) {
      case READY:
        return truncates < cuts.ready;
      case BURIED:
        return truncates < cuts.buried;
      default:
        return cuts.hitsDelayed(truncates, jobs.deadlineAt.get(row), jobs.id.get(row));
    }
  }

  /** All rows that were truncated. */
  rows(): number[] {
    const rows: number[] = [];
    if (this.count > 0) this.jobs.eachRow((row) => this.concerns(row) && rows.push(row));
    return rows;
  }
}

/** Whether job a becomes ready before job b. */
function isBefore(a: Omit<Cut, "number">, b: Omit<Cut, "number">): boolean {
  return a.at !== b.at ? a.at < b.at : a.id < b.id;
}

function dropWhile(cuts: Cut[], isDropped: (last: Cut) => boolean): void {
  while (cuts.length > 0 && isDropped(cuts[cuts.length - 1])) cuts.pop();
}

/** The first cut with a number above `number`; numbers rise. */
function firstAfter(cuts: readonly Cut[], number: number): Cut | undefined {
  let [from, to] = [0, cuts.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (cuts[middle].number > number) to = middle;
    else from = middle + 1;
  }
  return cuts[from];
}
