// The job table: one row of columns per job, found by id. A row number stands for a job everywhere in the core; 0 is none.
// Invariant: a job is in exactly one place, told by `state`; `place` and `after` mean what that place needs.
// Cost: about 70 bytes a job beside its body; a second, rarer table keeps what most jobs never have.

import { passUnlessOutOfMemory } from "./allocation.ts";
import { Float64Column, Rows, Uint32Column, Uint8Column } from "./columns.ts";
import { IdIndex } from "./id_index.ts";
import { RENUMBER_TRUNCATES_AT } from "./limits.ts";

/** The four states of a job. */
export const READY = 1;
export const DELAYED = 2;
export const RESERVED = 3;
export const BURIED = 4;
export type JobState = typeof READY | typeof DELAYED | typeof RESERVED | typeof BURIED;

/** The states that a truncate can be about, as a mask: one bit for each, at its number. */
export const STATES_ALL: number = 1 << READY | 1 << DELAYED | 1 << BURIED;

/** Each state's word on the wire. */
export const STATE_WORDS: readonly string[] = ["", "ready", "delayed", "reserved", "buried"];

/** What only some jobs have: a delay, and counts of what happened to them. Row 0 stands for "all zero". */
class History {
  /** Seconds, as last given by put or release. */
  readonly delay: Uint32Column = new Uint32Column();
  readonly timeouts: Uint32Column = new Uint32Column();
  readonly releases: Uint32Column = new Uint32Column();
  readonly buries: Uint32Column = new Uint32Column();
  readonly kicks: Uint32Column = new Uint32Column();
  readonly rows: Rows = new Rows(
    [this.delay, this.timeouts, this.releases, this.buries, this.kicks],
    this.delay,
  );
}

export class JobTable {
  readonly id: Float64Column = new Float64Column();
  readonly pri: Uint32Column = new Uint32Column();
  /** Time to run, in seconds. */
  readonly ttr: Uint32Column = new Uint32Column();
  /** Instant of the put, in milliseconds. */
  readonly createdAt: Float64Column = new Float64Column();
  /**
   * When a delayed job becomes ready or a reserved one's ttr runs out; of a buried job the number of its burial; of a ready one
   * that was elsewhere before, the instant since when it is ready.
   */
  readonly deadlineAt: Float64Column = new Float64Column();
  /** Where the body lies (see bodies.ts), and its length in bytes, CR LF included. */
  readonly body: Uint32Column = new Uint32Column();
  readonly bodyBytes: Uint32Column = new Uint32Column();
  /** Slot of the tube it lives in. */
  readonly tube: Uint32Column = new Uint32Column();
  readonly state: Uint8Column = new Uint8Column();
  /** Position in its heap; in a list: the row before it. */
  readonly place: Uint32Column = new Uint32Column();
  /** In a list: the row after it. Free row: the next free row. */
  readonly after: Uint32Column = new Uint32Column();
  /** Reserved: slot of the session that holds it. Else: how many truncates there had been when it came to its place. */
  readonly holder: Uint32Column = new Uint32Column();
  readonly reserves: Uint32Column = new Uint32Column();
  /** Number of the journal's segment that holds the body; 0 = none. */
  readonly file: Uint32Column = new Uint32Column();
  /** Row in the history table, or 0. */
  private readonly past = new Uint32Column();
  private readonly history = new History();
  private readonly rows: Rows = new Rows([
    this.id,
    this.pri,
    this.ttr,
    this.createdAt,
    this.deadlineAt,
    this.body,
    this.bodyBytes,
    this.tube,
    this.state,
    this.place,
    this.after,
    this.holder,
    this.reserves,
    this.file,
    this.past,
  ], this.after);
  private readonly index = new IdIndex();
  /** Truncates so far. */
  truncates = 0;
  /** Rows of truncated jobs that are not cleared away yet. Only {@link rowOf} and {@link eachRow} see them. */
  deadCount = 0;
  /** By slot of a tube with such rows: which truncate was the last of each state. */
  private readonly cutoffs = new Map<number, number[]>();

  /** Jobs in the table. */
  get count(): number {
    return this.rows.count - this.deadCount;
  }

  /** Rows in use, also by what was truncated. */
  get rowCount(): number {
    return this.rows.count;
  }

  /** Bytes of memory held for rows, in use or not; the index takes about a twelfth more. */
  get heldBytes(): number {
    return this.rows.heldBytes + this.history.rows.heldBytes;
  }

  /** The row of a job, or 0. */
  find(id: number): number {
    const row = this.index.find(id);
    return this.deadCount === 0 || row === 0 || !this.isDead(row) ? row : 0;
  }

  /** The row with this id, of a job or of what was truncated; or 0. */
  rowOf(id: number): number {
    return this.index.find(id);
  }

  /** A new row with its id set and no past; the caller fills in the other columns. 0 when there is no memory for it. */
  add(id: number): number {
    let row = 0;
    try {
      row = this.rows.take();
      this.index.insert(id, row);
    } catch (error) {
      if (row !== 0) {
        this.id.set(row, 0);
        this.rows.giveBack(row);
      }
      passUnlessOutOfMemory(error);
      return 0;
    }
    this.id.set(row, id);
    this.reserves.set(row, 0);
    this.past.set(row, 0);
    return row;
  }

