// What charts show of a tube: the last hour in steps of ten seconds and the last day in steps of five minutes. Rings of fixed
// size; a step is written when it is over, so what is asked for is only copied.

import type { Histogram } from "./histogram.ts";
import { BUCKETS, quantile } from "./histogram.ts";
import { RATED, type TubeRecord } from "./tube_record.ts";

/** One step. Counts are those of the step; quantiles are null when there was nothing to measure. */
export interface HistoryPoint {
  /** End of the step, in milliseconds since 1970. */
  readonly at: number;
  readonly put: number;
  readonly reserved: number;
  readonly deleted: number;
  readonly released: number;
  readonly buried: number;
  readonly timeouts: number;
  /** Ready jobs at the end of the step. */
  readonly ready: number;
  readonly waitP50Ms: number | null;
  readonly waitP99Ms: number | null;
  readonly runP50Ms: number | null;
  readonly runP99Ms: number | null;
}

export type Span = "hour" | "day";

/** Length of a step and how many are kept. */
export const STEPS: Readonly<Record<Span, { readonly stepMs: number; readonly count: number }>> = {
  hour: { stepMs: 10_000, count: 360 },
  day: { stepMs: 300_000, count: 288 },
};

const READY_AT = RATED.length;
const FIELDS = RATED.length + 5;

/** One ring, and how the record stood when its present step began. */
class Series {
  private readonly size: number;
  private readonly ends: Float64Array;
  private readonly values: Float32Array;
  private length = 0;
  private next = 0;
  private readonly counts = new Float64Array(RATED.length);
  private readonly waits = new Float64Array(BUCKETS);
  private readonly runs = new Float64Array(BUCKETS);

  constructor(size: number) {
    this.size = size;
    this.ends = new Float64Array(size);
    this.values = new Float32Array(size * FIELDS);
  }

  close(record: TubeRecord, ready: number, at: number): void {
    const { values, counts } = this;
    const from = this.next * FIELDS;
    this.ends[this.next] = at;
    for (let i = 0; i < RATED.length; i++) values[from + i] = record.counts[RATED[i]] - counts[i];
    values[from + READY_AT] = ready;
    this.writeTimes(from + READY_AT + 1, record.waits, this.waits);
    this.writeTimes(from + READY_AT + 3, record.runs, this.runs);
    this.begin(record);
    this.next = (this.next + 1) % this.size;
    if (this.length < this.size) this.length++;
  }

  /** Notes how the record stands. */
  begin(record: TubeRecord): void {
    for (let i = 0; i < RATED.length; i++) this.counts[i] = record.counts[RATED[i]];
    if (record.waits !== null) this.waits.set(record.waits.counts);
    if (record.runs !== null) this.runs.set(record.runs.counts);
  }

  private writeTimes(at: number, times: Histogram | null, before: Float64Array): void {
    this.values[at] = times === null ? NaN : roundedDown(quantile(times, before, 0.5) ?? NaN);
    this.values[at + 1] = times === null ? NaN : roundedDown(quantile(times, before, 0.99) ?? NaN);
  }

  points(): HistoryPoint[] {
    const points: HistoryPoint[] = [];
    for (let i = 0; i < this.length; i++) {
      const place = (this.next - this.length + i + this.size) % this.size;
      points.push(this.point(this.ends[place], this.values.subarray(place * FIELDS, (place + 1) * FIELDS)));
    }
    return points;
  }

  private point(at: number, values: Float32Array): HistoryPoint {
    const [put, reserved, deleted, released, buried, timeouts, ready] = values;
    const [waitP50Ms, waitP99Ms, runP50Ms, runP99Ms] = Array.from(
      values.subarray(READY_AT + 1),
      (value) => Number.isNaN(value) ? null : value,
    );
    const counts = { put, reserved, deleted, released, buried, timeouts, ready };
    return { at, ...counts, waitP50Ms, waitP99Ms, runP50Ms, runP99Ms };
  }
}

/** The nearest number with 24 bits that is not above: the longest time seen stays the ceiling. */
function roundedDown(ms: number): number {
  const nearest = Math.fround(ms);
  return nearest > ms ? nearest * (1 - 2 ** -23) : nearest;
}

export class History {
  private readonly series: Readonly<Record<Span, Series>> = {
    hour: new Series(STEPS.hour.count),
    day: new Series(STEPS.day.count),
  };

  /** Begins with a record as it stands. */
  constructor(record: TubeRecord) {
    this.series.hour.begin(record);
    this.series.day.begin(record);
  }

  /** A step of a span is over at this instant. */
  close(span: Span, record: TubeRecord, ready: number, at: number): void {
    this.series[span].close(record, ready, at);
  }

  /** Oldest first. */
  points(span: Span): HistoryPoint[] {
    return this.series[span].points();
  }
}
