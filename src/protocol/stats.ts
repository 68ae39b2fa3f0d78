// The YAML documents of stats, stats-job, stats-tube and the lists. Keys, their order and their form are those of
// beanstalkd 1.13: clients read them by key, some by line.

import type { Engine } from "../core/engine.ts";
import { DELAYED, RESERVED, STATE_WORDS } from "../core/jobs.ts";
import type { Session } from "../core/session.ts";
import type { Tube } from "../core/tube.ts";
import type { YamlDocument } from "./document.ts";

/** What the stats document says of the process; the queue itself does not know it. */
export interface ServerFacts {
  /** The version of the server. */
  readonly version: string;
  /** The number of the process. */
  readonly pid: number;
  /** The name of the machine. */
  readonly hostname: string;
  /** The kernel's version text. */
  readonly os: string;
  /** The machine's name, such as x86_64. */
  readonly platform: string;
  /** 16 hexadecimal digits, new with each start. */
  readonly instanceId: string;
  /** Instant of the start, in milliseconds. */
  readonly startedAt: number;
  /** Largest body a put may have, in bytes. */
  readonly maxJobBytes: number;
  /** CPU time used so far, in microseconds. */
  cpuMicros(): { user: number; system: number };
  /** State of the log; all zero without one. `maxBytes` is the segment size in any case. */
  binlog(): { oldest: number; current: number; migrated: number; written: number; maxBytes: number };
}

/** What the stats document says of refusals. */
export interface RefusalFigures {
  /** Each reason, and how often something was refused for it since the start. */
  all(): Iterable<{ readonly reason: string; readonly count: number }>;
  /** The reasons for which something was refused just now. */
  readonly current: readonly string[];
}

/**
 * All facts as they are now. They come from outside of the queue, from the platform and the journal, and asking may throw:
 * so it is done before anything is written, and what is no number of the kind counts as 0.
 */
export function readFacts(facts: ServerFacts): ServerFacts {
  const { version, hostname, os, platform, instanceId, startedAt } = facts;
  const { user, system } = facts.cpuMicros();
  const { oldest, current, migrated, written, maxBytes } = facts.binlog();
  const cpu = { user: wholeNumberOf(user), system: wholeNumberOf(system) };
  const binlog = {
    oldest: wholeNumberOf(oldest),
    current: wholeNumberOf(current),
    migrated: wholeNumberOf(migrated),
    written: wholeNumberOf(written),
    maxBytes: wholeNumberOf(maxBytes),
  };
  return {
    version: String(version),
    pid: wholeNumberOf(facts.pid),
    hostname: String(hostname),
    os: String(os),
    platform: String(platform),
    instanceId: String(instanceId),
    startedAt,
    maxJobBytes: facts.maxJobBytes,
    cpuMicros: () => cpu,
    binlog: () => binlog,
  };
}

function wholeNumberOf(value: number): number {
  return Number.isFinite(value) && value >= 0 ? Math.min(Math.trunc(value), Number.MAX_SAFE_INTEGER) : 0;
}

/** `isStrict` leaves out what the reference does not have, which stands at the end. */
export function writeStats(
  document: YamlDocument,
  engine: Engine,
  facts: ServerFacts,
  now: number,
  isStrict: boolean,
  refusals: RefusalFigures | null,
): void {
  const { counters } = engine;
  const cpu = facts.cpuMicros();
  const binlog = facts.binlog();
  document.begin();
  document.field("current-jobs-urgent", counters.urgent);
  document.field("current-jobs-ready", counters.ready);
  document.field("current-jobs-reserved", counters.reserved);
  document.field("current-jobs-delayed", counters.delayed);
  document.field("current-jobs-buried", counters.buried);
  document.field("cmd-put", counters.put);
  document.field("cmd-peek", counters.peek);
  document.field("cmd-peek-ready", counters.peekReady);
  document.field("cmd-peek-delayed", counters.peekDelayed);
  document.field("cmd-peek-buried", counters.peekBuried);
  document.field("cmd-reserve", counters.reserve);
  document.field("cmd-reserve-with-timeout", counters.reserveWithTimeout);
  document.field("cmd-delete", counters.delete);
  document.field("cmd-release", counters.release);
  document.field("cmd-use", counters.use);
  document.field("cmd-watch", counters.watch);
  document.field("cmd-ignore", counters.ignore);
  document.field("cmd-bury", counters.bury);
  document.field("cmd-kick", counters.kick);
  document.field("cmd-touch", counters.touch);
  document.field("cmd-stats", counters.stats);
  document.field("cmd-stats-job", counters.statsJob);
  document.field("cmd-stats-tube", counters.statsTube);
  document.field("cmd-list-tubes", counters.listTubes);
  document.field("cmd-list-tube-used", counters.listTubeUsed);
  document.field("cmd-list-tubes-watched", counters.listTubesWatched);
  document.field("cmd-pause-tube", counters.pauseTube);
  document.field("job-timeouts", counters.jobTimeouts);
  document.field("total-jobs", counters.totalJobs);
  document.field("max-job-size", facts.maxJobBytes);
  document.field("current-tubes", engine.tubes.list.length);
  document.field("current-connections", counters.sessions);
  document.field("current-producers", counters.producers);
  document.field("current-workers", counters.workers);
  document.field("current-waiting", counters.waiting);
  document.field("total-connections", counters.totalSessions);
  document.field("pid", facts.pid);
  document.quoted("version", facts.version);
  document.word("rusage-utime", secondsWithMicros(cpu.user));
  document.word("rusage-stime", secondsWithMicros(cpu.system));
  document.field("uptime", wholeSeconds(now - facts.startedAt));
  document.field("binlog-oldest-index", binlog.oldest);
  document.field("binlog-current-index", binlog.current);
  document.field("binlog-records-migrated", binlog.migrated);
  document.field("binlog-records-written", binlog.written);
  document.field("binlog-max-size", binlog.maxBytes);
  document.word("draining", String(engine.isDraining));
  document.word("id", facts.instanceId);
  document.quoted("hostname", facts.hostname);
  document.quoted("os", facts.os);
  document.quoted("platform", facts.platform);
  if (isStrict) return;
  writeExtensionCounts(document, engine);
  if (refusals !== null) writeRefusals(document, refusals);
}

