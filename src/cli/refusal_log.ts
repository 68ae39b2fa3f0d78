// Refusals as lines on stderr. However many there are, each reason prints one line in ten seconds; the next one says how many
// were not shown.

import type { RefusalReason, RefusalReporter } from "../ports/refusals.ts";
import { REFUSAL_TABLE } from "../server/refusal_table.ts";

/** What was refused since the last line, and is not shown. */
interface Hidden {
  count: number;
  lastPeer: string | null;
}

/** At most one line per reason in so many milliseconds. */
export const QUIET_MS = 10_000;

export class RefusalLog implements RefusalReporter {
  private readonly warn: (line: string) => void;
  private readonly quietMs: number;
  /** Reasons that printed a line just now, and how many refusals have not been shown since. */
  private readonly hidden = new Map<RefusalReason, Hidden>();

  constructor(warn: (line: string) => void, quietMs: number = QUIET_MS) {
    this.warn = warn;
    this.quietMs = quietMs;
  }

  refused(reason: RefusalReason, peer: string | null): void {
    const hidden = this.hidden.get(reason);
    if (hidden !== undefined) {
      hidden.count++;
      hidden.lastPeer = peer;
      return;
    }
    const { what, why } = REFUSAL_TABLE[reason];
    this.warn(`${what}${from(peer)}: ${why}`);
    this.beQuiet(reason);
  }

  private beQuiet(reason: RefusalReason): void {
    this.hidden.set(reason, { count: 0, lastPeer: null });
    const timer = setTimeout(() => this.tellHidden(reason), this.quietMs);
    if (typeof timer === "object") (timer as { unref?: () => void }).unref?.();
  }

  private tellHidden(reason: RefusalReason): void {
    const { count, lastPeer } = this.hidden.get(reason)!;
    this.hidden.delete(reason);
    if (count === 0) return;
    const { what, why } = REFUSAL_TABLE[reason];
    const times = count === 1 ? "once more" : `${count} more times`;
    const last = count === 1 ? from(lastPeer) : lastPeer === null ? "" : `, last${from(lastPeer)}`;
    this.warn(`${what} ${times} in ${this.quietMs / 1000} s${last}: ${why}`);
    this.beQuiet(reason);
  }
}

function from(peer: string | null): string {
  return peer === null ? "" : ` from ${peer}`;
}
