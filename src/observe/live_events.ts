// Live events: who listens, and what happens told to each. Without a listener for transitions nothing is done per event.

import type { Engine } from "../core/engine.ts";
import { STATE_WORDS } from "../core/jobs.ts";
import * as out from "../core/outbox.ts";
import type { Tube } from "../core/tube.ts";
import { EVENT_WORDS } from "./event_words.ts";
import { MOST_SUBSCRIBERS } from "./limits.ts";
import type { Observation } from "./observation.ts";
import { type Interest, Subscription, type Telling } from "./subscription.ts";
import { describeQueue, describeTube } from "./tube_facts.ts";
import type { TubeRecord } from "./tube_record.ts";

/** What a client may ask for: the state a job comes into. */
export const TRANSITION_STATES: readonly string[] = [...STATE_WORDS.slice(1), "deleted"];

export class LiveEvents implements Telling {
  private readonly engine: Engine;
  private readonly observation: Observation;
  private readonly subscriptions = new Set<Subscription>();
  private readonly jobFollowers = new Set<Subscription>();
  private unfollow: (() => void) | null = null;
  private readonly decoder = new TextDecoder();
  /** Instant of the last beat, and what has been written since: all clients hear the same. */
  private now: number;
  private tubes = new Map<TubeRecord, string>();
  private whole = "";

  constructor(engine: Engine, observation: Observation, now: number) {
    this.engine = engine;
    this.observation = observation;
    this.now = now;
  }

  get count(): number {
    return this.subscriptions.size;
  }

  /** Null when there are as many clients as there may be. `wake` is called when there is something to take. */
  subscribe(interest: Interest, wake: () => void): Subscription | null {
    if (this.subscriptions.size >= MOST_SUBSCRIBERS) return null;
    const subscription = new Subscription(interest, this, wake);
    this.subscriptions.add(subscription);
    if (interest.states.size > 0) this.jobFollowers.add(subscription);
    if (this.jobFollowers.size > 0) this.unfollow ??= this.observation.follow(this.happened);
    return subscription;
  }

  unsubscribe(subscription: Subscription): void {
    this.subscriptions.delete(subscription);
    this.jobFollowers.delete(subscription);
    if (this.jobFollowers.size > 0) return;
    this.unfollow?.();
    this.unfollow = null;
  }

  /** A second is over. Answers who is to be told of what changed: each by itself, since each costs time. */
  beat(now: number): readonly Subscription[] {
    this.now = now;
    this.tubes = new Map();
    this.whole = "";
    return [...this.subscriptions];
  }

  /** Transitions that are at hand may be taken. */
  flush(): void {
    for (const subscription of this.jobFollowers) if (subscription.hasJobs) subscription.wake();
  }

  tube(record: TubeRecord): string | null {
    if (!this.observation.records.isAlive(record)) return null;
    const known = this.tubes.get(record);
    if (known !== undefined) return known;
    const json = JSON.stringify(describeTube(record.tube!, record.name, this.observation, this.now));
    this.tubes.set(record, json);
    return json;
  }

  queue(): string {
    return this.whole ||= JSON.stringify(describeQueue(this.engine, this.observation, this.now));
  }

  private readonly happened = (
    kind: number,
    id: number,
    tube: Tube,
    waitedMs: number,
    heldMs: number,
    now: number,
    number: number,
  ): void => {
    let json = "";
    for (const subscription of this.jobFollowers) {
      if (!this.concerns(subscription.interest, kind, id, tube, number) || subscription.drops()) continue;
      json ||= JSON.stringify({
        at: new Date(now).toISOString(),
        event: EVENT_WORDS[kind],
        id: kind === out.EVENT_TRUNCATED ? undefined : id,
        count: kind === out.EVENT_TRUNCATED ? number : undefined,
        tube: this.decoder.decode(tube.name),
        state: this.stateAfter(kind, id, number),
        waitedMs: waitedMs < 0 ? undefined : Math.round(waitedMs),
        heldMs: heldMs < 0 ? undefined : Math.round(heldMs),
      });
      subscription.job(json);
    }
  };

  private concerns(
    { states, matches }: Interest,
    kind: number,
    id: number,
    tube: Tube,
    number: number,
  ): boolean {
    return states.has(this.stateAfter(kind, id, number)) && matches(this.decoder.decode(tube.name));
  }

  /** The state that a job has come into by an event, whatever has happened to it since. */
  private stateAfter(kind: number, id: number, number: number): string {
    switch (kind) {
      case out.EVENT_PUT:
        return number > 0 ? "delayed" : "ready";
      case out.EVENT_GRANTED:
      case out.EVENT_TOUCHED:
        return "reserved";
      case out.EVENT_DELETED:
      case out.EVENT_TRUNCATED:
        return "deleted";
      case out.EVENT_BURIED:
        return "buried";
      case out.EVENT_RELEASED:
      case out.EVENT_REQUEUED: {
        const { jobs } = this.engine;
        const row = jobs.find(id);
        return row !== 0 && jobs.delayOf(row) > 0 ? "delayed" : "ready";
      }
      default:
        return "ready";
    }
  }
}
