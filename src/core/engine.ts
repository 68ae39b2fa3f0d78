// The queue itself: a method per command, and open, close, tick, work. A deterministic state machine: its only inputs are
// these calls, each with `now` in milliseconds, which must never go backwards; all it has to say goes to `outbox`, which
// the caller reads and clears after each call. It calls nobody and cannot be re-entered in the middle of a change.
// Cost: O(log n) per command, whatever the number of tubes, jobs and sessions; what costs more is counted (see takeEffort) or
// goes on in work().

import { assert } from "./assert.ts";
import type { BodyReader } from "./bodies.ts";
import { Chores } from "./chores.ts";
import { copierWith, copyBytes } from "./copy.ts";
import type { CopyBytes } from "./copy.ts";
import type { Counters } from "./counters.ts";
import { Drafts } from "./drafts.ts";
import { Due } from "./due.ts";
import { Graves } from "./graves.ts";
import { Inspection } from "./inspection.ts";
import { BURIED, DELAYED, READY, RESERVED, STATES_ALL } from "./jobs.ts";
import type { JobTable } from "./jobs.ts";
import { LiveJobs } from "./live_jobs.ts";
import { MOST_UNINDEXED_WATCHES, SESSION_BYTES, WATCH_BYTES } from "./limits.ts";
import { Matching } from "./matching.ts";
import type { Memory } from "./memory.ts";
import * as out from "./outbox.ts";
import { Outbox } from "./outbox.ts";
import { Places } from "./places.ts";
import { Requeues } from "./requeues.ts";
import { Restoration } from "./restoration.ts";
import type { Session } from "./session.ts";
import { TubeChoice } from "./tube_choice.ts";
import type { Tubes } from "./tubes.ts";

/** How an engine is made. */
export interface EngineOptions {
  /**
   * Puts beyond this many bytes get OUT_OF_MEMORY, and so do uses and watches that would need more; see {@link Memory}. Default: no
   * limit.
   */
  maxMemoryBytes?: number;
  /** Any 32-bit number; keeps strangers from choosing tube names that collide. Default 0. */
  seed?: number;
  /** How this runtime copies long stretches of bytes best. Default: a way that works everywhere. */
  copyLong?: CopyBytes;
  /**
   * Sessions that watch more tubes than this find their jobs through an index. For tests; default MOST_UNINDEXED_WATCHES.
   * @internal
   */
  mostUnindexedWatches?: number;
}

/** The queue: a method per command; what it has to say goes to its outbox. */
export class Engine {
  /** What it has to say, to be read and cleared after each call. */
  readonly outbox: Outbox = new Outbox();
  /**
   * The jobs as a journal sees them.
   * @internal
   */
  readonly live: LiveJobs;
  /**
   * Lists of jobs, and all of them piece by piece.
   * @internal
   */
  readonly inspection: Inspection;
  /** How bytes are copied here. */
  readonly copy: CopyBytes;
  /** While true, puts are refused with DRAINING. Can be switched on and off. */
  isDraining = false;
  private readonly places: Places;
  private readonly matching: Matching;
  private readonly drafts: Drafts;
  private readonly requeues: Requeues;
  private readonly chores: Chores;
  private readonly due: Due;
  private readonly graves: Graves;
  private readonly tubeChoice: TubeChoice;

  /** @internal */
  constructor(options: EngineOptions = {}) {
    this.copy = options.copyLong === undefined ? copyBytes : copierWith(options.copyLong);
    this.places = new Places(options.seed ?? 0, this.copy, options.maxMemoryBytes ?? Infinity);
    this.places.mostUnindexedWatches = options.mostUnindexedWatches ?? MOST_UNINDEXED_WATCHES;
    this.live = new LiveJobs(this.places);
    this.inspection = new Inspection(this.places);
    this.matching = new Matching(this.places, this.outbox);
    this.drafts = new Drafts(this.places);
    this.chores = new Chores(this.places, this.matching, this.outbox);
    this.graves = new Graves(this.places, this.outbox);
    this.requeues = new Requeues(this.places, this.drafts, this.matching, this.outbox);
    this.due = new Due(this.places, this.matching, this.outbox);
    this.tubeChoice = new TubeChoice(this.places, this.outbox);
  }

  // What there is to see. Rows read from these are valid until the next call.

