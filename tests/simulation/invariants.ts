// What must be true inside the engine between calls, counted anew from the ground. Throws a Violation naming the first
// thing that is not.

import type { Alarmed } from "../../src/core/alarms.ts";
import type { Engine } from "../../src/core/engine.ts";
import { BURIED, DELAYED, READY, RESERVED } from "../../src/core/jobs.ts";
import type { JobTable } from "../../src/core/jobs.ts";
import { JOB_ROW_BYTES, URGENT_PRIORITY } from "../../src/core/limits.ts";
import type { Places } from "../../src/core/places.ts";
import { RowList } from "../../src/core/row_list.ts";
import type { RowQueue } from "../../src/core/row_queue.ts";
import type { Session } from "../../src/core/session.ts";
import { NO_CHORE } from "../../src/core/session.ts";
import type { Tube } from "../../src/core/tube.ts";
import type { ReadyIndex } from "../../src/core/ready_index.ts";
import type { Waiters } from "../../src/core/waiters.ts";
import { violation } from "./violation.ts";

/** As much of a heap as is looked at. */
interface Heap {
  readonly length: number;
  readonly first: number;
  at(position: number): number;
}

export function checkInvariants(engine: Engine): void {
  if (engine.outbox.length > 0) violation("the outbox is not empty");
  new Inspection(engine.inside).check();
}

function agree(what: string, said: number, counted: number): void {
  if (said !== counted) violation(`${what}: ${said} is kept, ${counted} is counted`);
}

class Inspection {
  private readonly places: Places;
  private readonly jobs: JobTable;
  private readonly seen = new Set<number>();
  private readonly bodies = new Set<number>();
  private bodyBytes = 0;
  private readonly reservedByTube = new Map<number, number>();
  private readonly alarmed = new Set<Alarmed>();

  constructor(places: Places) {
    this.places = places;
    this.jobs = places.jobs;
  }

  check(): void {
    const { places, jobs } = this;
    const sessions = [...places.sessions()];
    for (const session of sessions) this.checkSession(session);
    for (const tube of places.tubes.list) this.checkTube(tube, sessions);
    this.checkTotals(sessions);
    agree("jobs", jobs.count, this.seen.size);
    this.checkGraves();
    agree("rows", jobs.rowCount, this.seen.size);
    agree("bytes of bodies", places.bodies.usedBytes, this.bodyBytes);
    agree("bytes", places.usedBytes, this.bodyBytes + jobs.rowCount * JOB_ROW_BYTES);
    this.checkAlarms();
    this.checkIndex();
  }

  private checkSession(session: Session): void {
    const { places, jobs } = this;
    for (const row of this.checkQueue(session.held, RESERVED, (row) => jobs.deadlineAt.get(row))) {
      if (jobs.holder.get(row) !== session.slot) violation("a held job names another holder");
      if (places.holderOf(row) !== session) violation("a slot stands for two sessions");
      const tube = jobs.tube.get(row);
      this.reservedByTube.set(tube, (this.reservedByTube.get(tube) ?? 0) + 1);
    }
    if (!session.isOpen) {
      if (session.chore === NO_CHORE) violation("a closed session is kept that gives nothing back");
      return this.checkNoAlarm(session);
    }
    this.checkAlarm(session, session.nextInstant);
    this.addBody(session.draftBody, session.draftBytes, true);
    if (session.isWaiting && session.waitEndsWith !== 0) violation("a wait is marked as ended");
    if (session.index !== null) this.checkIndexOf(session, session.index);
    session.watches.forEach((watch, place) => {
      if (watch.session !== session || watch.place !== place) violation("a watch is out of place");
      if (watch.queued !== (session.isWaiting || session.index !== null)) {
        violation("a watch is queued when its session does not wait, or not when it does");
      }
      if (session.watchOf(watch.tube) !== watch) violation("a watch cannot be found by its tube");
    });
  }

