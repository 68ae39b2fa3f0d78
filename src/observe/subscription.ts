// What one client of live events has still to hear, as server-sent events. Bounded: of tubes only which ones changed is
// kept, transitions of jobs are dropped beyond a number and counted, so a client that does not read costs no more than that.

import type { Tube } from "../core/tube.ts";
import { MOST_JOBS_TOLD, MOST_TUBES_TOLD } from "./limits.ts";
import type { TubeRecord } from "./tube_record.ts";

/** What a client wants to hear of. */
export interface Interest {
  /** Whether a tube concerns it. */
  readonly matches: (tube: string) => boolean;
  /** The states whose jobs' transitions it wants, by word, "deleted" among them; empty: none. */
  readonly states: ReadonlySet<string>;
}

/** What all clients share. */
export interface Telling {
  /** JSON of a tube as it is now; null when it is gone. */
  tube(record: TubeRecord): string | null;
  /** JSON of the queue as a whole. */
  queue(): string;
}

export class Subscription {
  readonly interest: Interest;
  /** Called when there is something to take. */
  readonly wake: () => void;
  /** By the slot of a tube: whether it concerns the client, as long as that tube has the slot. */
  readonly concerns: ({ readonly tube: Tube; readonly isWanted: boolean } | undefined)[] = [];
  private readonly telling: Telling;
  private readonly changed = new Set<TubeRecord>();
  private jobs: string[] = [];
  private dropped = 0;
  private isBeaten = false;

  constructor(interest: Interest, telling: Telling, wake: () => void) {
    this.interest = interest;
    this.telling = telling;
    this.wake = wake;
  }

  /** A second is over, and these tubes look different. */
  beat(changed: readonly TubeRecord[]): void {
    this.isBeaten = true;
    for (const record of changed) if (this.interest.matches(record.name)) this.changed.add(record);
    this.wake();
  }

  /** Whether the next transition would be dropped; then it has been counted. */
  drops(): boolean {
    if (this.jobs.length < MOST_JOBS_TOLD) return false;
    this.dropped++;
    return true;
  }

  /** A job's transition, as JSON. */
  job(json: string): void {
    this.jobs.push(json);
  }

  get hasJobs(): boolean {
    return this.jobs.length > 0;
  }

  /** All that can be said now; "" when that is nothing. */
  take(): string {
    let text = "";
    for (const json of this.jobs) text += event("job", json);
    this.jobs = [];
    if (this.dropped > 0) text += event("dropped", `{"count":${this.dropped}}`);
    this.dropped = 0;
    if (!this.isBeaten) return text;
    this.isBeaten = false;
    if (this.changed.size > 0) text += event("tubes", this.takeTubes());
    return text + event("server", this.telling.queue());
  }

  private takeTubes(): string {
    const tubes: string[] = [];
    const gone: string[] = [];
    for (const record of this.changed) {
      if (tubes.length + gone.length === MOST_TUBES_TOLD) break;
      this.changed.delete(record);
      const json = this.telling.tube(record);
      if (json === null) gone.push(record.name);
      else tubes.push(json);
    }
    return `{"tubes":[${tubes.join(",")}],"gone":${JSON.stringify(gone)},"left":${this.changed.size}}`;
  }
}

function event(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`;
}