  /** @internal */
  get jobs(): JobTable {
    return this.places.jobs;
  }
  /** @internal */
  get tubes(): Tubes {
    return this.places.tubes;
  }
  /** @internal */
  get counters(): Counters {
    return this.places.counters;
  }
  /** Bytes that jobs take, as counted against the memory limit. */
  get usedBytes(): number {
    return this.places.usedBytes;
  }
  /**
   * What is counted against the memory limit beside jobs. A server keeps `bufferBytes` true.
   * @internal
   */
  get memory(): Memory {
    return this.places.memory;
  }
  /**
   * The internals, for tests that check invariants.
   * @internal
   */
  get inside(): Places {
    return this.places;
  }

  /** Hands a job's body, CR LF included, to a reader. */
  readBody(row: number, reader: BodyReader): void {
    this.places.bodies.read(this.jobs.body.get(row), this.jobs.bodyBytes.get(row), reader);
  }

  /**
   * Takes jobs from a journal before the first session is opened; see {@link Restoration}.
   * @internal
   */
  restore(): Restoration {
    assert(this.jobs.count === 0 && this.counters.totalSessions === 0, "a queue is restored before it runs");
    return new Restoration(this.places);
  }

  /**
   * Changes that one call may record, 1 or more, since the journal has no room for more: a kick moves no more jobs per call, no
   * more that were truncated are cleared away, and a tube with more than twice as many reserved jobs is not truncated. To be
   * called before the first session is opened.
   * @internal
   */
  limitChanges(changes: number): void {
    assert(changes >= 1, "a call records something");
    this.chores.limit(changes);
    this.graves.limit(changes);
  }

  // Sessions.

  /** Whether another session may be opened within the memory limit. Counts it as refused if not. */
  admitsSession(): boolean {
    const isAdmitted = this.places.hasMemoryFor(SESSION_BYTES + WATCH_BYTES);
    if (!isAdmitted) this.counters.sessionsWithoutMemory++;
    return isAdmitted;
  }

  /** A new peer: it uses and watches `default`. */
  open(): Session {
    const session = this.places.addSession();
    this.counters.sessions++;
    this.counters.totalSessions++;
    session.used.usingCount++;
    this.tubeChoice.addWatch(session, session.used);
    return session;
  }

  /** The peer will send no more: a wait ends now, and later reserves do not wait. */
  halfClose(session: Session): void {
    session.isHalfClosed = true;
    if (!session.isWaiting) return;
    this.matching.endWait(session);
    this.outbox.reply(session, out.TIMED_OUT);
  }

  /** The peer is gone. What it holds becomes ready again, uncounted; if that is much, later calls of work() go on with it. */
  close(session: Session, now: number): void {
    assert(session.isOpen, "a session is closed once");
    session.isOpen = false;
    if (session.isWaiting) this.matching.endWait(session);
    this.chores.drop(session);
    this.abandonPut(session);
    this.counters.sessions--;
    if (session.isProducer) this.counters.producers--;
    if (session.isWorker) this.counters.workers--;
    session.used.usingCount--;
    this.places.dropIfIdle(session.used);
    this.chores.giveBack(session, now);
  }

  // Put, in two steps: the line takes the id, the body follows at leisure.

  /**
   * A put line has been read: takes the next id and room for the body of `bodyBytes`. False when there is none: the body
   * must be skipped and the put answered OUT_OF_MEMORY. Nobody sees the job before {@link put}.
   */
  beginPut(session: Session, bodyBytes: number, now: number): boolean {
    this.counters.put++;
    this.becomeProducer(session);
    if (!this.drafts.begin(session, bodyBytes)) return this.places.refusePut();
    session.draftId = this.places.nextId++;
    session.draftAt = now;
    return true;
  }

  /**
   * Takes room for a body of `bodyBytes` that is to replace a job's, see {@link requeue}; {@link fillPut} fills it. False when
   * there is none: the requeue must be answered OUT_OF_MEMORY.
   */
  beginReplacement(session: Session, bodyBytes: number): boolean {
    session.draftId = 0;
    return this.drafts.begin(session, bodyBytes) || this.places.refuseRequeue();
  }

  /** A put line was understood and yet refused (too big, or text behind it): it is counted, and that is all. */
  countRefusedPut(): void {
    this.counters.put++;
  }

  /**
   * The next `source[from, to)` of the body being received, CR LF included. False when there is no memory for it: the put must
   * be abandoned and answered OUT_OF_MEMORY.
   */
  fillPut(session: Session, source: Uint8Array, from: number, to: number): boolean {
    return this.drafts.fill(session, source, from, to);
  }

  /** Drops the put being received, if any; its id stays used. */
  abandonPut(session: Session): void {
    this.drafts.abandon(session);
  }

