// The lanes of a queue: sessions that reserve. One that holds nothing and waits for nothing may reserve again for the same
// tubes; a reserve that finds none opens one. Reserves outlive their lane: when it is lost they go on with another.

import type { Backend, Lane, Reserved } from "./backend.ts";
import { DisconnectedError, QueueError } from "./errors.ts";
import { Holding } from "./holding.ts";

/** Lanes kept for later, all tubes together; each is a session, over TCP a connection. */
const MOST_IDLE = 256;

/** Jobs just reserved, and what holds them. */
export interface Taken extends Reserved {
  readonly holding: Holding;
}

export class Lanes {
  private readonly backend: Backend;
  /** Idle lanes by the names of their tubes; the keys that were used longest ago come first. */
  private readonly idle = new Map<string, Lane[]>();
  private idleCount = 0;
  private readonly all = new Set<Lane>();
  private isClosed = false;

  constructor(backend: Backend) {
    this.backend = backend;
  }

  /**
   * Null when the time is up. `timeout` in seconds; null waits for ever. Rejects with a DisconnectedError when there is no
   * connection at that time.
   */
  async reserve(
    tubes: readonly string[],
    count: number,
    timeout: number | null,
    signal: AbortSignal | undefined,
  ): Promise<Taken | null> {
    const key = tubes.length === 1 ? tubes[0] : [...tubes].sort().join(" ");
    const until = timeout === null ? Infinity : performance.now() + timeout * 1000;
    let left = timeout;
    for (let attempt = 0;; attempt++) {
      if (this.isClosed) throw closedError();
      signal?.throwIfAborted();
      const lane = this.take(key, tubes);
      try {
        const reserved = await lane.reserve(count, left, signal);
        if (reserved.ids.length > 0) return this.hold(lane, key, reserved);
        this.giveBack(lane, key);
        return null;
      } catch (error) {
        if (lane.isLost) this.all.delete(lane);
        else this.giveBack(lane, key);
        if (this.isClosed) throw closedError();
        if (!(error instanceof DisconnectedError) || performance.now() >= until) throw error;
      }
      await this.backend.recover(attempt, signal);
      if (timeout !== null) left = Math.max(0, Math.ceil((until - performance.now()) / 1000));
    }
  }

  /** Closes the idle ones that watch a tube; answers how many. */
  closeIdle(tube: string): number {
    let closed = 0;
    for (const [key, lanes] of this.idle) {
      if (!key.split(" ").includes(tube)) continue;
      this.idle.delete(key);
      this.idleCount -= lanes.length;
      closed += lanes.length;
      for (const lane of lanes) {
        this.all.delete(lane);
        lane.onLost = () => {};
        lane.close();
      }
    }
    return closed;
  }

  /** Closes all, those that hold jobs included. */
  close(): void {
    this.isClosed = true;
    for (const lane of this.all) lane.close();
    this.all.clear();
    this.idle.clear();
  }

  private hold(lane: Lane, key: string, { ids, bodies }: Reserved): Taken {
    if (this.isClosed) throw closedError();
    return { ids, bodies, holding: new Holding(lane, ids.length, () => this.giveBack(lane, key)) };
  }

  private take(key: string, tubes: readonly string[]): Lane {
    const lanes = this.idle.get(key);
    const lane = lanes?.pop();
    if (lane !== undefined) {
      this.idleCount--;
      return lane;
    }
    const fresh = this.backend.openLane(tubes);
    this.all.add(fresh);
    return fresh;
  }

  private giveBack(lane: Lane, key: string): void {
    if (this.isClosed || lane.isLost) return lane.close();
    let lanes = this.idle.get(key);
    if (lanes === undefined) this.idle.set(key, lanes = []);
    lanes.push(lane);
    lane.onLost = () => this.dropIdle(lane, key);
    if (++this.idleCount > MOST_IDLE) this.closeOldest();
  }

  private dropIdle(lane: Lane, key: string): void {
    this.all.delete(lane);
    const lanes = this.idle.get(key) ?? [];
    const place = lanes.indexOf(lane);
    if (place < 0) return;
    lanes.splice(place, 1);
    this.idleCount--;
  }

  private closeOldest(): void {
    for (const [key, lanes] of this.idle) {
      const lane = lanes.shift();
      if (lane === undefined) {
        this.idle.delete(key);
        continue;
      }
      this.idleCount--;
      this.all.delete(lane);
      lane.onLost = () => {};
      return lane.close();
    }
  }
}

export function closedError(): QueueError {
  return new QueueError("CLOSED", "the queue is closed");
}
