// Were the figures true? Compares the documents of stats, stats-tube, stats-job and the lists with the model, field by
// field. What jobs that are still pending could change is not compared.

import type { Command, Kind } from "./command.ts";
import type { Model } from "./model.ts";
import type { Job, Peer, Tube } from "./places.ts";
import { MISREAD } from "./plan.ts";
import type { Reply } from "./reply.ts";
import { violation } from "./violation.ts";

/** What each key must say; of a list, any. */
type Figures = Record<string, string | number | boolean | readonly number[]>;

/** Any figure will do. */
const UNKNOWN = NaN;

/** How often each command has been run, by the key of the stats document. */
const COUNTED: Partial<Record<Kind, string>> = {
  put: "cmd-put",
  peek: "cmd-peek",
  peekReady: "cmd-peek-ready",
  peekDelayed: "cmd-peek-delayed",
  peekBuried: "cmd-peek-buried",
  reserve: "cmd-reserve",
  reserveWithTimeout: "cmd-reserve-with-timeout",
  delete: "cmd-delete",
  release: "cmd-release",
  use: "cmd-use",
  watch: "cmd-watch",
  ignore: "cmd-ignore",
  bury: "cmd-bury",
  kick: "cmd-kick",
  touch: "cmd-touch",
  stats: "cmd-stats",
  statsJob: "cmd-stats-job",
  statsTube: "cmd-stats-tube",
  listTubes: "cmd-list-tubes",
  listTubeUsed: "cmd-list-tube-used",
  listTubesWatched: "cmd-list-tubes-watched",
  pauseTube: "cmd-pause-tube",
  truncate: "cmd-truncate",
  deleteTube: "cmd-delete-tube",
  drain: "cmd-drain",
};

export function judgeDocument(
  model: Model,
  peer: Peer,
  command: Command,
  job: Job | undefined,
  reply: Reply,
): void {
  const tube = model.tubes.get(command.tube);
  const exists = command.kind === "statsJob"
    ? job !== undefined
    : command.kind === "statsTube"
    ? tube !== undefined
    : true;
  if (reply.line === "NOT_FOUND" && !exists) return;
  if (reply.words[0] !== "OK" || !exists) {
    violation(`${reply.line} to ${command.kind}, but it is ${exists ? "" : "not "}there`);
  }
  const lines = String.fromCharCode(...reply.body).split("\n");
  if (lines.shift() !== "---" || lines.pop() !== "") violation(`a document is not framed: ${reply.line}`);
  switch (command.kind) {
    case "statsJob":
      return compare(lines, jobFigures(model, job!, lines));
    case "statsTube":
      return compare(lines, tubeFigures(model, tube!));
    case "stats":
      return compare(lines, serverFigures(model));
    case "listTubes":
      return compareNames(lines, [...model.tubes.keys()]);
    default:
      return compareNames(lines, [...peer.watched].map((watched) => watched.name));
  }
}

/** A name as a document has it: those that YAML would not take for text are between quotes. */
function written(name: string): string {
  return MISREAD.has(name) ? `"${name}"` : name;
}

function compareNames(lines: readonly string[], names: string[]): void {
  const listed = lines.map((line) => line.slice(2)).sort().join(" ");
  const expected = names.map(written).sort().join(" ");
  if (listed !== expected) violation(`tubes ${listed} are listed, not ${expected}`);
}

function compare(lines: readonly string[], expected: Figures): void {
  const figures = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(": ");
    figures.set(line.slice(0, colon), line.slice(colon + 2));
  }
  for (const [key, value] of Object.entries(expected)) {
    const figure = figures.get(key);
    if (Number.isNaN(value) && figure !== undefined) continue; // not known
    const isTrue = Array.isArray(value) ? value.includes(Number(figure)) : figure === String(value);
    if (!isTrue) violation(`${key} is said to be ${figure}, not ${value}`);
  }
}

const wholeSeconds = (ms: number): number => Math.trunc(ms / 1000);

/** What is left, cut to whole seconds. Of a whole number of seconds a moment may be counted as gone. */
function secondsLeft(until: number, now: number): readonly number[] {
  const left = Math.max(0, until - now);
  return [Math.floor(left / 1000), Math.max(0, Math.ceil(left / 1000) - 1)];
}

function jobFigures(model: Model, job: Job, lines: readonly string[]): Figures {
  if (job.isPending && lines.includes("state: ready")) model.resolve(job);
  const isTimed = job.state === "reserved" || job.state === "delayed";
  return {
    id: job.id,
    tube: written(job.tube.name),
    state: job.state,
    pri: job.pri,
    age: wholeSeconds(model.now - job.createdAt),
    delay: job.delay,
    ttr: job.ttr,
    "time-left": isTimed ? secondsLeft(job.deadline, model.now) : 0,
    file: model.isJournaled ? UNKNOWN : 0,
    reserves: job.reserves,
    timeouts: job.timeouts,
    releases: job.releases,
    buries: job.buries,
    kicks: job.kicks,
  };
}

function tubeFigures(model: Model, tube: Tube): Figures {
  const figures: Figures = {
    name: written(tube.name),
    "current-jobs-buried": tube.buried.size,
    "total-jobs": tube.totalJobs,
    "current-using": tube.using,
    "current-watching": tube.watching,
    "current-waiting": tube.waiters.length,
    "cmd-delete": tube.deletes,
    "cmd-pause-tube": tube.pauses,
  };
  if (!tube.mayBePaused) {
    figures.pause = tube.pauseSeconds;
    figures["pause-time-left"] = tube.pausedUntil > 0 ? secondsLeft(tube.pausedUntil, model.now) : 0;
  }
  if (tube.pending > 0) return figures;
  return {
    ...figures,
    "current-jobs-urgent": tube.urgent,
    "current-jobs-ready": tube.ready.length,
    "current-jobs-reserved": tube.reserved,
    "current-jobs-delayed": tube.delayed.length,
  };
}

function serverFigures(model: Model): Figures {
  let [urgent, ready, reserved, delayed, buried, producers, workers, waiting] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (const tube of model.tubes.values()) {
    urgent += tube.urgent;
    ready += tube.ready.length;
    reserved += tube.reserved;
    delayed += tube.delayed.length;
    buried += tube.buried.size;
  }
  for (const peer of model.peers) {
    if (peer.isProducer) producers++;
    if (peer.isWorker) workers++;
    if (peer.isWaiting) waiting++;
  }
  const figures: Figures = {
    "current-jobs-buried": buried,
    "total-jobs": model.totalJobs,
    "current-tubes": model.tubes.size,
    "current-connections": model.peers.size,
    "current-producers": producers,
    "current-workers": workers,
    "current-waiting": waiting,
    "total-connections": model.totalPeers,
    draining: model.isDraining,
  };
  for (const [kind, key] of Object.entries(COUNTED)) figures[key] = model.commands[kind] ?? 0;
  if (model.pending.size > 0) return figures;
  return {
    ...figures,
    "current-jobs-urgent": urgent,
    "current-jobs-ready": ready,
    "current-jobs-reserved": reserved,
    "current-jobs-delayed": delayed,
    "job-timeouts": model.timeouts,
  };
}