  /** The body is complete: the job comes into being in the used tube. `delay` and `ttr` are in seconds. */
  put(session: Session, pri: number, delay: number, ttr: number, now: number): void {
    if (this.isDraining) {
      this.abandonPut(session);
      return this.outbox.reply(session, out.DRAINING);
    }
    const { jobs } = this;
    const tube = session.used;
    const row = this.drafts.rowFor(session, delay);
    if (row === 0) return this.outbox.reply(session, out.OUT_OF_MEMORY);
    jobs.pri.set(row, pri);
    jobs.ttr.set(row, ttr < 1 ? 1 : ttr);
    jobs.createdAt.set(row, session.draftAt);
    this.drafts.giveTo(row, session);
    jobs.tube.set(row, tube.slot);
    jobs.file.set(row, 0);
    jobs.setDelay(row, delay);
    this.counters.totalJobs++;
    tube.totalJobs++;
    this.places.enterReadyOrDelayed(row, now, delay);
    if (this.outbox.isObserved) this.outbox.wasPut(jobs, row, tube, delay);
    this.outbox.record(out.RECORD_PUT, row);
    this.outbox.reply(session, out.INSERTED, session.draftId);
    this.matching.match(tube, now);
  }

  // Reserve and what a holder may do.

  /** Gives the best ready job of the watched tubes, or waits for one. */
  reserve(session: Session, now: number): void {
    this.counters.reserve++;
    this.becomeWorker(session);
    this.reserveUntil(session, Infinity, now);
  }

  /** The same, for so many seconds at most. */
  reserveWithTimeout(session: Session, seconds: number, now: number): void {
    this.counters.reserveWithTimeout++;
    this.becomeWorker(session);
    this.reserveUntil(session, now + seconds * 1000, now);
  }

  /** @internal */
  private reserveUntil(session: Session, until: number, now: number): void {
    const row = this.matching.bestFor(session);
    if (row !== 0) return this.matching.grant(row, session, now);
    if (session.isDeadlineSoon(now)) return this.outbox.reply(session, out.DEADLINE_SOON);
    if (until <= now || session.isHalfClosed) return this.outbox.reply(session, out.TIMED_OUT);
    this.matching.startWait(session, until);
  }

  /** Gives the job of that number, if nobody holds it. */
  reserveJob(session: Session, id: number, now: number): void {
    const row = this.jobs.find(id);
    const state = row === 0 ? 0 : this.jobs.state.get(row);
    if (row === 0 || state === RESERVED) return this.outbox.reply(session, out.NOT_FOUND);
    this.becomeWorker(session);
    // When it comes back it is ready, and nobody will record that: so it is said now.
    if (state !== READY) this.outbox.record(out.RECORD_CHANGE, row);
    this.matching.grant(row, session, now);
  }

  /** Removes a job: one that the session holds, or that nobody holds. */
  delete(session: Session, id: number): void {
    this.counters.delete++;
    const row = this.jobs.find(id);
    if (row === 0 || this.places.isHeldByOther(row, session)) {
      return this.outbox.reply(session, out.NOT_FOUND);
    }
    const tube = this.places.tubeOf(row);
    if (this.outbox.isObserved) this.outbox.leaves(out.EVENT_DELETED, this.jobs, row, tube);
    this.places.leave(row, tube);
    tube.deletes++;
    const { file, bodyBytes } = this.jobs;
    const { length } = tube.name;
    this.outbox.recordGone(out.RECORD_GONE, id, file.get(row), length, bodyBytes.get(row));
    this.places.forget(row, tube);
    this.outbox.reply(session, out.DELETED);
  }

  /** Gives a job in hand back, with a new priority, for later if `delay` (seconds) says so. */
  release(session: Session, id: number, pri: number, delay: number, now: number): void {
    this.counters.release++;
    const row = this.jobs.find(id);
    if (row === 0 || !this.places.isHeldBy(row, session)) return this.outbox.reply(session, out.NOT_FOUND);
    if (!this.jobs.ensurePast(row)) return this.outbox.reply(session, out.OUT_OF_MEMORY);
    this.matching.leave(out.EVENT_RELEASED, row);
    this.jobs.pri.set(row, pri);
    this.jobs.setDelay(row, delay);
    this.jobs.countRelease(row);
    this.places.enterAgain(row, now, delay);
    this.outbox.record(out.RECORD_CHANGE, row);
    this.outbox.reply(session, out.RELEASED);
    this.matching.match(this.places.tubeOf(row), now);
  }

