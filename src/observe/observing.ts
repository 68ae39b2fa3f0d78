// Keeps an observation going: a beat a second, sweeps for the oldest jobs when they are asked for, live events. Each piece of
// work is a turn of the event loop of its own and takes a few milliseconds at most.

import type { Engine } from "../core/engine.ts";
import { BEAT_MS, FLUSH_MS, SWEEP_REST_MS } from "./limits.ts";
import { LiveEvents } from "./live_events.ts";
import { Observation, type ObservationOptions } from "./observation.ts";
import type { TubeRecord } from "./tube_record.ts";
import type { Observer } from "../server/observer.ts";

/** What is observed: a server. */
export interface Observed {
  readonly engine: Engine;
  observe(observer: Observer | null): void;
}

/** An observation under way. */
export interface Observing {
  readonly observation: Observation;
  readonly live: LiveEvents;
  /** Ends it. */
  stop(): void;
}

/** Begins to observe a server. `now` answers the time in milliseconds since 1970. */
export function startObserving(
  server: Observed,
  now: () => number,
  options: ObservationOptions = {},
): Observing {
  const { engine } = server;
  const observation = new Observation(engine, now(), options);
  const live = new LiveEvents(engine, observation, now());
  server.observe(observation);
  let isStopped = false;
  let sweepTimer: ReturnType<typeof setTimeout> | undefined;
  const sweep = (): void => {
    sweepTimer = undefined;
    observation.oldest.sweep();
    if (observation.oldest.isSweeping) sweepTimer = setTimeout(sweep, SWEEP_REST_MS);
  };
  const tell = (changed: readonly TubeRecord[]): void => {
    for (const subscription of live.beat(now())) {
      setTimeout(() => isStopped || subscription.beat(changed), 0);
    }
  };
  const goOn = (pieces: Generator<void, readonly TubeRecord[], void>): void => {
    if (isStopped) return;
    const { done, value } = pieces.next();
    if (done) tell(value);
    else setTimeout(goOn, 0, pieces);
  };
  const beat = setInterval(() => {
    goOn(observation.beatInPieces(now()));
    if (observation.oldest.isSweeping) sweepTimer ??= setTimeout(sweep, 0);
  }, BEAT_MS);
  const flush = setInterval(() => live.flush(), FLUSH_MS);
  return {
    observation,
    live,
    stop(): void {
      isStopped = true;
      server.observe(null);
      clearInterval(beat);
      clearInterval(flush);
      clearTimeout(sweepTimer);
    },
  };
}
