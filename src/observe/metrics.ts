// All metrics of a server, family by family. Written in pieces: the generator yields where others may have their turn, so that
// a scrape of ten thousand tubes keeps nobody waiting.

import type { Engine } from "../core/engine.ts";
import type { Tube } from "../core/tube.ts";
import type { Journal } from "../ports/journal.ts";
import { type Durations, LAG_BOUNDS_MS, type LoopLag } from "../server/loop_lag.ts";
import type { Refusals } from "../server/refusals.ts";
import { COMMAND_COUNTERS } from "./command_counts.ts";
import { EVENT_WORDS } from "./event_words.ts";
import type { Exposition, Labels } from "./exposition.ts";
import { BUCKETS, type Histogram } from "./histogram.ts";
import type { LiveEvents } from "./live_events.ts";
import type { Observation } from "./observation.ts";
import type { TubeRecord } from "./tube_record.ts";

/** What metrics are made from. */
export interface Measured {
  readonly server: {
    readonly engine: Engine;
    readonly journal: Journal;
    readonly lag: LoopLag;
    readonly refusals: Refusals;
    wallInstant(instant: number): number;
    readonly facts: {
      readonly version: string;
      readonly startedAt: number;
      cpuMicros(): { user: number; system: number };
    };
  };
  readonly observation: Observation;
  readonly live: LiveEvents;
  /** The runtime's name, and the memory it uses in bytes. */
  readonly runtime: string;
  memory(): { readonly rss: number; readonly heapUsed: number };
  /** Milliseconds since 1970. */
  now(): number;
}

/** The label of all tubes together that have no samples of their own. A blank is in no tube's name. */
export const OTHER_TUBES = "other tubes";

/** Samples written, or tubes looked at, between two yields. */
const PIECE = 100;
/** The powers of two milliseconds at which wait and run times are cut for a scrape: from 1 ms to 3 days. */
const OCTAVES = [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28];
const TIME_BOUNDS: readonly number[] = [...OCTAVES.map((octave) => 2 ** octave / 1000), Infinity];
const LAG_BOUNDS: readonly number[] = [...LAG_BOUNDS_MS.map((ms) => ms / 1000), Infinity];

export function* writeMetrics(text: Exposition, measured: Measured): Generator<void, void, void> {
  measured.observation.settle();
  writeProcess(text, measured);
  writeQueue(text, measured);
  writeJournal(text, measured.server.journal);
  writeLoop(text, measured.server.lag);
  yield;
  yield* writeTubes(text, measured);
}

function writeProcess(text: Exposition, { server, runtime, memory }: Measured): void {
  const { facts, engine } = server;
  const { rss, heapUsed } = memory();
  const cpu = facts.cpuMicros();
  text.family("runnerbean_build", "info", "Which version runs, and on which runtime.");
  text.sample(1, { version: facts.version, runtime });
  text.family("process_start_time_seconds", "gauge", "Instant of the start, in seconds since 1970.");
  text.sample(server.wallInstant(facts.startedAt) / 1000);
  text.family("process_cpu_seconds", "counter", "CPU time used, by the user and the system.");
  text.sample((cpu.user + cpu.system) / 1e6);
  text.family("process_resident_memory_bytes", "gauge", "Memory of the process that is resident.");
  text.sample(rss);
  text.family(
    "runnerbean_memory_bytes",
    "gauge",
    "Memory held, by what it is for; the heap is the runtime's.",
  );
  text.sample(engine.inside.bodies.heldBytes, { purpose: "bodies" });
  text.sample(engine.jobs.heldBytes, { purpose: "job table" });
  text.sample(heapUsed, { purpose: "heap" });
  text.family("runnerbean_used_job_bytes", "gauge", "What jobs take of --max-memory.");
  text.sample(engine.usedBytes);
}