  /** Puts a job in hand aside until it is kicked. */
  bury(session: Session, id: number, pri: number): void {
    this.counters.bury++;
    const row = this.jobs.find(id);
    if (row === 0 || !this.places.isHeldBy(row, session)) return this.outbox.reply(session, out.NOT_FOUND);
    if (!this.jobs.ensurePast(row)) return this.outbox.reply(session, out.OUT_OF_MEMORY);
    this.matching.leave(out.EVENT_BURIED, row);
    this.jobs.pri.set(row, pri);
    this.jobs.countBury(row);
    this.places.enterBuried(row);
    this.outbox.record(out.RECORD_CHANGE, row);
    this.outbox.reply(session, out.BURIED_JOB);
  }

  /** Begins the time to run of a job in hand anew. */
  touch(session: Session, id: number, now: number): void {
    this.counters.touch++;
    const row = this.jobs.find(id);
    if (row === 0 || !this.places.isHeldBy(row, session)) return this.outbox.reply(session, out.NOT_FOUND);
    this.matching.note(out.EVENT_TOUCHED, row);
    this.jobs.deadlineAt.set(row, now + this.jobs.ttr.get(row) * 1000);
    session.held.moveBack(row);
    this.outbox.reply(session, out.TOUCHED);
  }

  // Requeue.

  /**
   * A ready, delayed or buried job, or one that the session holds, becomes ready or delayed with these values, in the tube
   * named `bytes[from, to)`, or in its own when that is null. A body begun with {@link beginReplacement} becomes the job's.
   */
  requeue(
    session: Session,
    id: number,
    bytes: Uint8Array | null,
    from: number,
    to: number,
    pri: number,
    delay: number,
    ttr: number,
    now: number,
  ): void {
    const row = this.requeues.find(session, id);
    if (row === 0) return this.requeues.refuse(session);
    const hasPast = delay === 0 || this.jobs.ensurePast(row);
    const tube = bytes === null
      ? this.places.tubeOf(row)
      : hasPast
      ? this.places.obtain(bytes, from, to, 0)
      : null;
    if (tube === null || !hasPast) {
      this.places.refuseRequeue();
      this.abandonPut(session);
      return this.outbox.reply(session, out.OUT_OF_MEMORY);
    }
    this.requeues.requeue(session, row, tube, pri, delay, ttr, now);
  }

  // Kick.

  /** Kicks up to `bound` jobs of the used tube: buried ones if there are any, else delayed ones. Large kicks go on in work(). */
  kick(session: Session, bound: number, now: number): void {
    this.counters.kick++;
    this.chores.kick(session, bound, now);
  }

  /** Makes one buried or delayed job ready. */
  kickJob(session: Session, id: number, now: number): void {
    const row = this.jobs.find(id);
    const state = row === 0 ? 0 : this.jobs.state.get(row);
    if (state !== BURIED && state !== DELAYED) return this.outbox.reply(session, out.NOT_FOUND);
    if (!this.jobs.ensurePast(row)) return this.outbox.reply(session, out.OUT_OF_MEMORY);
    this.outbox.reply(session, out.KICKED_JOB);
    this.matching.kick(row, now);
  }

  // Looking.

  /** Shows a job by its number. */
  peek(session: Session, id: number): void {
    this.counters.peek++;
    this.found(session, this.jobs.find(id));
  }
  /** Shows the next ready job of the used tube. */
  peekReady(session: Session): void {
    this.counters.peekReady++;
    this.found(session, session.used.ready.first);
  }
  /** Shows the delayed job of the used tube that is due first. */
  peekDelayed(session: Session): void {
    this.counters.peekDelayed++;
    this.found(session, session.used.delayed.first);
  }
  /** Shows the buried job of the used tube that a kick takes first. */
  peekBuried(session: Session): void {
    this.counters.peekBuried++;
    this.found(session, session.used.buried.first);
  }
  /** @internal */
  private found(session: Session, row: number): void {
    this.outbox.reply(session, row === 0 ? out.NOT_FOUND : out.FOUND_JOB, row);
  }