  private checkTube(tube: Tube, sessions: readonly Session[]): void {
    const { places, jobs } = this;
    const { tubes } = places;
    if (tubes.list[tube.listPlace] !== tube || tubes.at(tube.slot) !== tube) {
      violation("a tube is out of place");
    }
    if (tubes.find(tube.name, 0, tube.name.length) !== tube) violation("a tube cannot be found by its name");
    if (tube.isIdle && tube !== places.home) violation("an idle tube is kept");
    if (tube.canGrant) violation("a ready job and a waiter stand side by side");
    if (tube.isAwake) violation("a tube is still noted for a match");
    const ready = this.checkQueue(tube.ready, READY, (row) => jobs.pri.get(row), tube);
    this.checkQueue(tube.delayed, DELAYED, (row) => jobs.deadlineAt.get(row), tube);
    this.checkList(tube.buried, BURIED, tube);
    const urgent = ready.filter((row) => jobs.pri.get(row) < URGENT_PRIORITY).length;
    agree("urgent jobs of a tube", tube.urgentCount, urgent);
    agree("reserved jobs of a tube", tube.reservedCount, this.reservedByTube.get(tube.slot) ?? 0);
    this.checkAlarm(tube, tube.nextInstant);
    const open = sessions.filter((session) => session.isOpen);
    agree("users of a tube", tube.usingCount, open.filter((session) => session.used === tube).length);
    // A closed session's watches that are not taken out yet count, too; it has taken out those before `choreDone`.
    const watching = sessions.filter((session) =>
      session.watches.some((watch, i) => watch.tube === tube && (session.isOpen || i >= session.choreDone))
    );
    agree("watchers of a tube", tube.watchingCount, watching.length);
    const waiting = watching.filter((session) => session.isWaiting);
    agree("waiters of a tube", tube.waitingCount, waiting.length);
    const longest = waiting.reduce<Session | null>(
      (first, each) => first === null || each.waitNumber < first.waitNumber ? each : first,
      null,
    );
    if (longest !== null && tube.firstWaiter !== longest) violation("another has waited longer");
    const queued = this.checkWatches(
      tube,
      tube.waiters,
      (session) => session.isWaiting && session.index === null,
    );
    agree("queued waiters of a tube", queued, waiting.filter((session) => session.index === null).length);
    if (tube.indexed === null) return;
    if (tube.indexed.count === 0) violation("an empty list of indexed watches is kept");
    const indexed = this.checkWatches(tube, tube.indexed, (session) => session.index !== null);
    agree("indexed watches", indexed, watching.filter((session) => session.index !== null).length);
  }

  /** Returns how many there are. */
  private checkWatches(tube: Tube, list: Waiters, belongs: (session: Session) => boolean): number {
    let chained = 0;
    for (let watch = list.first; watch !== null; watch = watch.after) {
      if (watch.tube !== tube || !belongs(watch.session)) violation("a watch is in the wrong list");
      if (watch.after !== null && watch.after.before !== watch) violation("a list of watches is broken");
      chained++;
    }
    agree("watches of a list", list.count, chained);
    return chained;
  }

  /** An index has exactly the tubes that may give a job, and knows the best of them. */
  private checkIndexOf(session: Session, index: ReadyIndex): void {
    const giving = session.watches.filter(({ tube }) => tube.ready.length > 0 && !tube.isPaused);
    agree("watches in an index", index.length, giving.length);
    if (giving.some((watch) => watch.indexPlace < 0)) violation("a tube with a job is not in an index");
    const rows = giving.map(({ tube }) => tube.ready.first);
    const best = rows.reduce((a, b) => a === 0 || this.jobs.isBetter(b, a) ? b : a, 0);
    if (index.best !== best) violation("an index does not know the best job");
  }

  /** Its run is in order, its heap is one, and its first is the best of all. Returns all rows. */
  private checkQueue(
    queue: RowQueue,
    state: number,
    key: (row: number) => number,
    tube: Tube | null = null,
  ): number[] {
    const rows = this.checkList(queue.run, state, tube);
    for (let i = 1; i < rows.length; i++) {
      if (this.isBefore(rows[i], rows[i - 1], key)) violation("a run is out of order");
    }
    this.checkHeap(queue.heap, state, key, tube);
    for (let i = 0; i < queue.heap.length; i++) rows.push(queue.heap.at(i));
    agree("jobs of a queue", queue.length, rows.length);
    const best = rows.reduce((a, b) => a === 0 || this.isBefore(b, a, key) ? b : a, 0);
    if (queue.first !== best) violation("a queue does not know its first");
    return rows;
  }

  private isBefore(a: number, b: number, key: (row: number) => number): boolean {
    const [keyA, keyB] = [key(a), key(b)];
    return keyA !== keyB ? keyA < keyB : this.jobs.id.get(a) < this.jobs.id.get(b);
  }

  /** All rows are in the right state and know their position, and none comes before its parent. */
  private checkHeap(heap: Heap, state: number, key: (row: number) => number, tube: Tube | null): void {
    const { jobs } = this;
    for (let i = 0; i < heap.length; i++) {
      const row = heap.at(i);
      this.addJob(row, state, tube);
      if (jobs.place.get(row) !== i) violation("a job does not know its position in a heap");
      if (i === 0) continue;
      if (this.isBefore(row, heap.at((i - 1) >>> 1), key)) violation("a heap is out of order");
    }
    if (heap.first !== (heap.length === 0 ? 0 : heap.at(0))) violation("a heap does not know its first");
  }

