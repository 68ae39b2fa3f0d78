// What one lane holds: the jobs of one reserve. When the last of them is settled the lane may reserve again; when the lane is
// lost, all of them are.

import type { Lane } from "./backend.ts";
import { LostLeaseError } from "./errors.ts";

export class Holding {
  readonly lane: Lane;
  private left: number;
  private readonly empty: () => void;
  /** Aborts the signals that were asked for; most jobs' never are. */
  private watchers: (() => void)[] | null = null;

  /** `empty` is called when the last of the `count` jobs is settled and the lane is still good. */
  constructor(lane: Lane, count: number, empty: () => void) {
    this.lane = lane;
    this.left = count;
    this.empty = empty;
    lane.onLost = () => this.lose();
  }

  get isLost(): boolean {
    return this.lane.isLost;
  }

  /** One job less is held, for good. */
  settled(): void {
    if (--this.left === 0 && !this.lane.isLost) this.empty();
  }

  /** A signal that is aborted when the lane is lost. */
  signalFor(jobId: number): AbortSignal {
    const controller = new AbortController();
    const abort = (): void => controller.abort(new LostLeaseError(jobId, "DISCONNECTED"));
    if (this.lane.isLost) abort();
    else (this.watchers ??= []).push(abort);
    return controller.signal;
  }

  private lose(): void {
    const { watchers } = this;
    this.watchers = null;
    for (const abort of watchers ?? []) abort();
  }
}
