// Work for a log of small segments on a disk in memory: everything that makes it end, empty and remove segments, write zeros
// ahead and give them back, with records larger than a segment among it. The same each time for the same seed.

import type { Disk } from "../../src/adapters/memory/disk.ts";
import { segmentName } from "../../src/journal/layout.ts";
import type { Spare } from "../../src/journal/spares.ts";
import type { Tail } from "../../src/journal/tail.ts";
import type { Random } from "../support/random.ts";
import { takeAny } from "../support/random.ts";
import type { LoggedQueue } from "./logged_queue.ts";

export interface Work {
  /** Bytes of bodies. */
  readonly sizes: readonly number[];
  readonly turns: number;
  /** How often a turn's syncs are not done when the next one begins. */
  readonly slow: number;
  /** Connections that wait for each commit: above a hundred, or none, no sync is made in the turn. */
  readonly waiting: number;
}

export class SmallDiskWork {
  /** Live jobs, as far as they were told. */
  ids: number[] = [];
  /** The same when all was durable last, without those that were deleted since. */
  kept = new Set<number>();
  refused = 0;
  private waiting = 0;
  private readonly queue: LoggedQueue;
  private readonly disk: Disk;
  private readonly random: Random;

  constructor(queue: LoggedQueue, disk: Disk, random: Random, ids: readonly number[] = []) {
    this.queue = queue;
    this.disk = disk;
    this.random = random;
    this.ids = [...ids];
    this.kept = new Set(ids);
  }

  /** Stops where the log fails. `look` is called after each turn. */
  run({ sizes, turns, slow, waiting }: Work, look: () => void = () => {}): void {
    const { random, queue } = this;
    for (let turn = 0; turn < turns && queue.failure === null; turn++) {
      const isGrowing = Math.floor(turn / 20) % 2 === 0;
      for (let count = 1 + random.below(4); count > 0 && queue.failure === null; count--) {
        this.waiting = waiting;
        this.step(isGrowing, sizes);
      }
      this.commit(waiting);
      while (!random.chance(slow) && this.disk.finishSync());
      this.note();
      if (queue.failure === null) look();
    }
  }

  /** Turns until nothing is left to do. */
  rest(waiting: number): void {
    const { queue } = this;
    for (let turns = 0; turns < 1000 && queue.failure === null; turns++) {
      this.commit(waiting);
      const isBusy = this.disk.finishSync();
      if (!isBusy && queue.binlog.nextInstant > queue.now) break;
    }
    this.note();
  }

  private commit(waiting: number): void {
    this.queue.now += 300; // the disk is asked for room again
    this.queue.binlog.commit(this.queue.now, waiting);
  }

  private note(): void {
    const { binlog, failure } = this.queue;
    if (failure === null && binlog.reached >= binlog.ticket) this.kept = new Set(this.ids);
  }

  private step(isGrowing: boolean, sizes: readonly number[]): void {
    const { random, queue, ids } = this;
    const luck = random.next();
    if (!this.mayGoOn()) return;
    if (luck < (isGrowing ? 0.6 : 0.2) || ids.length === 0) return this.put(random.pick(sizes));
    if (luck < 0.85) return this.delete(takeAny(ids, random));
    if (luck < 0.87) return this.truncate();
    const id = random.pick(ids);
    queue.reserve(id);
    if (this.mayGoOn()) queue.bury(id, 1);
    if (this.mayGoOn()) queue.kick(id);
  }

  /** As the server does: no command adds to a turn that is full. */
  private mayGoOn(): boolean {
    const { queue, disk } = this;
    while (queue.binlog.isFull && queue.failure === null) {
      this.commit(this.waiting);
      disk.finishSync();
    }
    return queue.failure === null;
  }

  private put(bytes: number): void {
    const body = new Uint8Array(bytes + 2).fill(97);
    body.set([13, 10], bytes);
    const id = this.queue.put(body);
    if (id === 0) this.refused++;
    else this.ids.push(id);
  }

  private delete(id: number): void {
    this.kept.delete(id);
    this.queue.delete(id);
  }

  /** Of all jobs but some that are reserved, whose truncate must spare them. */
  private truncate(): void {
    const { queue, random, ids } = this;
    const spared = ids.filter(() => random.chance(0.2)).slice(0, 6);
    for (const id of spared) queue.reserve(id);
    queue.truncate("default");
    for (const id of ids) if (!spared.includes(id)) this.kept.delete(id);
    this.ids = spared;
    for (const id of spared) if (this.mayGoOn()) queue.release(id, 0, 0);
    while (queue.engine.hasWork) queue.work();
  }
}

/** What a log counts on of its disk. */
interface End {
  readonly segment: Tail["segment"];
  readonly size: number;
  readonly spares: { readonly list: readonly Spare[]; readonly large: readonly Spare[] };
}

/** What the log counts on that is not there: files with bytes that would need new room when they are written over. */
export function missingRoom({ binlog }: LoggedQueue, disk: Disk): string[] {
  const { segment, size, spares } = (binlog as unknown as { readonly tail: End }).tail;
  const stretches: [name: string, from: number, to: number][] = [
    [segmentName(segment.number), segment.bytes, size],
  ];
  for (const { name, size } of [...spares.list, ...spares.large]) stretches.push([name, 128, size]);
  return stretches.filter(([name, from, to]) => from < to && !disk.isAllocated(name, from, to))
    .map((stretch) => stretch.join(" "));
}
