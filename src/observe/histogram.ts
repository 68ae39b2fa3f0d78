// How long something took, in buckets whose bounds grow by the square root of two: from a millisecond to 12 days, each
// quantile right to a fifth. 64 numbers, whatever is counted.

/** Number of buckets. Bucket 0: up to 1 ms; bucket i: up to 2^(i/2) ms; the last one: whatever is longer. */
export const BUCKETS = 64;
/** Longest bound in powers of two milliseconds. */
const OCTAVES = 31;

/** Upper bound of each bucket in milliseconds, itself included. */
export const BOUNDS_MS: readonly number[] = Array.from(
  { length: BUCKETS },
  (_, bucket) => bucket === BUCKETS - 1 ? Infinity : 2 ** (bucket / 2),
);

export class Histogram {
  /** Of each bucket by itself. */
  readonly counts: Float64Array = new Float64Array(BUCKETS);
  count = 0;
  totalMs = 0;

  add(ms: number): void {
    this.counts[bucketOf(ms)]++;
    this.count++;
    if (ms > 0) this.totalMs += ms;
  }

  /** Becomes the sum of two others. */
  setTo(one: Histogram, other: Histogram): void {
    this.counts.set(one.counts);
    this.count = one.count;
    this.totalMs = one.totalMs;
    this.addAll(other);
  }

  addAll(other: Histogram): void {
    for (let i = 0; i < BUCKETS; i++) this.counts[i] += other.counts[i];
    this.count += other.count;
    this.totalMs += other.totalMs;
  }
}

function bucketOf(ms: number): number {
  if (!(ms > 1)) return 0;
  if (ms > 2 ** OCTAVES) return BUCKETS - 1;
  const octave = 31 - Math.clz32(Math.ceil(ms) - 1); // 2^octave < ms <= 2^(octave + 1)
  return 2 * octave + (ms > BOUNDS_MS[2 * octave + 1] ? 2 : 1);
}

/** The value below which a share of those lies that were counted between two states of the buckets; null when there were none. */
export function quantile(after: Float64Array, before: Float64Array | null, share: number): number | null {
  let count = 0;
  for (let i = 0; i < BUCKETS; i++) count += after[i] - (before === null ? 0 : before[i]);
  if (count === 0) return null;
  let left = count * share;
  for (let i = 0; i < BUCKETS; i++) {
    const here = after[i] - (before === null ? 0 : before[i]);
    if (here >= left && here > 0) {
      const from = i === 0 ? 0 : BOUNDS_MS[i - 1];
      return i === BUCKETS - 1 ? from : from + (BOUNDS_MS[i] - from) * (left / here);
    }
    left -= here;
  }
  return BOUNDS_MS[BUCKETS - 2];
}
