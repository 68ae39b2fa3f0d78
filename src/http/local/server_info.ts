// What the API tells of the server as a whole.

import { COMMAND_COUNTERS } from "../../observe/command_counts.ts";
import type { Inspector } from "../../server/inspector.ts";
import { REFUSAL_TABLE } from "../../server/refusal_table.ts";
import type { JournalWork } from "../../ports/journal.ts";
import { memoryUse } from "../../runtime/machine.ts";
import type { ServerInfo } from "../model.ts";

export function serverInfo(
  inspector: Inspector,
  now: number,
  runtime: string,
  capabilities: readonly string[],
): ServerInfo {
  const { facts, counters, lag, refusals, journalWork } = inspector;
  const binlog = facts.binlog();
  const memory = memoryUse();
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
      commands: Object.fromEntries(COMMAND_COUNTERS.map(([word, counter]) => [word, counters[counter]])),
    },
    refusals: refusals.all().filter(({ count }) => count > 0).map((
      { reason, count, lastMsAgo, isCurrent },
    ) => ({
      reason,
      count,
      lastSecondsAgo: lastMsAgo === null ? null : Math.round(lastMsAgo / 1000),
      isCurrent,
      isShortage: REFUSAL_TABLE[reason].isShortage,
    })),
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
      work: journalWork && workOf(journalWork),
    },
    memory: { rssBytes: memory.rss, heapBytes: memory.heapUsed, jobBytes: inspector.jobBytes },
    loop: { longestTurnMs: lag.turns.longestMs, timerLatenessMs: lag.lateness.longestMs },
  };
}

function workOf(work: JournalWork): NonNullable<NonNullable<ServerInfo["binlog"]>["work"]> {
  const { commits, bytes, syncs, syncMs, longestSyncMs, keptBytes, liveBytes } = work;
  return { commits, writtenBytes: bytes, syncs, syncMs, longestSyncMs, keptBytes, liveBytes };
}
