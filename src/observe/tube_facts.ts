// What is told of a tube and of the queue as a whole: plain data, as the API and live events show it.

import type { Engine } from "../core/engine.ts";
import type { Tube } from "../core/tube.ts";
import type { Observation } from "./observation.ts";
import type { Rates } from "./tube_record.ts";

export interface TubeFacts {
  readonly name: string;
  readonly ready: number;
  readonly urgent: number;
  readonly delayed: number;
  readonly reserved: number;
  readonly buried: number;
  readonly totalJobs: number;
  readonly deletes: number;
  readonly pauses: number;
  readonly using: number;
  readonly watching: number;
  readonly waiting: number;
  readonly pause: { readonly seconds: number; readonly leftSeconds: number } | null;
  readonly oldestReadySeconds: number | null;
  readonly rates: Rates;
}

export interface QueueFacts {
  /** Instant, ISO 8601. */
  readonly at: string;
  readonly isDraining: boolean;
  readonly tubes: number;
  readonly jobs: {
    readonly ready: number;
    readonly urgent: number;
    readonly delayed: number;
    readonly reserved: number;
    readonly buried: number;
  };
  readonly connections: {
    readonly now: number;
    readonly producers: number;
    readonly workers: number;
    readonly waiting: number;
  };
  readonly rates: Rates;
}

/** What a tube tells of itself: all but what somebody has to watch it for. */
export function describeCounts(
  tube: Tube,
  name: string,
  now: number,
): Omit<TubeFacts, "oldestReadySeconds" | "rates"> {
  const leftSeconds = Math.max(0, Math.round(tube.pausedUntil - now) / 1000);
  return {
    name,
    ready: tube.ready.length,
    urgent: tube.urgentCount,
    delayed: tube.delayed.length,
    reserved: tube.reservedCount,
    buried: tube.buried.length,
    totalJobs: tube.totalJobs,
    deletes: tube.deletes,
    pauses: tube.pauses,
    using: tube.usingCount,
    watching: tube.watchingCount,
    waiting: tube.waitingCount,
    pause: tube.isPaused ? { seconds: tube.pauseSeconds, leftSeconds } : null,
  };
}

export function describeTube(tube: Tube, name: string, observation: Observation, now: number): TubeFacts {
  return {
    ...describeCounts(tube, name, now),
    oldestReadySeconds: rounded(observation.oldestReadySeconds(tube, now)),
    rates: roundedRates(observation.rates(tube)),
  };
}

export function describeQueue(engine: Engine, observation: Observation, now: number): QueueFacts {
  const { ready, urgent, delayed, reserved, buried, sessions, producers, workers, waiting } = engine.counters;
  return {
    at: new Date(now).toISOString(),
    isDraining: engine.isDraining,
    tubes: engine.tubes.list.length,
    jobs: { ready, urgent, delayed, reserved, buried },
    connections: { now: sessions, producers, workers, waiting },
    rates: roundedRates(observation.total.rates),
  };
}

function rounded<T extends number | null>(value: T): T {
  return (value === null ? null : Math.round(value * 100) / 100) as T;
}

function roundedRates({ put, reserved, deleted, released, buried, timeouts }: Rates): Rates {
  return {
    put: rounded(put),
    reserved: rounded(reserved),
    deleted: rounded(deleted),
    released: rounded(released),
    buried: rounded(buried),
    timeouts: rounded(timeouts),
  };
}
