// Brings a queue back from what a journal remembers of its jobs. Records are taken in the order in which they were written;
// each job gets its place only when all have been taken, so that what was deleted again costs no heap a thing.

import { assert } from "./assert.ts";
import { NO_BODY } from "./bodies.ts";
import { BURIED, DELAYED, READY } from "./jobs.ts";
import type { JobTable } from "./jobs.ts";
import type { LiveJob } from "./live_jobs.ts";
import type { Truncation } from "./outbox.ts";
import type { Places } from "./places.ts";
import { ReplayedTruncates } from "./replayed_truncates.ts";

/** A job's fields, as a journal gives them back. */
export type RestoredJob = Readonly<Omit<LiveJob, "row" | "isDead" | "bodyBytes" | "readBody">>;

/** Told of a job that came back: the journal's segment that holds its put, bytes of its tube's name and of its body. */
export type TellOfJob = (file: number, nameBytes: number, bodyBytes: number) => void;

/** No date lies further before 1970; in milliseconds. */
const EARLIEST_MS = -8_640_000_000_000_000;
const MOST_DELAY_SECONDS = 4_294_967_295;
/** Some ten milliseconds. */
const PLACED_PER_STEP = 20_000;

export class Restoration {
  private readonly places: Places;
  private readonly jobs: JobTable;
  private readonly truncates: ReplayedTruncates;
  /** The tube of the last put, by the very array that names it. */
  private lastName: Uint8Array | null = null;
  private lastSlot = 0;
  /** The highest id so far: a job with a higher one is new. */
  private highestId = 0;

  constructor(places: Places) {
    this.places = places;
    this.jobs = places.jobs;
    this.truncates = new ReplayedTruncates(places.jobs);
  }

  /** A job with its body `source[from, to)`, CR LF included; `tube` must not change while it is the same array. One that is known is replaced. */
  put(job: RestoredJob, source: Uint8Array, from: number, to: number): void {
    const { jobs } = this;
    const { id } = job;
    let row = id > this.highestId ? 0 : jobs.rowOf(id);
    if (row === 0) {
      if (id > this.highestId) this.highestId = id;
      row = jobs.add(id);
      if (row === 0) throw new Error("there is no memory for all jobs of the log");
    } else this.places.bodies.free(jobs.body.get(row), jobs.bodyBytes.get(row));
    jobs.tube.set(row, this.slotOf(job.tube));
    jobs.ttr.set(row, job.ttr);
    jobs.createdAt.set(row, job.createdAt);
    this.keepBody(row, source, from, to);
    jobs.file.set(row, job.file);
    this.setState(row, job);
  }

  /** What can change in a job's life. A job that is not known has been deleted since. */
  change(job: RestoredJob): void {
    const row = this.jobs.rowOf(job.id);
    if (row !== 0) this.setState(row, job);
  }

  gone(id: number): void {
    const row = this.jobs.rowOf(id);
    if (row !== 0) this.drop(row);
  }

  /** Jobs of a tube are gone, all in certain states but for those that are spared. */
  truncate(truncation: Truncation): void {
    this.truncates.truncate(this.slotOf(truncation.tube), truncation);
  }

  private drop(row: number): void {
    const { jobs, places } = this;
    places.bodies.free(jobs.body.get(row), jobs.bodyBytes.get(row));
    jobs.remove(row);
  }

  /**
   * All have been taken: each job enters its place, and is told of. Ids go on from `nextId`. Instants are moved by `shift`
   * milliseconds and then brought into range of `now`: no job was put later, and no delay has more left than its length. `now` of
   * -Infinity leaves them, and all delayed jobs delayed, for those who only look.
   */
  finish(nextId: number, now: number, tell?: TellOfJob, shift?: number): void {
    const steps = this.finishing(nextId, now, tell, shift);
    while (!steps.next().done);
  }

  /** The same, with a pause after every so many jobs. */
  *finishing(nextId: number, now: number, tell: TellOfJob = () => {}, shift = 0): Generator<void> {
    const { jobs, places } = this;
    let left = PLACED_PER_STEP;
    const buried: number[] = [];
    for (const row of this.truncates.rows()) this.drop(row);
    for (let row = jobs.rowFrom(1); row !== 0; row = jobs.rowFrom(row + 1)) {
      if (jobs.id.get(row) === 0) continue;
      tell(jobs.file.get(row), places.tubeOf(row).name.length, jobs.bodyBytes.get(row));
      assert(jobs.id.get(row) < nextId, "ids that were used stay used");
      const state = jobs.state.get(row);
      if (now !== -Infinity) this.bringIntoRange(row, state, now, shift);
      if (state === BURIED) buried.push(row);
      else if (state === DELAYED && jobs.deadlineAt.get(row) > now) {
        places.enterDelayed(row, jobs.deadlineAt.get(row), 0);
      } else places.enterReady(row);
      if (--left > 0) continue;
      left = PLACED_PER_STEP;
      yield;
    }
    places.nextId = nextId;
    buried.sort((a, b) => jobs.deadlineAt.get(a) - jobs.deadlineAt.get(b));
    for (const row of buried) {
      places.burials = Math.max(places.burials, jobs.deadlineAt.get(row) - 1);
      places.enterBuried(row);
    }
    for (const tube of [...places.tubes.list]) places.dropIfIdle(tube);
  }

  /** What a journal says of time was written by a clock that may have stood anywhere. */
  private bringIntoRange(row: number, state: number, now: number, shift: number): void {
    const { jobs } = this;
    const createdAt = jobs.createdAt.get(row) + shift;
    jobs.createdAt.set(row, createdAt <= now && createdAt >= EARLIEST_MS ? createdAt : now);
    if (state !== DELAYED) return;
    const readyAt = jobs.deadlineAt.get(row) + shift;
    // A job that was loaded with an instant may have no delay of its own.
    const latest = now + 1000 * (jobs.delayOf(row) || MOST_DELAY_SECONDS);
    jobs.deadlineAt.set(row, readyAt <= latest ? readyAt : latest);
  }

  private slotOf(name: Uint8Array): number {
    if (name !== this.lastName) {
      this.lastName = name;
      this.lastSlot = this.places.tubes.obtain(name, 0, name.length).slot;
    }
    return this.lastSlot;
  }

  private setState(row: number, job: RestoredJob): void {
    const { jobs } = this;
    assert(
      job.state === READY || job.state === DELAYED || job.state === BURIED,
      "a state that is remembered",
    );
    jobs.state.set(row, job.state);
    jobs.pri.set(row, job.pri);
    jobs.deadlineAt.set(row, job.mark);
    jobs.reserves.set(row, job.reserves);
    jobs.setDelay(row, job.delay);
    jobs.setPast(row, job.timeouts, job.releases, job.buries, job.kicks);
    this.truncates.told(row);
  }

  private keepBody(row: number, source: Uint8Array, from: number, to: number): void {
    const { bodies } = this.places;
    const bytes = to - from;
    const body = bodies.allocate(bytes);
    assert(body !== NO_BODY, "there is room for the bodies of all jobs");
    bodies.write(body, bytes, 0, source, from, to);
    this.jobs.body.set(row, body);
    this.jobs.bodyBytes.set(row, bytes);
  }
}