  /** The statistics of the queue. */
  stats(session: Session): void {
    this.counters.stats++;
    this.outbox.reply(session, out.STATS);
  }
  /** The statistics of a job. */
  statsJob(session: Session, id: number): void {
    this.counters.statsJob++;
    const row = this.jobs.find(id);
    this.outbox.reply(session, row === 0 ? out.NOT_FOUND : out.STATS_JOB, row);
  }
  /** The statistics of a tube. */
  statsTube(session: Session, bytes: Uint8Array, from: number, to: number): void {
    this.counters.statsTube++;
    const tube = this.tubes.find(bytes, from, to);
    if (tube === undefined) return this.outbox.reply(session, out.NOT_FOUND);
    this.outbox.reply(session, out.STATS_TUBE, tube.slot);
  }
  /** The names of all tubes. */
  listTubes(session: Session): void {
    this.counters.listTubes++;
    this.outbox.reply(session, out.LIST_TUBES);
  }
  /** The name of the used tube. */
  listTubeUsed(session: Session): void {
    this.counters.listTubeUsed++;
    this.outbox.reply(session, out.USING, session.used.slot);
  }
  /** The names of the watched tubes. */
  listTubesWatched(session: Session): void {
    this.counters.listTubesWatched++;
    this.outbox.reply(session, out.LIST_TUBES_WATCHED);
  }

  // Tubes. Names are given as bytes[from, to) and must be valid; they are copied where they are kept.

  /** Later puts go to that tube. */
  use(session: Session, bytes: Uint8Array, from: number, to: number): void {
    this.tubeChoice.use(session, bytes, from, to);
  }

  /** Later reserves look at that tube, too. */
  watch(session: Session, bytes: Uint8Array, from: number, to: number): void {
    this.tubeChoice.watch(session, bytes, from, to);
  }

  /** Later reserves do not look at that tube any more. */
  ignore(session: Session, bytes: Uint8Array, from: number, to: number): void {
    this.tubeChoice.ignore(session, bytes, from, to);
  }

  /** A pause-tube line was understood but its name is not one: it is counted, and that is all. */
  countRefusedPause(): void {
    this.counters.pauseTube++;
  }

  /** Holds back a tube's jobs for some seconds; 0 ends a running pause. */
  pauseTube(
    session: Session,
    bytes: Uint8Array,
    from: number,
    to: number,
    seconds: number,
    now: number,
  ): void {
    this.counters.pauseTube++;
    const tube = this.tubes.find(bytes, from, to);
    if (tube === undefined) return this.outbox.reply(session, out.NOT_FOUND);
    tube.pauses++;
    tube.pauseSeconds = seconds;
    tube.pausedUntil = seconds === 0 ? 0 : now + seconds * 1000;
    this.places.refresh(tube);
    this.outbox.reply(session, out.PAUSED);
    if (seconds === 0) this.matching.match(tube, now);
    else this.places.alarms.ringBy(tube, tube.pausedUntil);
  }

  /**
   * Removes all jobs of a tube that are in these states (see STATES_ALL), at once however many they are. Reserved jobs stay.
   * Their memory comes free in work().
   */
  truncate(session: Session, bytes: Uint8Array, from: number, to: number, states: number): void {
    assert(states > 0 && (states & ~STATES_ALL) === 0, "ready, delayed and buried jobs are truncated");
    const tube = this.tubes.find(bytes, from, to);
    if (tube === undefined) return this.outbox.reply(session, out.NOT_FOUND);
    this.graves.truncate(session, tube, states);
  }

  /** Removes a tube with all its jobs, when nobody uses or watches it or holds one of its jobs; never `default`. */
  deleteTube(session: Session, bytes: Uint8Array, from: number, to: number): void {
    const tube = this.tubes.find(bytes, from, to);
    if (tube === undefined) return this.outbox.reply(session, out.NOT_FOUND);
    this.graves.deleteTube(session, tube);
  }

  // Time, and what is too much for one call.

  /** When tick() must be called next, in milliseconds; Infinity = not before something else happens. */
  get nextDeadline(): number {
    return this.places.alarms.soonest;
  }

  /** Applies what is due; see {@link Due.tick}. If that is more than one call may move, nextDeadline stays in the past. */
  tick(now: number): void {
    this.due.tick(now);
  }

  /** Whether work() has something to go on with. */
  get hasWork(): boolean {
    return this.chores.isBusy || this.graves.isBusy;
  }

  /** Goes on with the oldest kick or close that was too large for one call, and with clearing away what was truncated. */
  work(now: number): void {
    this.chores.goOn(now);
    this.graves.clearSome();
  }

  /**
   * The work of the calls since it was last asked, as far as it went beyond that of a usual command: in steps, of which
   * STEPS_PER_COMMAND are worth a command.
   * @internal
   */
  takeEffort(): number {
    return this.places.takeEffort();
  }

  /** @internal */
  private becomeProducer(session: Session): void {
    if (!session.isProducer) this.counters.producers++;
    session.isProducer = true;
  }

  /** @internal */
  private becomeWorker(session: Session): void {
    if (!session.isWorker) this.counters.workers++;
    session.isWorker = true;
  }
}
