// Who waits at a tube: sessions blocked in reserve, served first come, first served. A session waits through its watches,
// one per tube it watches, so waiting and leaving cost nothing per other waiter and make no garbage. A session with an index
// (see ready_index.ts) watches too many tubes to join their queues for each wait: its watches are always listed at them.

import type { Session } from "./session.ts";
import type { Tube } from "./tube.ts";

/**
 * One session's interest in one tube. Lives from watch to ignore. It is a link in the tube's queue while the session waits;
 * if the session has an index, in the tube's list of indexed watches all the time.
 */
export class Watch {
  readonly session: Session;
  readonly tube: Tube;
  /** Index in the session's list. */
  place: number;
  before: Watch | null = null;
  after: Watch | null = null;
  queued = false;
  /** Position in the session's index; -1 = not in it. */
  indexPlace = -1;

  constructor(session: Session, tube: Tube, place: number) {
    this.session = session;
    this.tube = tube;
    this.place = place;
  }
}

/** A queue of watches, oldest first; also the list of a tube's indexed watches. */
export class Waiters {
  count = 0;
  first: Watch | null = null;
  private last: Watch | null = null;

  append(watch: Watch): void {
    if (watch.queued) return;
    watch.queued = true;
    watch.before = this.last;
    if (this.last === null) this.first = watch;
    else this.last.after = watch;
    this.last = watch;
    this.count++;
  }

  remove(watch: Watch): void {
    if (!watch.queued) return;
    if (watch.before === null) this.first = watch.after;
    else watch.before.after = watch.after;
    if (watch.after === null) this.last = watch.before;
    else watch.after.before = watch.before;
    watch.before = null;
    watch.after = null;
    watch.queued = false;
    this.count--;
  }
}
