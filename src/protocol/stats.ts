// The YAML documents of stats, stats-job, stats-tube and the lists. Keys, their order and their form are those of
// beanstalkd 1.13: clients read them by key, some by line.

import type { Engine } from "../core/engine.ts";
import { DELAYED, RESERVED, STATE_WORDS } from "../core/jobs.ts";
import type { Session } from "../core/session.ts";
import type { Tube } from "../core/tube.ts";

/** What the stats document says of the process; the queue itself does not know it. */
export interface ServerFacts {
  readonly version: string;
  readonly pid: number;
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

export function statsDocument(engine: Engine, facts: ServerFacts, now: number): string {
  const { counters } = engine;
  const cpu = facts.cpuMicros();
  const binlog = facts.binlog();
  return `---
current-jobs-urgent: ${counters.urgent}
current-jobs-ready: ${counters.ready}
current-jobs-reserved: ${counters.reserved}
current-jobs-delayed: ${counters.delayed}
current-jobs-buried: ${counters.buried}
cmd-put: ${counters.put}
cmd-peek: ${counters.peek}
cmd-peek-ready: ${counters.peekReady}
cmd-peek-delayed: ${counters.peekDelayed}
cmd-peek-buried: ${counters.peekBuried}
cmd-reserve: ${counters.reserve}
cmd-reserve-with-timeout: ${counters.reserveWithTimeout}
cmd-delete: ${counters.delete}
cmd-release: ${counters.release}
cmd-use: ${counters.use}
cmd-watch: ${counters.watch}
cmd-ignore: ${counters.ignore}
cmd-bury: ${counters.bury}
cmd-kick: ${counters.kick}
cmd-touch: ${counters.touch}
cmd-stats: ${counters.stats}
cmd-stats-job: ${counters.statsJob}
cmd-stats-tube: ${counters.statsTube}
cmd-list-tubes: ${counters.listTubes}
cmd-list-tube-used: ${counters.listTubeUsed}
cmd-list-tubes-watched: ${counters.listTubesWatched}
cmd-pause-tube: ${counters.pauseTube}
job-timeouts: ${counters.jobTimeouts}
total-jobs: ${counters.totalJobs}
max-job-size: ${facts.maxJobBytes}
current-tubes: ${engine.tubes.list.length}
current-connections: ${counters.sessions}
current-producers: ${counters.producers}
current-workers: ${counters.workers}
current-waiting: ${counters.waiting}
total-connections: ${counters.totalSessions}
pid: ${facts.pid}
version: "${facts.version}"
rusage-utime: ${secondsWithMicros(cpu.user)}
rusage-stime: ${secondsWithMicros(cpu.system)}
uptime: ${wholeSeconds(now - facts.startedAt)}
binlog-oldest-index: ${binlog.oldest}
binlog-current-index: ${binlog.current}
binlog-records-migrated: ${binlog.migrated}
binlog-records-written: ${binlog.written}
binlog-max-size: ${binlog.maxBytes}
draining: ${engine.isDraining}
id: ${facts.instanceId}
hostname: "${facts.hostname}"
os: "${facts.os}"
platform: "${facts.platform}"
`;
}

export function statsJobDocument(engine: Engine, row: number, now: number): string {
  const { jobs } = engine;
  const state = jobs.state.get(row);
  const isTimed = state === RESERVED || state === DELAYED;
  return `---
id: ${jobs.id.get(row)}
tube: "${nameOf(engine.tubes.at(jobs.tube.get(row)))}"
state: ${STATE_WORDS[state]}
pri: ${jobs.pri.get(row)}
age: ${wholeSeconds(now - jobs.createdAt.get(row))}
delay: ${jobs.delayOf(row)}
ttr: ${jobs.ttr.get(row)}
time-left: ${isTimed ? secondsLeft(jobs.deadlineAt.get(row) - now) : 0}
file: 0
reserves: ${jobs.reserves.get(row)}
timeouts: ${jobs.timeoutsOf(row)}
releases: ${jobs.releasesOf(row)}
buries: ${jobs.buriesOf(row)}
kicks: ${jobs.kicksOf(row)}
`;
}

export function statsTubeDocument(tube: Tube, now: number): string {
  return `---
name: "${nameOf(tube)}"
current-jobs-urgent: ${tube.urgentCount}
current-jobs-ready: ${tube.ready.length}
current-jobs-reserved: ${tube.reservedCount}
current-jobs-delayed: ${tube.delayed.length}
current-jobs-buried: ${tube.buried.length}
total-jobs: ${tube.totalJobs}
current-using: ${tube.usingCount}
current-watching: ${tube.watchingCount}
current-waiting: ${tube.waiters.count}
cmd-delete: ${tube.deletes}
cmd-pause-tube: ${tube.pauses}
pause: ${tube.pauseSeconds}
pause-time-left: ${tube.isPaused ? secondsLeft(tube.pausedUntil - now) : 0}
`;
}

export function listTubes(tubes: readonly Tube[]): string {
  let text = "---\n";
  for (const tube of tubes) text += `- ${nameOf(tube)}\n`;
  return text;
}

export function listTubesWatched(session: Session): string {
  return listTubes(session.watches.map((watch) => watch.tube));
}

/** A tube's name as text; names are ASCII. */
export function nameOf(tube: Tube): string {
  return String.fromCharCode(...tube.name);
}

function wholeSeconds(ms: number): number {
  return Math.trunc(ms / 1000);
}

/**
 * Whole seconds left, as the reference shows them: 59 right after a reservation of 60. There time has always passed
 * since; here both may lie in one turn, which has one time.
 */
function secondsLeft(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1000) - 1);
}

function secondsWithMicros(micros: number): string {
  const seconds = Math.trunc(micros / 1e6);
  return `${seconds}.${String(Math.trunc(micros - seconds * 1e6)).padStart(6, "0")}`;
}
