// Latencies in logarithmic buckets: at most 1.6 % off, nothing allocated per value.

const STEPS = 64;
const STEP_BITS = 6;
/** Values are counted in units of 100 ns, so that 32 bits reach beyond seven minutes. */
const UNITS_PER_MS = 10_000;
const LARGEST = 0xffffffff;

export class Histogram {
  readonly #buckets: Uint32Array = new Uint32Array(STEPS * (32 - STEP_BITS + 1));
  count = 0;
  maxMs = 0;

  add(ms: number): void {
    this.count++;
    if (ms > this.maxMs) this.maxMs = ms;
    const units = Math.min(LARGEST, ms * UNITS_PER_MS) >>> 0;
    this.#buckets[bucketOf(units)]++;
  }

  /** The value below which this share of all values lies, in microseconds. */
  quantileUs(share: number): number {
    const wanted = Math.min(this.count - 1, Math.floor(share * this.count));
    let seen = 0;
    for (let bucket = 0; bucket < this.#buckets.length; bucket++) {
      seen += this.#buckets[bucket];
      if (seen > wanted) return Math.min(middleOf(bucket) / UNITS_PER_MS, this.maxMs) * 1000;
    }
    return 0;
  }
}

function bucketOf(units: number): number {
  if (units < STEPS) return units;
  const shift = 31 - Math.clz32(units) - STEP_BITS;
  return (shift << STEP_BITS) + (units >>> shift);
}

function middleOf(bucket: number): number {
  if (bucket < STEPS * 2) return bucket;
  const shift = (bucket >>> STEP_BITS) - 1;
  return ((bucket & (STEPS - 1)) + STEPS + 0.5) * 2 ** shift;
}
