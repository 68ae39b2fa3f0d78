// Who is told what happens to jobs; see the events of core/outbox.ts.

import type { Outbox } from "../core/outbox.ts";

export interface Observer {
  /** The events of one engine call, to be read during this call only. `now` in milliseconds. Must be quick and never throw. */
  happened(events: Outbox, now: number): void;
}