function writeRefusals(document: YamlDocument, refusals: RefusalFigures): void {
  for (const { reason, count } of refusals.all()) document.field(`refused-${reason}`, count);
  document.quoted("refusing", refusals.current.join(","));
}

function writeExtensionCounts(document: YamlDocument, { counters }: Engine): void {
  document.field("cmd-truncate", counters.truncate);
  document.field("cmd-delete-tube", counters.deleteTube);
  document.field("cmd-list-jobs", counters.listJobs);
  document.field("cmd-capabilities", counters.capabilities);
  document.field("cmd-ping", counters.ping);
  document.field("cmd-drain", counters.drain);
}

export function writeStatsJob(document: YamlDocument, engine: Engine, row: number, now: number): void {
  const { jobs } = engine;
  const state = jobs.state.get(row);
  const isTimed = state === RESERVED || state === DELAYED;
  document.begin();
  document.field("id", jobs.id.get(row));
  document.name("tube", engine.tubes.at(jobs.tube.get(row)).name);
  document.word("state", STATE_WORDS[state]);
  document.field("pri", jobs.pri.get(row));
  document.field("age", wholeSeconds(now - jobs.createdAt.get(row)));
  document.field("delay", jobs.delayOf(row));
  document.field("ttr", jobs.ttr.get(row));
  document.field("time-left", isTimed ? secondsLeft(jobs.deadlineAt.get(row) - now) : 0);
  document.field("file", jobs.file.get(row));
  document.field("reserves", jobs.reserves.get(row));
  document.field("timeouts", jobs.timeoutsOf(row));
  document.field("releases", jobs.releasesOf(row));
  document.field("buries", jobs.buriesOf(row));
  document.field("kicks", jobs.kicksOf(row));
}

export function writeStatsTube(document: YamlDocument, tube: Tube, now: number): void {
  document.begin();
  document.name("name", tube.name);
  document.field("current-jobs-urgent", tube.urgentCount);
  document.field("current-jobs-ready", tube.ready.length);
  document.field("current-jobs-reserved", tube.reservedCount);
  document.field("current-jobs-delayed", tube.delayed.length);
  document.field("current-jobs-buried", tube.buried.length);
  document.field("total-jobs", tube.totalJobs);
  document.field("current-using", tube.usingCount);
  document.field("current-watching", tube.watchingCount);
  document.field("current-waiting", tube.waitingCount);
  document.field("cmd-delete", tube.deletes);
  document.field("cmd-pause-tube", tube.pauses);
  document.field("pause", tube.pauseSeconds);
  document.field("pause-time-left", tube.isPaused ? secondsLeft(tube.pausedUntil - now) : 0);
}

export function writeTubes(document: YamlDocument, tubes: readonly Tube[]): void {
  document.begin();
  for (const tube of tubes) document.item(tube.name);
}

export function writeTubesWatched(document: YamlDocument, session: Session): void {
  document.begin();
  for (const watch of session.watches) document.item(watch.tube.name);
}

/** Whole seconds of an age in milliseconds; never below 0. */
export function wholeSeconds(ms: number): number {
  return ms > 0 ? Math.trunc(ms / 1000) : 0;
}

/**
 * Whole seconds left, as the reference shows them: 59 right after a reservation of 60. There time has always passed
 * since; here both may lie in one turn, which has one time.
 */
export function secondsLeft(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1000) - 1);
}

function secondsWithMicros(given: number): string {
  const micros = given > 0 && given <= Number.MAX_SAFE_INTEGER ? given : 0;
  const seconds = Math.trunc(micros / 1e6);
  return `${seconds}.${String(Math.trunc(micros - seconds * 1e6)).padStart(6, "0")}`;
}
