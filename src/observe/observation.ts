// What happened in the queue, kept for those who look at it: counts, rates, times and history by tube and in all. It is told
// of each event (a few additions), and beaten once a second for all else; both are bounded, whatever the number of tubes.

import type { Engine } from "../core/engine.ts";
import { Glob } from "../core/glob.ts";
import {
  EVENT_BURIED,
  EVENT_DELETED,
  EVENT_EXPIRED,
  EVENT_GRANTED,
  EVENT_KINDS,
  EVENT_RELEASED,
  EVENT_REQUEUED,
  EVENT_RETURNED,
  EVENT_TOUCHED,
  EVENT_TRUNCATED,
  type Outbox,
} from "../core/outbox.ts";
import type { Tube } from "../core/tube.ts";
import type { Observer } from "../server/observer.ts";
import { History, type HistoryPoint, type Span, STEPS } from "./history.ts";
import { MOST_TOUCHED } from "./limits.ts";
import { OldestReadyJobs } from "./oldest_ready.ts";
import { NO_RATES, type Rates, TubeRecord } from "./tube_record.ts";
import { TubeRecords } from "./tube_records.ts";

export interface ObservationOptions {
  /** Which tubes a scrape tells of by name, with `*` and `?`. Default: `*`. */
  readonly metricsTubes?: string;
}

/** Is told of each event as it comes; see {@link Observation.follow}. */
export type Follow = (events: Outbox, index: number, now: number) => void;

// What the number of each kind of event says: nothing to measure, since when the job was ready, since when it was held, and
// the latter at the end of a run.
const NOTHING = 0;
const WAITED = 1;
const HELD = 2;
const RAN = 3;
const MEANINGS = new Uint8Array(EVENT_KINDS);
MEANINGS[EVENT_GRANTED] = WAITED;
for (const kind of [EVENT_EXPIRED, EVENT_TOUCHED, EVENT_RETURNED, EVENT_REQUEUED]) MEANINGS[kind] = HELD;
for (const kind of [EVENT_DELETED, EVENT_RELEASED, EVENT_BURIED]) MEANINGS[kind] = RAN;

/** Tubes looked at per beat for what no event tells. */
const LOOKS_PER_BEAT = 2048;
/** Records brought up to date, and tubes looked at, in one go. */
const PIECE = 500;

export class Observation implements Observer {
  /** All tubes together, and those that a scrape does not tell of by name. Brought up to date by {@link settle}. */
  readonly total: TubeRecord = new TubeRecord("", null);
  readonly rest: TubeRecord = new TubeRecord("", null);
  readonly records: TubeRecords;
  readonly oldest: OldestReadyJobs;
  private readonly engine: Engine;
  /** Records to be looked at in the next beat. */
  private listed: TubeRecord[] = [];
  /** Counts for tubes that have no record. */
  private readonly nameless: TubeRecord = new TubeRecord("", null);
  /** Of jobs that are held and were touched: how long they were held before the last touch. */
  private readonly heldBefore = new Map<number, number>();
  private hasTouched = false; // asking the map is slow, and most jobs are never touched
  private readonly followers = new Set<Follow>();
  private beatenAt: number;
  private readonly steppedAt: Record<Span, number>;
  private lookFrom = 0;

  constructor(engine: Engine, now: number, options: ObservationOptions = {}) {
    this.engine = engine;
    const metricsTubes = new Glob(options.metricsTubes ?? "*");
    this.records = new TubeRecords((name) => metricsTubes.fitsText(name));
    this.oldest = new OldestReadyJobs(engine);
    this.total.keepTimes();
    this.rest.keepTimes();
    this.total.history = new History(this.total);
    this.beatenAt = now;
    this.steppedAt = { hour: stepOf("hour", now), day: stepOf("day", now) };
  }

  // What there is to see.

  /** Per second. */
  rates(tube: Tube): Rates {
    return this.records.find(tube)?.rates ?? NO_RATES;
  }

  /** Since when the oldest ready job of a tube is ready, as far as is known by now, in milliseconds; null when none is. */
  oldestReadySince(tube: Tube): number | null {
    const { since } = this.oldest.of(tube);
    return since === 0 ? null : since;
  }

  /** The same as an age in seconds. */
  oldestReadySeconds(tube: Tube, now: number): number | null {
    const since = this.oldestReadySince(tube);
    return since === null ? null : Math.max(0, now - since) / 1000;
  }

  /** The last hour or day of a tube, or of all together (""), oldest step first; nothing for a tube without history. */
  history(name: string, span: Span): readonly HistoryPoint[] {
    const record = name === "" ? this.total : this.records.named(name);
    return record?.history?.points(span) ?? [];
  }

  // Events.

  /** Tells of each event from now on. Must be quick and not throw. Returns what ends it. */
  follow(follow: Follow): () => void {
    this.followers.add(follow);
    return () => this.followers.delete(follow);
  }

  happened(events: Outbox, now: number): void {
    const { eventCount } = events;
    for (let i = 0; i < eventCount; i++) {
      const kind = events.eventKind(i);
      const number = events.eventNumber(i);
      const record = this.records.obtain(events.eventTube(i)) ?? this.nameless;
      if (!record.isListed) this.list(record);
      record.counts[kind] += kind === EVENT_TRUNCATED ? number : 1;
      const meaning = number > 0 ? MEANINGS[kind] : NOTHING;
      if (meaning === NOTHING) continue;
      if (meaning === WAITED) this.waited(record, now - number);
      else this.held(record, kind, events.eventId(i), now - number);
    }
    if (this.followers.size > 0) this.tell(events, now);
  }

