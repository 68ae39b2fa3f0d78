// Live events: who listens, and what happens told to each. Without a listener for transitions nothing is done per event.

import type { Engine } from "../core/engine.ts";
import { STATE_WORDS } from "../core/jobs.ts";
import * as out from "../core/outbox.ts";
import type { Outbox } from "../core/outbox.ts";
import type { Tube } from "../core/tube.ts";
import { EVENT_WORDS } from "./event_words.ts";
import { MOST_SUBSCRIBERS, MOST_TUBES } from "./limits.ts";
import type { Observation } from "./observation.ts";
import { type Interest, Subscription, type Telling } from "./subscription.ts";
import { describeQueue, describeTube } from "./tube_facts.ts";
import type { TubeRecord } from "./tube_record.ts";

/** What is told of events whose number is an instant: how long ago that was. Of a held job it is the reserve or the last touch. */
const SINCE: Readonly<Record<number, string>> = {
  [out.EVENT_GRANTED]: "waitedMs",
  [out.EVENT_DELETED]: "heldMs",
  [out.EVENT_RELEASED]: "heldMs",
  [out.EVENT_BURIED]: "heldMs",
  [out.EVENT_EXPIRED]: "heldMs",
  [out.EVENT_TOUCHED]: "heldMs",
  [out.EVENT_RETURNED]: "heldMs",
  [out.EVENT_REQUEUED]: "heldMs",
};
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

  private readonly happened = (events: Outbox, index: number, now: number): void => {
    const tube = events.eventTube(index);
    let state = "";
    let json = "";
    for (const subscription of this.jobFollowers) {
      if (!this.concerns(subscription, tube)) continue;
      state ||= this.stateAfter(events, index);
      if (!subscription.interest.states.has(state) || subscription.drops()) continue;
      json ||= this.describe(events, index, this.decoder.decode(tube.name), state, now);
      subscription.job(json);
    }
  };

  /** Whether a client wants to hear of a tube. Asked for each event, so the answer is remembered. */
  private concerns(subscription: Subscription, tube: Tube): boolean {
    const known = subscription.concerns[tube.slot];
    if (known !== undefined && known.tube === tube) return known.isWanted;
    const isWanted = subscription.interest.matches(this.decoder.decode(tube.name));
    if (tube.slot < MOST_TUBES) subscription.concerns[tube.slot] = { tube, isWanted };
    return isWanted;
  }

  private describe(events: Outbox, index: number, tube: string, state: string, now: number): string {
    const kind = events.eventKind(index);
    const number = events.eventNumber(index);
    const at = new Date(now).toISOString();
    const event = EVENT_WORDS[kind];
    if (kind === out.EVENT_TRUNCATED) return JSON.stringify({ at, event, count: number, tube, state });
    const id = events.eventId(index);
    if (number === 0 || !(kind in SINCE)) return JSON.stringify({ at, event, id, tube, state });
    return JSON.stringify({
      at,
      event,
      id,
      tube,
      state,
      [SINCE[kind]]: Math.max(0, Math.round(now - number)),
    });
  }

  /** The state that a job has come into by an event, whatever has happened to it since. */
  private stateAfter(events: Outbox, index: number): string {
    const kind = events.eventKind(index);
    switch (kind) {
      case out.EVENT_PUT:
        return events.eventNumber(index) > 0 ? "delayed" : "ready";
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
        const row = jobs.find(events.eventId(index));
        return row !== 0 && jobs.delayOf(row) > 0 ? "delayed" : "ready";
      }
      default:
        return "ready";
    }
  }
}
