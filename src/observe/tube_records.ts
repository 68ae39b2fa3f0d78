// The records of tubes: found by the tube in an array, by the name when a tube is new. Bounded: records of tubes that are
// gone are forgotten after a while, and beyond the limit a tube has none.

import type { Tube } from "../core/tube.ts";
import { CHART_IDLE_MS, GONE_TUBE_MS, MOST_CHARTED, MOST_METRICS_TUBES, MOST_TUBES } from "./limits.ts";
import { History } from "./history.ts";
import { TubeRecord } from "./tube_record.ts";

/** Records looked at per beat for tubes that are gone. */
const LOOKS_PER_BEAT = 2048;

export class TubeRecords {
  /** By the slot of the tube; valid only while the record's tube is the one that has the slot. */
  private readonly bySlot: (TubeRecord | undefined)[] = [];
  private readonly byName = new Map<string, TubeRecord>();
  /** Records with history. */
  readonly charted: Set<TubeRecord> = new Set();
  /** Records that a scrape tells of. */
  readonly exposed: Set<TubeRecord> = new Set();
  /** Times of records that were exposed and are forgotten. */
  readonly forgotten: TubeRecord = new TubeRecord("", null);
  private readonly isWanted: (name: string) => boolean;
  private readonly decoder = new TextDecoder();
  private looks: Iterator<TubeRecord> | null = null;

  /** `isWanted`: whether a scrape should tell of a tube. */
  constructor(isWanted: (name: string) => boolean) {
    this.isWanted = isWanted;
    this.forgotten.keepTimes();
  }

  get size(): number {
    return this.byName.size;
  }

  named(name: string): TubeRecord | undefined {
    return this.byName.get(name);
  }

  /** The record of a tube if there is one. */
  find(tube: Tube): TubeRecord | undefined {
    const record = this.bySlot[tube.slot];
    return record !== undefined && record.tube === tube ? record : undefined;
  }

  /** The record of a tube; undefined when there are too many. */
  obtain(tube: Tube): TubeRecord | undefined {
    const record = this.bySlot[tube.slot];
    return record !== undefined && record.tube === tube ? record : this.enter(tube);
  }

  private enter(tube: Tube): TubeRecord | undefined {
    const name = this.decoder.decode(tube.name);
    let record = this.byName.get(name);
    if (record === undefined) {
      if (this.byName.size >= MOST_TUBES) return undefined;
      record = new TubeRecord(name, tube);
      this.byName.set(name, record);
      if (this.exposed.size < MOST_METRICS_TUBES && this.isWanted(name)) this.expose(record);
      if (this.charted.size < MOST_CHARTED) this.chart(record);
    }
    record.tube = tube;
    record.goneAt = 0;
    this.bySlot[tube.slot] = record;
    return record;
  }

  private expose(record: TubeRecord): void {
    record.isExposed = true;
    record.keepTimes();
    this.exposed.add(record);
  }

  private chart(record: TubeRecord): void {
    record.keepTimes();
    record.history = new History(record);
    this.charted.add(record);
  }

  /** A busy tube without history gets one, if there is a place or one that has long been idle gives up its own. */
  chartIfRoom(record: TubeRecord, now: number): boolean {
    if (this.charted.size >= MOST_CHARTED) {
      const idle = this.idlest(now);
      if (idle === null) return false;
      this.uncharted(idle);
    }
    this.chart(record);
    return true;
  }

  private idlest(now: number): TubeRecord | null {
    let idlest: TubeRecord | null = null;
    for (const record of this.charted) {
      if (record.lastAt < (idlest === null ? now - CHART_IDLE_MS : idlest.lastAt)) idlest = record;
    }
    return idlest;
  }

  private uncharted(record: TubeRecord): void {
    record.history = null;
    this.charted.delete(record);
    if (record.isExposed) return;
    record.waits = null;
    record.runs = null;
  }

  /** Looks at some records for tubes that are gone: calls back once with each, and forgets those that are long gone. */
  tidy(now: number, isGone: (record: TubeRecord) => void): void {
    for (let i = 0; i < LOOKS_PER_BEAT; i++) {
      this.looks ??= this.byName.values();
      const { value, done } = this.looks.next();
      if (done) {
        this.looks = null;
        return;
      }
      if (this.isAlive(value)) continue;
      if (value.goneAt === 0) {
        value.goneAt = now;
        isGone(value);
      } else if (now - value.goneAt > GONE_TUBE_MS || this.byName.size >= MOST_TUBES) this.forget(value);
    }
  }

  /** Whether a tube of that name is there now. */
  isAlive(record: TubeRecord): boolean {
    return record.tube !== null && !record.tube.isGone;
  }

  private forget(record: TubeRecord): void {
    this.byName.delete(record.name);
    this.uncharted(record);
    if (this.bySlot[record.tube!.slot] === record) this.bySlot[record.tube!.slot] = undefined;
    if (!this.exposed.delete(record)) return;
    this.forgotten.waits!.addAll(record.waits!);
    this.forgotten.runs!.addAll(record.runs!);
  }
}