  private waited(record: TubeRecord, ms: number): void {
    if (record.waits !== null) record.waits.add(ms);
    if (!record.isExposed) this.rest.waits!.add(ms);
  }

  private held(record: TubeRecord, kind: number, id: number, sinceTouch: number): void {
    const { heldBefore } = this;
    const isTouch = kind === EVENT_TOUCHED;
    let ms = sinceTouch;
    if (isTouch || this.hasTouched) {
      const before = heldBefore.get(id);
      ms += before ?? 0;
      if (!isTouch) heldBefore.delete(id);
      else if (before !== undefined || heldBefore.size < MOST_TOUCHED) heldBefore.set(id, ms);
      this.hasTouched = heldBefore.size > 0;
    }
    if (MEANINGS[kind] !== RAN) return;
    if (record.runs !== null) record.runs.add(ms);
    if (!record.isExposed) this.rest.runs!.add(ms);
  }

  private tell(events: Outbox, now: number): void {
    for (const follow of this.followers) {
      for (let i = 0; i < events.eventCount; i++) follow(events, i, now);
    }
  }

  private list(record: TubeRecord): void {
    record.isListed = true;
    this.listed.push(record);
  }

  /** Adds up what the tubes have counted by themselves. */
  settle(): void {
    const pieces = this.settleInPieces();
    while (!pieces.next().done);
  }

  private *settleInPieces(): Generator<void, void, void> {
    const { total, rest, records } = this;
    for (const [index, record] of this.listed.entries()) {
      if (index % PIECE === PIECE - 1) yield;
      if (record.addNewTo(total, record.isExposed ? null : rest)) record.hasNew = true;
    }
    total.waits!.setTo(rest.waits!, records.forgotten.waits!);
    total.runs!.setTo(rest.runs!, records.forgotten.runs!);
    for (const record of records.exposed) {
      total.waits!.addAll(record.waits!);
      total.runs!.addAll(record.runs!);
    }
  }

  // Once a second.

  /** Brings rates and history up to date. Answers the records of tubes that look different than before. */
  beat(now: number): readonly TubeRecord[] {
    const pieces = this.beatInPieces(now);
    for (;;) {
      const { done, value } = pieces.next();
      if (done) return value;
    }
  }

  /** The same, with others' turns in between. */
  *beatInPieces(now: number): Generator<void, readonly TubeRecord[], void> {
    const elapsedMs = now - this.beatenAt;
    if (elapsedMs <= 0) return [];
    this.beatenAt = now;
    yield* this.lookAround(now);
    yield* this.settleInPieces();
    const changed = this.listed;
    this.listed = [];
    let mayChart = true;
    for (const [index, record] of changed.entries()) {
      if (index % PIECE === PIECE - 1) yield;
      record.isListed = false;
      if (record.hasNew) record.lastAt = now;
      record.hasNew = false;
      if (record.reckon(elapsedMs)) this.list(record);
      if (record.history === null && record.tube !== null && record.goneAt === 0 && mayChart) {
        mayChart = this.records.chartIfRoom(record, now);
      }
    }
    this.total.reckon(elapsedMs);
    this.step("hour", now);
    this.step("day", now);
    return changed.filter((record) => record !== this.nameless);
  }

  /** Finds tubes that are gone, and those that look different without an event: used, watched, waited at, paused. */
  private *lookAround(now: number): Generator<void, void, void> {
    this.records.tidy(now, (record) => !record.isListed && this.list(record));
    const { list } = this.engine.tubes;
    if (this.lookFrom >= list.length) this.lookFrom = 0;
    for (let looks = 0; looks < LOOKS_PER_BEAT; looks++) {
      if (looks % PIECE === 0) yield;
      if (this.lookFrom >= list.length) return; // tubes may have gone meanwhile
      this.lookAt(list[this.lookFrom++]);
    }
  }

  private lookAt(tube: Tube): void {
    const record = this.records.obtain(tube);
    if (record === undefined) return;
    const looks = looksOf(tube);
    if (looks !== record.lookedLike && !record.isListed) this.list(record);
    record.lookedLike = looks;
  }

  private step(span: Span, now: number): void {
    const at = stepOf(span, now);
    if (at === this.steppedAt[span]) return;
    this.steppedAt[span] = at;
    this.total.history!.close(span, this.total, this.engine.counters.ready, at);
    for (const record of this.records.charted) {
      const ready = this.records.isAlive(record) ? record.tube!.ready.length : 0;
      record.history!.close(span, record, ready, at);
    }
  }
}

/** The end of the last step that is over. */
function stepOf(span: Span, now: number): number {
  return Math.floor(now / STEPS[span].stepMs) * STEPS[span].stepMs;
}

/** A number that is another one when something of it changed, but for rare coincidences. */
function looksOf({ usingCount, watchingCount, waiters, pausedUntil }: Tube): number {
  return usingCount + watchingCount * 1e3 + waiters.count * 1e6 + pausedUntil * 7;
}
