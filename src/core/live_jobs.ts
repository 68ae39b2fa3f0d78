// The jobs as a journal sees them, one at a time: a cursor over the job table, so that a record costs no object.

import type { BodyReader } from "./bodies.ts";
import { BURIED, DELAYED, READY, RESERVED } from "./jobs.ts";
import type { JobTable } from "./jobs.ts";
import type { Places } from "./places.ts";

/** One job: the one whose row was last set. */
export class LiveJob {
  row = 0;
  private readonly places: Places;
  private readonly jobs: JobTable;

  constructor(places: Places) {
    this.places = places;
    this.jobs = places.jobs;
  }

  /** It was truncated, and only its memory is still to be cleared away. */
  get isDead(): boolean {
    return this.jobs.deadCount > 0 && this.jobs.isDead(this.row);
  }
  get id(): number {
    return this.jobs.id.get(this.row);
  }
  /** The tube's name. */
  get tube(): Uint8Array {
    return this.places.tubeOf(this.row).name;
  }
  /** A reserved job is remembered as ready: its holder does not outlive the process. */
  get state(): number {
    const state = this.jobs.state.get(this.row);
    return state === RESERVED ? READY : state;
  }
  get pri(): number {
    return this.jobs.pri.get(this.row);
  }
  get delay(): number {
    return this.jobs.delayOf(this.row);
  }
  get ttr(): number {
    return this.jobs.ttr.get(this.row);
  }
  get createdAt(): number {
    return this.jobs.createdAt.get(this.row);
  }
  /** Delayed: when it becomes ready. Buried: the number of its burial. Else 0. */
  get mark(): number {
    const state = this.jobs.state.get(this.row);
    return state === DELAYED || state === BURIED ? this.jobs.deadlineAt.get(this.row) : 0;
  }
  get reserves(): number {
    return this.jobs.reserves.get(this.row);
  }
  get timeouts(): number {
    return this.jobs.timeoutsOf(this.row);
  }
  get releases(): number {
    return this.jobs.releasesOf(this.row);
  }
  get buries(): number {
    return this.jobs.buriesOf(this.row);
  }
  get kicks(): number {
    return this.jobs.kicksOf(this.row);
  }
  get bodyBytes(): number {
    return this.jobs.bodyBytes.get(this.row);
  }
  /** Number of the journal's segment that holds the body. */
  get file(): number {
    return this.jobs.file.get(this.row);
  }
  set file(number: number) {
    this.jobs.file.set(this.row, number);
  }

  /** Hands over the body, CR LF included. */
  readBody(reader: BodyReader): void {
    this.places.bodies.read(this.jobs.body.get(this.row), this.bodyBytes, reader);
  }
}

/** All jobs. What it answers is one object, used again and again. */
export class LiveJobs {
  private readonly places: Places;
  private readonly job: LiveJob;

  constructor(places: Places) {
    this.places = places;
    this.job = new LiveJob(places);
  }

  /** No job has this id yet, nor any higher one. */
  get nextId(): number {
    return this.places.nextId;
  }

  at(row: number): LiveJob {
    this.job.row = row;
    return this.job;
  }

  find(id: number): LiveJob | null {
    const row = this.places.jobs.find(id);
    return row === 0 ? null : this.at(row);
  }

  each(visit: (job: LiveJob) => void): void {
    this.places.jobs.each((row) => visit(this.at(row)));
  }

  /** The same as {@link find} and {@link each}, but what was truncated and not cleared away yet is found too. */
  findAny(id: number): LiveJob | null {
    const row = this.places.jobs.rowOf(id);
    return row === 0 ? null : this.at(row);
  }

  eachAny(visit: (job: LiveJob) => void): void {
    this.places.jobs.eachRow((row) => visit(this.at(row)));
  }
}
