// Where jobs are. The two steps that every command is made of: a job leaves its place, and enters another one. Both keep
// the counts and the alarms true, so no command has to think of them.
// Invariant: between the two steps a job is nowhere; after each engine call it is in exactly one place.

import { Alarms } from "./alarms.ts";
import { passUnlessOutOfMemory } from "./allocation.ts";
import { assert } from "./assert.ts";
import { Bodies } from "./bodies.ts";
import { Counters } from "./counters.ts";
import type { CopyBytes } from "./copy.ts";
import { BURIED, DELAYED, JobTable, READY, RESERVED } from "./jobs.ts";
import {
  CHEAP_WATCHES,
  JOB_ROW_BYTES,
  MOST_UNINDEXED_WATCHES,
  TUBE_BYTES,
  URGENT_PRIORITY,
} from "./limits.ts";
import { Memory } from "./memory.ts";
import { Session } from "./session.ts";
import type { Tube } from "./tube.ts";
import { Tubes } from "./tubes.ts";

const DEFAULT_NAME = new Uint8Array([100, 101, 102, 97, 117, 108, 116]);

export class Places {
  readonly jobs: JobTable = new JobTable();
  readonly bodies: Bodies;
  readonly alarms: Alarms = new Alarms();
  readonly counters: Counters = new Counters();
  readonly memory: Memory;
  readonly tubes: Tubes;
  /** The tube `default`, which is always there. */
  readonly home: Tube;
  /** The id of the next put. */
  nextId = 1;
  /** Burials so far; each burial's number gives the order in which buried jobs stand, also after a restart. */
  burials = 0;
  /** Steps of work beyond the usual, as far as nobody has taken them off: see {@link Engine.takeEffort}. */
  effort = 0;
  /** Sessions with more watches than this have an index. */
  mostUnindexedWatches: number = MOST_UNINDEXED_WATCHES;
  private readonly sessionsBySlot: (Session | undefined)[] = [];
  private readonly freeSlots: number[] = [];

  constructor(seed: number, copy: CopyBytes, maxMemoryBytes: number) {
    this.bodies = new Bodies(copy);
    this.memory = new Memory(maxMemoryBytes);
    this.tubes = new Tubes(this.jobs, seed, this.memory);
    this.home = this.tubes.obtain(DEFAULT_NAME, 0, DEFAULT_NAME.length);
  }

  /** Bytes that jobs take, as counted against the memory limit. */
  get usedBytes(): number {
    return this.bodies.usedBytes + this.jobs.rowCount * JOB_ROW_BYTES;
  }

  tubeOf(row: number): Tube {
    return this.tubes.at(this.jobs.tube.get(row));
  }

  /** The session that holds a reserved job. */
  holderOf(row: number): Session {
    return this.sessionsBySlot[this.jobs.holder.get(row)]!;
  }

  isHeldBy(row: number, session: Session): boolean {
    return this.jobs.state.get(row) === RESERVED && this.jobs.holder.get(row) === session.slot;
  }

  isHeldByOther(row: number, session: Session): boolean {
    return this.jobs.state.get(row) === RESERVED && this.jobs.holder.get(row) !== session.slot;
  }

  addSession(): Session {
    const slot = this.freeSlots.pop() ?? this.sessionsBySlot.length;
    const session = new Session(slot, this.home, this.jobs, this.mostUnindexedWatches);
    this.sessionsBySlot[slot] = session;
    this.memory.sessions++;
    return session;
  }

  /** Forgets a session that holds nothing any more. */
  removeSession(session: Session): void {
    assert(session.heldCount === 0, "a session that is forgotten holds no job");
    this.alarms.remove(session);
    this.memory.sessions--;
    this.sessionsBySlot[session.slot] = undefined;
    this.freeSlots.push(session.slot);
  }

  /** Slots of sessions that were ever given, and the session that has one now. */
  get slotCount(): number {
    return this.sessionsBySlot.length;
  }
  sessionAt(slot: number): Session | undefined {
    return this.sessionsBySlot[slot];
  }

  /** All sessions, for inspection. */
  *sessions(): Generator<Session> {
    for (const session of this.sessionsBySlot) if (session !== undefined) yield session;
  }

  enterReady(row: number): void {
    const tube = this.tubeOf(row);
    this.arrive(row, READY);
    tube.ready.push(row);
    if (tube.indexed !== null && tube.ready.first === row) this.refresh(tube);
    this.counters.ready++;
    if (this.jobs.pri.get(row) < URGENT_PRIORITY) {
      tube.urgentCount++;
      this.counters.urgent++;
    }
  }

  enterReadyOrDelayed(row: number, now: number, delay: number): void {
    if (delay > 0) this.enterDelayed(row, now, delay);
    else this.enterReady(row);
  }

  /** A job that was elsewhere; if it is ready, then from `now` on. (One whose delay or ttr ended has that instant already.) */
  enterAgain(row: number, now: number, delay: number): void {
    this.jobs.deadlineAt.set(row, now);
    this.enterReadyOrDelayed(row, now, delay);
  }

