// How long something took, in buckets whose bounds grow by the square root of two: from a millisecond to 12 days, each
// quantile right to a fifth and never above the longest time seen in its bucket. 128 numbers, whatever is counted.

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
  /** The longest time in each bucket, in milliseconds; 0 = none. */
  readonly longest: Float64Array = new Float64Array(BUCKETS);
  count = 0;
  totalMs = 0;

  add(ms: number): void {
    const bucket = bucketOf(ms);
    this.counts[bucket]++;
    if (ms > this.longest[bucket]) this.longest[bucket] = ms;
    this.count++;
    if (ms > 0) this.totalMs += ms;
  }

  /** Becomes the sum of two others. */
  setTo(one: Histogram, other: Histogram): void {
    this.counts.set(one.counts);
    this.longest.set(one.longest);
    this.count = one.count;
    this.totalMs = one.totalMs;
    this.addAll(other);
  }

  addAll(other: Histogram): void {
    for (let i = 0; i < BUCKETS; i++) {
      this.counts[i] += other.counts[i];
      if (other.longest[i] > this.longest[i]) this.longest[i] = other.longest[i];
    }
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

/**
 * The `share` quantile (0.99 = p99), in milliseconds, of the times added since the counts were `before`; null when none were.
 * Estimated within its bucket, but never above the longest time that was ever added to that bucket.
 */
export function quantile(times: Histogram, before: Float64Array | null, share: number): number | null {
  const { counts, longest } = times;
  let count = 0;
  for (let i = 0; i < BUCKETS; i++) count += counts[i] - (before === null ? 0 : before[i]);
  if (count === 0) return null;
  let left = count * share;
  let last = 0;
  for (let i = 0; i < BUCKETS; i++) {
    const here = counts[i] - (before === null ? 0 : before[i]);
    if (here <= 0) continue;
    last = longest[i];
    if (here >= left) {
      const from = i === 0 ? 0 : BOUNDS_MS[i - 1];
      return i === BUCKETS - 1 ? from : Math.min(longest[i], from + (BOUNDS_MS[i] - from) * (left / here));
    }
    left -= here;
  }
  return last;
}
