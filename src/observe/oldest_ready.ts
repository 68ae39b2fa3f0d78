// Since when the oldest ready job of a tube is ready. Ready jobs stand in the order in which they come next, which is that of
// their age as long as they have one priority and none came back; then a look at the first ones is enough. Else a sweep
// over the job table, in pieces, finds the oldest of each tube that was asked for. A job that becomes ready later is younger, so
// what was found stays right until that very job is gone.

import type { Engine } from "../core/engine.ts";
import { READY } from "../core/jobs.ts";
import type { Tube } from "../core/tube.ts";
import { OLDEST_LOOKS, SWEEP_ROWS } from "./limits.ts";

export interface OldestReady {
  /** Milliseconds; 0 when no job is ready. */
  readonly since: number;
  /** False: an older one may be found by the sweep that is under way. */
  readonly isExact: boolean;
}

/** A job found by a sweep. */
interface Found {
  readonly tube: Tube;
  id: number;
  since: number;
}

const NONE: OldestReady = { since: 0, isExact: true };

export class OldestReadyJobs {
  private readonly engine: Engine;
  /** What the last sweep found, by the tube's slot. */
  private found: (Found | undefined)[] = [];
  /** What the present sweep has found so far, for the tubes that it is for. */
  private sought: (Found | undefined)[] = [];
  /** Tubes for the next sweep. */
  private wanted: Set<Tube> = new Set();
  /** Row at which the sweep goes on; -1 = there is none. */
  private row = -1;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** A sweep is under way or asked for: {@link sweep} is to be called. */
  get isSweeping(): boolean {
    return this.row >= 0 || this.wanted.size > 0;
  }

  of(tube: Tube): OldestReady {
    if (tube.ready.length === 0) return NONE;
    const { since, isExact } = this.lookAt(tube);
    if (isExact) return { since, isExact };
    const found = this.found[tube.slot];
    if (found !== undefined && found.tube === tube && this.isStillReady(found)) {
      return { since: Math.min(since, found.since), isExact: true };
    }
    const isSought = this.row >= 0 && this.sought[tube.slot]?.tube === tube;
    if (!isSought) this.wanted.add(tube);
    return { since, isExact: false };
  }

  /** Looks at the first jobs of both parts of the queue. */
  private lookAt(tube: Tube): OldestReady {
    const { jobs } = this.engine;
    const { run, heap } = tube.ready;
    let since = Infinity;
    const inHeap = Math.min(heap.length, OLDEST_LOOKS);
    for (let i = 0; i < inHeap; i++) since = Math.min(since, jobs.readySince(heap.at(i)));
    const hasOnePriority = run.length > 0 && jobs.pri.get(run.first) === jobs.pri.get(run.last);
    let row = run.first;
    for (let looks = 0; row !== 0 && looks < OLDEST_LOOKS; looks++) {
      const readySince = jobs.readySince(row);
      since = Math.min(since, readySince);
      // Ids behind it are higher, so those jobs were put later; and none is ready for longer than it exists.
      const isOldest = hasOnePriority && readySince === jobs.createdAt.get(row);
      row = isOldest ? 0 : run.after(row);
    }
    return { since, isExact: row === 0 && inHeap === heap.length };
  }

  private isStillReady(found: Found): boolean {
    const { jobs } = this.engine;
    const row = jobs.find(found.id);
    return row !== 0 && jobs.state.get(row) === READY && jobs.tube.get(row) === found.tube.slot &&
      jobs.readySince(row) === found.since;
  }

  /** Goes on with the sweep for a bounded number of rows. */
  sweep(): void {
    if (this.row < 0) this.begin();
    this.row = this.engine.inspection.scanRows(this.row, SWEEP_ROWS, (row) => this.visit(row));
    if (this.row !== 0) return;
    this.found = this.sought.map((found) => found !== undefined && found.id !== 0 ? found : undefined);
    this.row = -1;
  }

  /** Tubes whose job of the last sweep is still right are swept again too, so that they do not lose it. */
  private begin(): void {
    this.row = 0;
    this.sought = [];
    for (const old of this.found) {
      if (old !== undefined && this.isStillReady(old)) this.sought[old.tube.slot] = { ...old };
    }
    for (const tube of this.wanted) this.sought[tube.slot] ??= { tube, id: 0, since: Infinity };
    this.wanted = new Set();
  }

  private visit(row: number): void {
    const { jobs } = this.engine;
    if (jobs.state.get(row) !== READY) return;
    const best = this.sought[jobs.tube.get(row)];
    if (best === undefined) return;
    const since = jobs.readySince(row);
    if (since >= best.since) return;
    best.since = since;
    best.id = jobs.id.get(row);
  }
}