  /**
   * The job becomes ready so many seconds after an instant. Both are given, and the alarm is only called when it must ring
   * sooner: a computed number that is handed on costs an object on some runtimes.
   */
  enterDelayed(row: number, from: number, seconds: number): void {
    const until = from + seconds * 1000;
    const tube = this.tubeOf(row);
    this.arrive(row, DELAYED);
    this.jobs.deadlineAt.set(row, until);
    tube.delayed.push(row);
    this.counters.delayed++;
    if (until < tube.alarmAt) this.alarms.ringBy(tube, until);
  }

  /** For its ttr from `now` on; computed here for the same reason. */
  enterReserved(row: number, tube: Tube, session: Session, now: number): void {
    const until = now + this.jobs.ttr.get(row) * 1000;
    this.jobs.state.set(row, RESERVED);
    this.jobs.holder.set(row, session.slot);
    this.jobs.deadlineAt.set(row, until);
    session.held.push(row);
    tube.reservedCount++;
    this.counters.reserved++;
    if (until < session.alarmAt) this.alarms.ringBy(session, until);
  }

  enterBuried(row: number): void {
    this.arrive(row, BURIED);
    this.jobs.deadlineAt.set(row, ++this.burials);
    this.tubeOf(row).buried.append(row);
    this.counters.buried++;
  }

  /** What a truncate kills is told by its state and by when it came to it. */
  private arrive(row: number, state: number): void {
    this.jobs.state.set(row, state);
    this.jobs.holder.set(row, this.jobs.truncates);
  }

  /** `tube` is the job's: whoever calls knows it, and to find it again costs something on the way of each command. */
  leave(row: number, tube: Tube): void {
    switch (this.jobs.state.get(row)) {
      case READY:
        tube.ready.remove(row);
        if (tube.indexed !== null) this.refresh(tube);
        this.counters.ready--;
        if (this.jobs.pri.get(row) < URGENT_PRIORITY) {
          tube.urgentCount--;
          this.counters.urgent--;
        }
        return;
      case DELAYED:
        tube.delayed.remove(row);
        this.counters.delayed--;
        return;
      case RESERVED:
        this.holderOf(row).held.remove(row);
        tube.reservedCount--;
        this.counters.reserved--;
        return;
      case BURIED:
        tube.buried.remove(row);
        this.counters.buried--;
        return;
      default:
        assert(false, "a job is in one of the four states");
    }
  }

  /** The tube of that name, created if need be; null when there is no memory for it and `more` bytes. */
  obtain(bytes: Uint8Array, from: number, to: number, more: number): Tube | null {
    const known = this.tubes.find(bytes, from, to);
    if (known !== undefined) return known;
    if (!this.hasMemoryFor(TUBE_BYTES + to - from + more)) return null;
    try {
      return this.tubes.obtain(bytes, from, to);
    } catch (error) {
      passUnlessOutOfMemory(error);
      return null;
    }
  }

  /** See {@link Engine.takeEffort}. */
  takeEffort(): number {
    const { effort } = this;
    this.effort = 0;
    return effort;
  }

  /** Counts a put for which there is no memory; answers false. */
  refusePut(): false {
    this.counters.putsWithoutMemory++;
    return false;
  }

  /** The same for a requeue. */
  refuseRequeue(): false {
    this.counters.requeuesWithoutMemory++;
    return false;
  }

  /** Whether the memory limit leaves room for something that is no job. */
  hasMemoryFor(bytes: number): boolean {
    return this.memory.hasRoomFor(bytes, this.usedBytes);
  }

  /** A tube's first ready job, or whether it may give one, has changed: the indexes in which it stands are told. */
  refresh(tube: Tube): void {
    if (tube.indexed === null) return;
    if (tube.indexed.count > CHEAP_WATCHES) this.effort += tube.indexed.count;
    for (let watch = tube.indexed.first; watch !== null; watch = watch.after) {
      watch.session.index!.update(watch);
    }
  }

  /** Takes out some watches of a closed session, in order. `done`: how many are out already. Returns how many are now. */
  dropWatches(session: Session, done: number, atMost: number): number {
    const { watches } = session;
    const end = Math.min(watches.length, done + atMost);
    for (let i = done; i < end; i++) {
      session.delist(watches[i]);
      watches[i].tube.watchingCount--;
      this.dropIfIdle(watches[i].tube);
    }
    this.effort += end - done;
    this.memory.watches -= end - done;
    if (end === watches.length) watches.length = 0;
    return watches.length === 0 ? 0 : end;
  }

  /** Forgets a job that has left its place, and its tube if that was its last reason to be. */
  forget(row: number, tube: Tube): void {
    this.bodies.free(this.jobs.body.get(row), this.jobs.bodyBytes.get(row));
    this.jobs.remove(row);
    this.dropIfIdle(tube);
  }

  dropIfIdle(tube: Tube): void {
    if (!tube.isIdle || tube === this.home) return;
    this.alarms.remove(tube);
    this.tubes.remove(tube);
  }
}
