// Finds tubes by the hash of their name: linear hashing. Each tube that comes splits one bucket, each that goes joins two, so
// there is no pause in which all of a million tubes are hashed anew. A bucket is a chain through the tubes themselves.

import type { Tube } from "./tube.ts";

const SMALLEST_BUCKETS = 16;

export class TubeTable {
  private readonly buckets: (Tube | null)[] = new Array(SMALLEST_BUCKETS).fill(null);
  private count = 0;
  /** Buckets before `split` are divided by one bit more than `mask` has. */
  private mask = SMALLEST_BUCKETS - 1;
  private split = 0;

  /** The first tube of the chain in which those with this hash are. */
  first(hash: number): Tube | null {
    return this.buckets[this.bucketOf(hash)];
  }

  add(tube: Tube): void {
    this.link(tube, this.bucketOf(tube.hash));
    if (++this.count > this.buckets.length) this.grow();
  }

  /** Takes out a tube that is in. */
  remove(tube: Tube): void {
    const bucket = this.bucketOf(tube.hash);
    let before: Tube | null = null;
    for (let each = this.buckets[bucket]; each !== tube; each = each!.nextInTable) before = each;
    if (before === null) this.buckets[bucket] = tube.nextInTable;
    else before.nextInTable = tube.nextInTable;
    tube.nextInTable = null;
    if (--this.count < this.buckets.length / 2 && this.buckets.length > SMALLEST_BUCKETS) this.shrink();
  }

  private bucketOf(hash: number): number {
    const bucket = hash & this.mask;
    return bucket < this.split ? hash & (this.mask * 2 + 1) : bucket;
  }

  private link(tube: Tube, bucket: number): void {
    tube.nextInTable = this.buckets[bucket];
    this.buckets[bucket] = tube;
  }

  /** The tubes of one bucket are divided between it and a new one at the end. */
  private grow(): void {
    this.buckets.push(null);
    this.scatter(this.split++);
    if (this.split <= this.mask) return;
    this.mask = this.mask * 2 + 1;
    this.split = 0;
  }

  /** The last bucket is joined with the one from which it was divided. */
  private shrink(): void {
    if (this.split === 0) {
      this.mask >>>= 1;
      this.split = this.mask + 1;
    }
    this.split--;
    this.scatter(this.buckets.length - 1);
    this.buckets.pop();
  }

  /** Each tube of a bucket goes where it belongs now. */
  private scatter(bucket: number): void {
    let tube = this.buckets[bucket];
    this.buckets[bucket] = null;
    while (tube !== null) {
      const next: Tube | null = tube.nextInTable;
      this.link(tube, this.bucketOf(tube.hash));
      tube = next;
    }
  }
}
