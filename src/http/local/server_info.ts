// What the API tells of the server as a whole.

import process from "node:process";
import type { Counters } from "../../core/counters.ts";
import type { Inspector } from "../../server/inspector.ts";
import type { ServerInfo } from "../model.ts";

/** Counters of commands, by their words. */
const COMMANDS: readonly (readonly [string, keyof Counters])[] = [
  ["put", "put"],
  ["peek", "peek"],
  ["peek-ready", "peekReady"],
  ["peek-delayed", "peekDelayed"],
  ["peek-buried", "peekBuried"],
  ["reserve", "reserve"],
  ["reserve-with-timeout", "reserveWithTimeout"],
  ["delete", "delete"],
  ["release", "release"],
  ["use", "use"],
  ["watch", "watch"],
  ["ignore", "ignore"],
  ["bury", "bury"],
  ["kick", "kick"],
  ["touch", "touch"],
  ["stats", "stats"],
  ["stats-job", "statsJob"],
  ["stats-tube", "statsTube"],
  ["list-tubes", "listTubes"],
  ["list-tube-used", "listTubeUsed"],
  ["list-tubes-watched", "listTubesWatched"],
  ["pause-tube", "pauseTube"],
];

export function serverInfo(
  inspector: Inspector,
  now: number,
  runtime: string,
  capabilities: readonly string[],
): ServerInfo {
  const { facts, counters, lag } = inspector;
  const binlog = facts.binlog();
  const memory = process.memoryUsage();
  return {
    version: facts.version,
    runtime,
    pid: facts.pid,
    id: facts.instanceId,
    hostname: facts.hostname,
    uptimeSeconds: Math.max(0, Math.round(now - facts.startedAt) / 1000),
    isDraining: inspector.isDraining,
    backend: "runnerbean",
    capabilities,
    maxJobBytes: facts.maxJobBytes,
    tubes: inspector.tubes.length,
    jobs: {
      ready: counters.ready,
      urgent: counters.urgent,
      delayed: counters.delayed,
      reserved: counters.reserved,
      buried: counters.buried,
    },
    totals: {
      jobs: counters.totalJobs,
      timeouts: counters.jobTimeouts,
      connections: counters.totalSessions,
      commands: Object.fromEntries(COMMANDS.map(([word, counter]) => [word, counters[counter]])),
    },
    connections: {
      now: counters.sessions,
      producers: counters.producers,
      workers: counters.workers,
      waiting: counters.waiting,
    },
    binlog: binlog.current === 0 ? null : {
      oldestSegment: binlog.oldest,
      currentSegment: binlog.current,
      recordsMigrated: binlog.migrated,
      recordsWritten: binlog.written,
      segmentBytes: binlog.maxBytes,
    },
    memory: { rssBytes: memory.rss, heapBytes: memory.heapUsed, jobBytes: inspector.jobBytes },
    loop: { longestTurnMs: lag.turns.longestMs, timerLatenessMs: lag.lateness.longestMs },
  };
}
