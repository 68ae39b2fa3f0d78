// The tubes that a session uses and watches. A name that no tube has makes one, as far as the memory limit lets it.

import { WATCH_BYTES } from "./limits.ts";
import * as out from "./outbox.ts";
import type { Outbox } from "./outbox.ts";
import type { Places } from "./places.ts";
import type { Session } from "./session.ts";
import type { Tube } from "./tube.ts";

export class TubeChoice {
  private readonly places: Places;
  private readonly outbox: Outbox;

  constructor(places: Places, outbox: Outbox) {
    this.places = places;
    this.outbox = outbox;
  }

  /** Later puts go to that tube. */
  use(session: Session, bytes: Uint8Array, from: number, to: number): void {
    this.places.counters.use++;
    const former = session.used;
    const tube = this.places.obtain(bytes, from, to, 0);
    if (tube === null) {
      this.places.counters.usesWithoutMemory++;
      return this.outbox.reply(session, out.OUT_OF_MEMORY);
    }
    tube.usingCount++;
    session.used = tube;
    former.usingCount--;
    this.places.dropIfIdle(former);
    this.outbox.reply(session, out.USING, tube.slot);
  }

  /** Later reserves look at that tube, too. */
  watch(session: Session, bytes: Uint8Array, from: number, to: number): void {
    this.places.counters.watch++;
    const known = this.places.tubes.find(bytes, from, to);
    if (known === undefined || session.watchOf(known) === undefined) {
      const hasRoom = known === undefined || this.places.hasMemoryFor(WATCH_BYTES);
      const tube = hasRoom ? known ?? this.places.obtain(bytes, from, to, WATCH_BYTES) : null;
      if (tube === null) {
        this.places.counters.watchesWithoutMemory++;
        return this.outbox.reply(session, out.OUT_OF_MEMORY);
      }
      this.addWatch(session, tube);
    }
    this.outbox.reply(session, out.WATCHING, session.watches.length);
  }

  /** Later reserves do not look at that tube any more. */
  ignore(session: Session, bytes: Uint8Array, from: number, to: number): void {
    this.places.counters.ignore++;
    const tube = this.places.tubes.find(bytes, from, to);
    const watch = tube && session.watchOf(tube);
    if (watch && session.watches.length === 1) return this.outbox.reply(session, out.NOT_IGNORED);
    if (watch) {
      session.dropWatch(watch);
      this.places.memory.watches--;
      watch.tube.watchingCount--;
      this.places.dropIfIdle(watch.tube);
    }
    this.outbox.reply(session, out.WATCHING, session.watches.length);
  }

  /** Watches a tube that the session does not watch yet. */
  addWatch(session: Session, tube: Tube): void {
    session.addWatch(tube);
    this.places.memory.watches++;
    tube.watchingCount++;
  }
}