function writeQueue(text: Exposition, { server, observation, live }: Measured): void {
  const { engine } = server;
  const { counters } = engine;
  text.family("runnerbean_draining", "gauge", "Whether puts are refused.");
  text.sample(engine.isDraining ? 1 : 0);
  text.family(
    "runnerbean_connections",
    "gauge",
    "Open sessions, by what they are or do; one may be counted in several.",
  );
  text.sample(counters.sessions, { kind: "all" });
  text.sample(counters.producers, { kind: "producer" });
  text.sample(counters.workers, { kind: "worker" });
  text.sample(counters.waiting, { kind: "waiting" });
  text.family("runnerbean_connections_opened", "counter", "Sessions ever opened.");
  text.sample(counters.totalSessions);
  text.family("runnerbean_event_clients", "gauge", "Clients of live events.");
  text.sample(live.count);
  text.family("runnerbean_tubes", "gauge", "Tubes there are.");
  text.sample(engine.tubes.list.length);
  text.family("runnerbean_commands", "counter", "Commands given, by word.");
  for (const [command, counter] of COMMAND_COUNTERS) text.sample(counters[counter], { command });
  text.family("runnerbean_jobs_put", "counter", "Jobs ever put.");
  text.sample(counters.totalJobs);
  text.family("runnerbean_timeouts", "counter", "Times that a job's ttr ran out.");
  text.sample(counters.jobTimeouts);
  text.family("runnerbean_refusals", "counter", "What was refused, by the reason why.");
  for (const { reason, count } of server.refusals.all()) text.sample(count, { reason });
  text.family("runnerbean_wait_seconds", "histogram", "How long reserved jobs had been ready.");
  writeTimes(text, observation.total.waits!);
  text.family(
    "runnerbean_run_seconds",
    "histogram",
    "How long jobs were held until deleted, released or buried.",
  );
  writeTimes(text, observation.total.runs!);
}

function writeJournal(text: Exposition, { facts }: Journal): void {
  const { work } = facts;
  if (work === undefined) return;
  text.family("runnerbean_binlog_records", "counter", "Records written.");
  text.sample(facts.written);
  text.family("runnerbean_binlog_migrated_records", "counter", "Records written again by compaction.");
  text.sample(facts.migrated);
  text.family("runnerbean_binlog_segments", "gauge", "Segments of the log.");
  text.sample(facts.current - facts.oldest + 1);
  text.family("runnerbean_binlog_written_bytes", "counter", "Bytes written to the log.");
  text.sample(work.bytes);
  text.family(
    "runnerbean_binlog_commits",
    "counter",
    "Writes to the log, each for all that was recorded meanwhile.",
  );
  text.sample(work.commits);
  text.family("runnerbean_binlog_syncs", "counter", "Syncs of the log.");
  text.sample(work.syncs);
  text.family("runnerbean_binlog_sync_seconds", "counter", "Time of all syncs together.");
  text.sample(work.syncMs / 1000);
  text.family("runnerbean_binlog_longest_sync_seconds", "gauge", "Time of the longest sync since the start.");
  text.sample(work.longestSyncMs / 1000);
  text.family("runnerbean_binlog_bytes", "gauge", "Bytes of the log, and those of them that jobs need.");
  text.sample(work.keptBytes, { part: "all" });
  text.sample(work.liveBytes, { part: "live" });
}

function writeLoop(text: Exposition, { turns, lateness }: LoopLag): void {
  text.family("runnerbean_turn_seconds", "histogram", "Turns of the server: meanwhile nobody else is heard.");
  writeDurations(text, turns);
  text.family(
    "runnerbean_timer_lateness_seconds",
    "histogram",
    "How late the server's timer rang; 2 ms are no lag.",
  );
  writeDurations(text, lateness);
  text.family("runnerbean_longest_turn_seconds", "gauge", "The longest turn since the start.");
  text.sample(turns.longestMs / 1000);
}

/** A tube with samples of its own: one that is exposed and there. */
interface Told {
  readonly record: TubeRecord;
  readonly labels: Labels;
  /** Null when only its counts are left. */
  readonly tube: Tube | null;
}

function* writeTubes(text: Exposition, measured: Measured): Generator<void, void, void> {
  const { observation } = measured;
  const { records, rest } = observation;
  const told: Told[] = Array.from(records.exposed, (record) => ({
    record,
    labels: { tube: record.name },
    tube: records.isAlive(record) ? record.tube : null,
  }));
  const all = [...told, { record: rest, labels: { tube: OTHER_TUBES }, tube: null }];
  yield* writeStates(text, measured, told);
  yield* writeAges(text, measured, told);
  text.family(
    "runnerbean_tube_job_events",
    "counter",
    "What happened to jobs, since the tube was first seen.",
  );
  for (const [index, { record, labels }] of all.entries()) {
    EVENT_WORDS.forEach((event, kind) => text.sample(record.counts[kind], { ...labels, event }));
    if (index % PIECE === PIECE - 1) yield;
  }
  text.family(
    "runnerbean_tube_wait_seconds",
    "histogram",
    "How long the tube's reserved jobs had been ready.",
  );
  for (const [index, { record, labels }] of all.entries()) {
    writeTimes(text, record.waits!, labels);
    if (index % PIECE === PIECE - 1) yield;
  }
  text.family(
    "runnerbean_tube_run_seconds",
    "histogram",
    "How long the tube's jobs were held until deleted, released or buried.",
  );
  for (const [index, { record, labels }] of all.entries()) {
    writeTimes(text, record.runs!, labels);
    if (index % PIECE === PIECE - 1) yield;
  }
}

