// What a server has refused, by reason: counts, and which reasons are current. One object per server, made before its listeners
// and its HTTP port, which report to it as the server does. Nothing here is on the way of a command that succeeds.

import { REFUSAL_REASONS } from "../ports/refusals.ts";
import type { RefusalReason, RefusalReporter } from "../ports/refusals.ts";
import { REFUSAL_TABLE } from "./refusal_table.ts";

/** So long after its last refusal a reason counts as current, in milliseconds. */
export const CURRENT_MS = 60_000;

/** What there is to tell of one reason. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** Refusals since the start. */
  readonly count: number;
  /** Milliseconds since the last one; null when there was none. */
  readonly lastMsAgo: number | null;
  /** The last one was within a minute. */
  readonly isCurrent: boolean;
}

export class Refusals implements RefusalReporter {
  private readonly now: () => number;
  private readonly log: RefusalReporter | null;
  private readonly counts = new Map<RefusalReason, number>(REFUSAL_REASONS.map((reason) => [reason, 0]));
  private readonly lastAt = new Map<RefusalReason, number>();

  /** `now` answers milliseconds that never go backwards; `log` is told of each refusal as it comes. */
  constructor(now: () => number, log: RefusalReporter | null = null) {
    this.now = now;
    this.log = log;
  }

  refused(reason: RefusalReason, peer: string | null): void {
    this.counts.set(reason, this.count(reason) + 1);
    this.lastAt.set(reason, this.now());
    this.log?.refused(reason, peer);
  }

  /** Refusals for this reason since the start. */
  count(reason: RefusalReason): number {
    return this.counts.get(reason)!;
  }

  /** One entry per reason, in the order of the list. */
  all(): Refusal[] {
    const now = this.now();
    return REFUSAL_REASONS.map((reason) => {
      const lastAt = this.lastAt.get(reason);
      const lastMsAgo = lastAt === undefined ? null : Math.max(0, now - lastAt);
      const isCurrent = lastMsAgo !== null && lastMsAgo < CURRENT_MS;
      return { reason, count: this.count(reason), lastMsAgo, isCurrent };
    });
  }

  /** The reasons for which something was refused within the last minute. */
  get current(): readonly RefusalReason[] {
    return this.all().filter(({ isCurrent }) => isCurrent).map(({ reason }) => reason);
  }

  /** Those of them that somebody has to act on. */
  get shortages(): readonly RefusalReason[] {
    return this.current.filter((reason) => REFUSAL_TABLE[reason].isShortage);
  }
}
