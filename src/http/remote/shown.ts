// What a server tells of itself over the wire, in the shapes of the API.

import type { JobStats, ListedJob, Stats, TubeStats } from "../../client/face.ts";
import { bodyTextOf } from "../job_text.ts";
import { isShortage } from "../../server/refusal_table.ts";
import type { Job, Refusal, ServerInfo, Tube } from "../model.ts";
import type { BodyView } from "../source.ts";

/** The furthest that a date can be from 1970. */
const MOST_INSTANT_MS = 8_640_000_000_000_000;

const numberOf = (stats: Stats, key: string): number => Number(stats[key] ?? 0) || 0;
const textOf = (stats: Stats, key: string): string => String(stats[key] ?? "");

/** Its own words that no beanstalkd has ever had, if any, tell a Runnerbean. */
export function serverInfo(
  stats: Stats,
  words: readonly string[],
  capabilities: readonly string[],
): ServerInfo {
  const commands = Object.keys(stats).filter((key) => key.startsWith("cmd-"));
  return {
    version: textOf(stats, "version"),
    runtime: "remote",
    pid: numberOf(stats, "pid"),
    id: textOf(stats, "id"),
    hostname: textOf(stats, "hostname"),
    uptimeSeconds: numberOf(stats, "uptime"),
    isDraining: textOf(stats, "draining") === "true",
    backend: words.length > 0 ? "runnerbean" : "beanstalkd",
    capabilities,
    maxJobBytes: numberOf(stats, "max-job-size"),
    tubes: numberOf(stats, "current-tubes"),
    jobs: {
      ready: numberOf(stats, "current-jobs-ready"),
      urgent: numberOf(stats, "current-jobs-urgent"),
      delayed: numberOf(stats, "current-jobs-delayed"),
      reserved: numberOf(stats, "current-jobs-reserved"),
      buried: numberOf(stats, "current-jobs-buried"),
    },
    totals: {
      jobs: numberOf(stats, "total-jobs"),
      timeouts: numberOf(stats, "job-timeouts"),
      connections: numberOf(stats, "total-connections"),
      commands: Object.fromEntries(commands.map((key) => [key.slice(4), numberOf(stats, key)])),
    },
    refusals: refusalsOf(stats),
    connections: {
      now: numberOf(stats, "current-connections"),
      producers: numberOf(stats, "current-producers"),
      workers: numberOf(stats, "current-workers"),
      waiting: numberOf(stats, "current-waiting"),
    },
    binlog: numberOf(stats, "binlog-current-index") === 0 ? null : {
      oldestSegment: numberOf(stats, "binlog-oldest-index"),
      currentSegment: numberOf(stats, "binlog-current-index"),
      recordsMigrated: numberOf(stats, "binlog-records-migrated"),
      recordsWritten: numberOf(stats, "binlog-records-written"),
      segmentBytes: numberOf(stats, "binlog-max-size"),
    },
    memory: null,
    loop: null,
  };
}

const REFUSED = "refused-";

/** Null for a server that does not tell of refusals. */
function refusalsOf(stats: Stats): readonly Refusal[] | null {
  const keys = Object.keys(stats).filter((key) => key.startsWith(REFUSED));
  if (keys.length === 0) return null;
  const current = textOf(stats, "refusing").split(",");
  return keys.map((key) => {
    const reason = key.slice(REFUSED.length);
    return {
      reason,
      count: numberOf(stats, key),
      lastSecondsAgo: null,
      isCurrent: current.includes(reason),
      isShortage: isShortage(reason),
    };
  }).filter(({ count }) => count > 0);
}

export function tubeOf(stats: TubeStats): Tube {
  const leftSeconds = numberOf(stats, "pause-time-left");
  return {
    name: stats.name,
    ready: numberOf(stats, "current-jobs-ready"),
    urgent: numberOf(stats, "current-jobs-urgent"),
    delayed: numberOf(stats, "current-jobs-delayed"),
    reserved: numberOf(stats, "current-jobs-reserved"),
    buried: numberOf(stats, "current-jobs-buried"),
    totalJobs: numberOf(stats, "total-jobs"),
    deletes: numberOf(stats, "cmd-delete"),
    pauses: numberOf(stats, "cmd-pause-tube"),
    using: numberOf(stats, "current-using"),
    watching: numberOf(stats, "current-watching"),
    waiting: numberOf(stats, "current-waiting"),
    pause: leftSeconds > 0 ? { seconds: numberOf(stats, "pause"), leftSeconds } : null,
    oldestReadySeconds: null,
    rates: null,
  };
}

/** What another server says of an age or a rest may be no number. */
function secondsOf(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}

/** When something of an age in seconds began. Another server may say anything: what is no date is the beginning of dates. */
function agoText(age: number): string {
  const at = Date.now() - age * 1000;
  return new Date(Math.abs(at) <= MOST_INSTANT_MS ? at : 0).toISOString();
}

/** `body`: its bytes, or null when they are not wanted. */
export function jobOf(
  stats: JobStats | ListedJob,
  tube: string,
  bytes: number,
  body: Uint8Array | null,
  view: BodyView,
): Job {
  const isTimed = stats.state === "reserved" || stats.state === "delayed";
  const shown: Job = {
    id: stats.id,
    tube,
    state: stats.state,
    priority: stats.pri,
    delay: stats.delay,
    ttr: stats.ttr,
    ageSeconds: secondsOf(stats.age),
    timeLeftSeconds: isTimed ? secondsOf(stats["time-left"]) : 0,
    createdAt: agoText(secondsOf(stats.age)),
    counts: {
      reserves: numberOf(stats, "reserves"),
      timeouts: numberOf(stats, "timeouts"),
      releases: numberOf(stats, "releases"),
      buries: numberOf(stats, "buries"),
      kicks: numberOf(stats, "kicks"),
    },
    bytes,
    heldBy: null,
  };
  if (body === null || view.encoding === "none") return shown;
  const isWhole = body.length <= view.maxBytes;
  return { ...shown, body: bodyTextOf(body.subarray(0, view.maxBytes), view.encoding, isWhole) };
}