/** What is told of a tube as it is now. */
const GAUGES: readonly (readonly [name: string, help: string, of: (tube: Tube) => number])[] = [
  ["runnerbean_tube_urgent_jobs", "Ready jobs with a priority below 1024.", (tube) => tube.urgentCount],
  ["runnerbean_tube_waiting", "Clients that wait in reserve.", (tube) => tube.waitingCount],
  ["runnerbean_tube_watching", "Clients that watch the tube.", (tube) => tube.watchingCount],
  ["runnerbean_tube_paused", "Whether the tube is paused.", (tube) => tube.isPaused ? 1 : 0],
];

function* writeStates(
  text: Exposition,
  { server }: Measured,
  told: readonly Told[],
): Generator<void, void, void> {
  const { ready, delayed, reserved, buried } = server.engine.counters;
  const others = { ready, delayed, reserved, buried };
  text.family("runnerbean_tube_jobs", "gauge", "Jobs by state.");
  for (const { tube, labels } of told) {
    if (tube === null) continue;
    const here = {
      ready: tube.ready.length,
      delayed: tube.delayed.length,
      reserved: tube.reservedCount,
      buried: tube.buried.length,
    };
    for (const state of STATES) {
      text.sample(here[state], { ...labels, state });
      others[state] -= here[state];
    }
  }
  for (const state of STATES) text.sample(others[state], { tube: OTHER_TUBES, state });
  yield;
  for (const [name, help, of] of GAUGES) {
    text.family(name, "gauge", help);
    for (const { tube, labels } of told) if (tube !== null) text.sample(of(tube), labels);
    yield;
  }
}

const STATES = ["ready", "delayed", "reserved", "buried"] as const;

/** How long the oldest ready jobs have been ready, in tubes that are told of and in all others. */
function* writeAges(
  text: Exposition,
  { server, observation, now }: Measured,
  told: readonly Told[],
): Generator<void, void, void> {
  text.family(
    "runnerbean_tube_oldest_ready_seconds",
    "gauge",
    "How long the oldest ready job has been ready; 0 = none is.",
  );
  const { list } = server.engine.tubes;
  const at = now();
  const tellOf = new Set(told.map(({ tube }) => tube));
  for (const { tube, labels } of told) {
    if (tube !== null && list[tube.listPlace] === tube) {
      text.sample(observation.oldestReadySeconds(tube, at) ?? 0, labels);
    }
  }
  yield;
  let oldest = 0;
  for (let i = 0; i < list.length; i++) {
    if (i % PIECE === PIECE - 1) yield;
    if (i < list.length && !tellOf.has(list[i])) {
      oldest = Math.max(oldest, observation.oldestReadySeconds(list[i], at) ?? 0);
    }
  }
  text.sample(oldest, { tube: OTHER_TUBES });
}

function writeTimes(text: Exposition, times: Histogram, labels: Labels = {}): void {
  const upTo: number[] = [];
  let sum = 0;
  let bucket = 0;
  for (const octave of OCTAVES) {
    for (; bucket <= 2 * octave; bucket++) sum += times.counts[bucket];
    upTo.push(sum);
  }
  for (; bucket < BUCKETS; bucket++) sum += times.counts[bucket];
  upTo.push(sum);
  text.histogram(TIME_BOUNDS, upTo, times.totalMs / 1000, labels);
}

function writeDurations(text: Exposition, { counts, totalMs }: Durations): void {
  const upTo: number[] = [];
  counts.reduce((sum, count) => (upTo.push(sum + count), sum + count), 0);
  text.histogram(LAG_BOUNDS, upTo, totalMs / 1000);
}
