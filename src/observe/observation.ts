// What happened in the queue, kept for those who look at it: counts, rates, times and history by tube and in all. It is told
// of each event (a few additions), and beaten once a second for all else; both are bounded, whatever the number of tubes.

import type { Engine } from "../core/engine.ts";
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
import { globMatcher } from "./glob.ts";
import { History, type HistoryPoint, type Span, STEPS } from "./history.ts";
import { MOST_TOUCHED } from "./limits.ts";
import { OldestReadyJobs } from "./oldest_ready.ts";
import { NO_RATES, type Rates, TubeRecord } from "./tube_record.ts";
import { TubeRecords } from "./tube_records.ts";

export interface ObservationOptions {
  /** Which tubes a scrape tells of by name, with `*` and `?`. Default: `*`. */
  readonly metricsTubes?: string;
}

/**
 * Is told of each event as it comes; see {@link Observation.follow}. `ms`: how long the job had been ready, or held; -1 where that
 * does not apply.
 */
export type Follow = (events: Outbox, index: number, ms: number, now: number) => void;

/** Kinds of events whose number says since when the job was held, and those of them that end a run; 1 = it is one. */
const IS_HELD_BEFORE = flags([
  EVENT_DELETED,
  EVENT_RELEASED,
  EVENT_BURIED,
  EVENT_EXPIRED,
  EVENT_TOUCHED,
  EVENT_RETURNED,
  EVENT_REQUEUED,
]);
const IS_RUN = flags([EVENT_DELETED, EVENT_RELEASED, EVENT_BURIED]);

/** Tubes looked at per beat for what no event tells. */
const LOOKS_PER_BEAT = 2048;

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
  private readonly followers = new Set<Follow>();
  private beatenAt: number;
  private readonly steppedAt: Record<Span, number>;
  private lookFrom = 0;

  constructor(engine: Engine, now: number, options: ObservationOptions = {}) {
    this.engine = engine;
    this.records = new TubeRecords(globMatcher(options.metricsTubes ?? "*"));
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
    const { records } = this;
    for (let i = 0; i < events.eventCount; i++) {
      const kind = events.eventKind(i);
      const number = events.eventNumber(i);
      const record = records.obtain(events.eventTube(i)) ?? this.nameless;
      record.counts[kind] += kind === EVENT_TRUNCATED ? number : 1;
      if (!record.isListed) this.list(record);
      let ms = -1;
      if (number > 0) {
        if (kind === EVENT_GRANTED) {
          ms = Math.max(0, now - number);
          record.waits?.add(ms);
          if (!record.isExposed) this.rest.waits!.add(ms);
        } else if (IS_HELD_BEFORE[kind] === 1) {
          ms = this.heldMs(kind, events.eventId(i), now - number);
          if (IS_RUN[kind] === 1) {
            record.runs?.add(ms);
            if (!record.isExposed) this.rest.runs!.add(ms);
          }
        }
      }
      if (this.followers.size > 0) this.tell(events, i, ms, now);
    }
  }

  private tell(events: Outbox, i: number, ms: number, now: number): void {
    for (const follow of this.followers) follow(events, i, ms, now);
  }

  /** How long a job has been held, touches notwithstanding. */
  private heldMs(kind: number, id: number, sinceTouch: number): number {
    const { heldBefore } = this;
    const ms = Math.max(0, sinceTouch);
    if (kind !== EVENT_TOUCHED && heldBefore.size === 0) return ms;
    const before = heldBefore.get(id);
    const heldMs = ms + (before ?? 0);
    if (kind === EVENT_TOUCHED) {
      if (before !== undefined || heldBefore.size < MOST_TOUCHED) heldBefore.set(id, heldMs);
    } else if (before !== undefined) heldBefore.delete(id);
    return heldMs;
  }

  private list(record: TubeRecord): void {
    record.isListed = true;
    this.listed.push(record);
  }

  /** Adds up what the tubes have counted by themselves. */
  settle(): void {
    const { total, rest, records } = this;
    for (const record of this.listed) {
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
    const elapsedMs = now - this.beatenAt;
    if (elapsedMs <= 0) return [];
    this.beatenAt = now;
    this.lookAround(now);
    this.settle();
    const changed = this.listed;
    this.listed = [];
    let mayChart = true;
    for (const record of changed) {
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
  private lookAround(now: number): void {
    this.records.tidy(now, (record) => !record.isListed && this.list(record));
    const { list } = this.engine.tubes;
    if (this.lookFrom >= list.length) this.lookFrom = 0;
    const end = Math.min(list.length, this.lookFrom + LOOKS_PER_BEAT);
    for (; this.lookFrom < end; this.lookFrom++) {
      const record = this.records.obtain(list[this.lookFrom]);
      if (record === undefined) continue;
      const looks = looksOf(list[this.lookFrom]);
      if (looks !== record.lookedLike && !record.isListed) this.list(record);
      record.lookedLike = looks;
    }
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

function flags(kinds: readonly number[]): Uint8Array {
  return Uint8Array.from({ length: EVENT_KINDS }, (_, kind) => kinds.includes(kind) ? 1 : 0);
}

/** A number that is another one when something of it changed, but for rare coincidences. */
function looksOf({ usingCount, watchingCount, waiters, pausedUntil }: Tube): number {
  return usingCount + watchingCount * 1e3 + waiters.count * 1e6 + pausedUntil * 7;
}