  /** All rows are in the right state and know the one before them. Returns them. */
  private checkList(list: RowList, state: number, tube: Tube | null): number[] {
    const rows: number[] = [];
    for (let row = list.first; row !== 0; row = list.after(row)) {
      this.addJob(row, state, tube);
      if (!RowList.has(this.jobs, row)) violation("a listed job does not say so");
      if (list.before(row) !== (rows.at(-1) ?? 0)) violation("a job does not know the one before it");
      rows.push(row);
    }
    agree("jobs of a list", list.length, rows.length);
    if (list.last !== (rows.at(-1) ?? 0)) violation("a list does not know its last");
    return rows;
  }

  private addJob(row: number, state: number, tube: Tube | null): void {
    const { jobs } = this;
    if (this.seen.has(row)) violation("a job is in two places");
    this.seen.add(row);
    if (jobs.state.get(row) !== state) {
      violation(`a job in the place for state ${state} has state ${jobs.state.get(row)}`);
    }
    if (tube !== null && jobs.tube.get(row) !== tube.slot) violation("a job is in another tube's place");
    if (jobs.find(jobs.id.get(row)) !== row) violation(`job ${jobs.id.get(row)} cannot be found by its id`);
    this.addBody(jobs.body.get(row), jobs.bodyBytes.get(row), false);
  }

  private addBody(address: number, bytes: number, mayBeNone: boolean): void {
    if (mayBeNone && address === 0xffff_ffff) return;
    if (this.bodies.has(address)) violation("two bodies lie in the same place");
    this.bodies.add(address);
    this.bodyBytes += this.places.bodies.costOf(bytes);
  }

  private checkTotals(sessions: readonly Session[]): void {
    const { counters, tubes } = this.places;
    const { list } = tubes;
    const sum = (figure: (tube: Tube) => number): number =>
      list.reduce((total, tube) => total + figure(tube), 0);
    const open = sessions.filter((session) => session.isOpen);
    agree("ready jobs", counters.ready, sum((tube) => tube.ready.length));
    agree("urgent jobs", counters.urgent, sum((tube) => tube.urgentCount));
    agree("delayed jobs", counters.delayed, sum((tube) => tube.delayed.length));
    agree("reserved jobs", counters.reserved, sum((tube) => tube.reservedCount));
    agree("buried jobs", counters.buried, sum((tube) => tube.buried.length));
    agree("sessions", counters.sessions, open.length);
    const { memory } = this.places;
    agree("sessions in memory", memory.sessions, sessions.length);
    agree("tubes in memory", memory.tubes, list.length);
    agree("bytes of names", memory.nameBytes, sum((tube) => tube.name.length));
    agree("watches in memory", memory.watches, sum((tube) => tube.watchingCount));
    agree("producers", counters.producers, open.filter((session) => session.isProducer).length);
    agree("workers", counters.workers, open.filter((session) => session.isWorker).length);
    agree("waiting sessions", counters.waiting, open.filter((session) => session.isWaiting).length);
  }

  private checkAlarm(item: Alarmed, instant: number): void {
    if (instant === Infinity && item.alarmPlace < 0) return;
    if (item.alarmAt > instant) {
      violation(`an alarm is set to ${item.alarmAt}, but something is due at ${instant}`);
    }
    if (item.alarmPlace < 0) violation(`no alarm is set for ${instant}`);
    this.alarmed.add(item);
  }

  private checkNoAlarm(item: Alarmed): void {
    if (item.alarmPlace >= 0 || item.alarmAt !== Infinity) violation("a closed session has an alarm");
  }

  private checkAlarms(): void {
    const { alarms } = this.places;
    const { heap } = alarms as unknown as { heap: readonly Alarmed[] };
    heap.forEach((item, place) => {
      if (item.alarmPlace !== place) violation("an alarm does not know its position");
      if (!this.alarmed.has(item)) violation("an alarm is set for something that is gone");
      if (place > 0 && heap[(place - 1) >>> 1].alarmAt > item.alarmAt) {
        violation("the alarms are out of order");
      }
    });
    agree("alarms", alarms.count, this.alarmed.size);
  }

  /** What was truncated and not cleared away yet: no more and no less than what is in graves. */
  private checkGraves(): void {
    const { jobs } = this;
    let dead = 0;
    jobs.eachRow((row) => {
      if (this.seen.has(row)) return;
      if (!jobs.isDead(row)) violation(`job ${jobs.id.get(row)} is nowhere`);
      if (jobs.find(jobs.id.get(row)) !== 0) violation("a truncated job can be found");
      this.seen.add(row);
      this.addBody(jobs.body.get(row), jobs.bodyBytes.get(row), false);
      dead++;
    });
    agree("truncated jobs", jobs.deadCount, dead);
  }

  private checkIndex(): void {
    const { index } = this.jobs as unknown as { index: { readonly count: number } };
    agree("ids in the index", index.count, this.jobs.rowCount);
  }
}