  /** Takes memory for a job's delay and counts, if it has none yet. False when there is none; nothing has changed then. */
  ensurePast(row: number): boolean {
    return this.past.get(row) !== 0 || this.hasMemoryForPast(row);
  }

  private hasMemoryForPast(row: number): boolean {
    try {
      this.withPast(row);
      return true;
    } catch (error) {
      return passUnlessOutOfMemory(error);
    }
  }

  remove(row: number): void {
    const past = this.past.get(row);
    if (past !== 0) this.history.rows.giveBack(past);
    this.index.remove(this.id.get(row));
    this.id.set(row, 0);
    this.rows.giveBack(row);
  }

  /** The first row from `row` on that was ever in use and whose page is there, or 0. A free row's id is 0. */
  rowFrom(row: number): number {
    return this.rows.from(row);
  }

  /** Calls back with the row of every job. */
  each(visit: (row: number) => void): void {
    if (this.deadCount === 0) this.eachRow(visit);
    else this.eachRow((row) => this.isDead(row) || visit(row));
  }

  /** Calls back with every row, also of what was truncated. */
  eachRow(visit: (row: number) => void): void {
    this.rows.each((row) => this.id.get(row) !== 0 && visit(row));
  }

  /**
   * Since when a ready job is ready: its put, the end of its delay or ttr, its release or kick. That takes no memory of its
   * own: a job that has always been ready needs only its put. Of a job that came back from a journal the put counts.
   */
  readySince(row: number): number {
    const createdAt = this.createdAt.get(row);
    if (this.reserves.get(row) === 0 && this.past.get(row) === 0) return createdAt;
    return Math.max(createdAt, this.deadlineAt.get(row));
  }

  /** All jobs of these states that are in the tube with this slot now are truncated; they are `count`. */
  truncate(slot: number, states: number, count: number): void {
    const number = ++this.truncates;
    this.deadCount += count;
    let cutoffs = this.cutoffs.get(slot);
    if (cutoffs === undefined) this.cutoffs.set(slot, cutoffs = [0, 0, 0, 0, 0]);
    for (const state of [READY, DELAYED, BURIED]) if ((states & 1 << state) !== 0) cutoffs[state] = number;
  }

  /** Whether a row is of a job that was truncated. */
  isDead(row: number): boolean {
    const state = this.state.get(row);
    if (state === RESERVED) return false;
    const cutoffs = this.cutoffs.get(this.tube.get(row));
    return cutoffs !== undefined && this.holder.get(row) < cutoffs[state];
  }

  /** Clears away the row of a job that was truncated. */
  removeDead(row: number): void {
    this.deadCount--;
    this.remove(row);
  }

  /** The tube with this slot has no rows left that were truncated. */
  endTruncate(slot: number): void {
    this.cutoffs.delete(slot);
    if (this.cutoffs.size > 0 || this.truncates < RENUMBER_TRUNCATES_AT) return;
    this.truncates = 0;
    this.eachRow((row) => this.state.get(row) !== RESERVED && this.holder.set(row, 0));
  }

  /** Whether ready job a is reserved before ready job b. */
  isBetter(a: number, b: number): boolean {
    const { pri, id } = this;
    const priA = pri.get(a);
    const priB = pri.get(b);
    return priA !== priB ? priA < priB : id.get(a) < id.get(b);
  }

  delayOf(row: number): number {
    return this.pastOf(this.history.delay, row);
  }
  timeoutsOf(row: number): number {
    return this.pastOf(this.history.timeouts, row);
  }
  releasesOf(row: number): number {
    return this.pastOf(this.history.releases, row);
  }
  buriesOf(row: number): number {
    return this.pastOf(this.history.buries, row);
  }
  kicksOf(row: number): number {
    return this.pastOf(this.history.kicks, row);
  }

  /** Sets the delay field, in seconds. A job without a past stays without one when it is 0. */
  setDelay(row: number, seconds: number): void {
    if (seconds !== 0 || this.past.get(row) !== 0) this.history.delay.set(this.withPast(row), seconds);
  }
  /** Sets the counts of what has happened to a job. */
  setPast(row: number, timeouts: number, releases: number, buries: number, kicks: number): void {
    if (timeouts + releases + buries + kicks === 0 && this.past.get(row) === 0) return;
    const past = this.withPast(row);
    this.history.timeouts.set(past, timeouts);
    this.history.releases.set(past, releases);
    this.history.buries.set(past, buries);
    this.history.kicks.set(past, kicks);
  }
  countTimeout(row: number): void {
    this.addOne(this.history.timeouts, row);
  }
  countRelease(row: number): void {
    this.addOne(this.history.releases, row);
  }
  countBury(row: number): void {
    this.addOne(this.history.buries, row);
  }
  countKick(row: number): void {
    this.addOne(this.history.kicks, row);
  }

  private pastOf(column: Uint32Column, row: number): number {
    const past = this.past.get(row);
    return past === 0 ? 0 : column.get(past);
  }

  private addOne(column: Uint32Column, row: number): void {
    const past = this.withPast(row);
    column.set(past, column.get(past) + 1);
  }

  private withPast(row: number): number {
    const present = this.past.get(row);
    if (present !== 0) return present;
    const { history } = this;
    const past = history.rows.take();
    history.delay.set(past, 0);
    history.timeouts.set(past, 0);
    history.releases.set(past, 0);
    history.buries.set(past, 0);
    history.kicks.set(past, 0);
    this.past.set(row, past);
    return past;
  }
}
