// Was this reply legal? One function per command, for the reply to the command itself. A legal reply is carried over into
// the model; where the model held several states possible, the reply decides.

import type { RecordKind } from "./chronicle.ts";
import type { Command } from "./command.ts";
import type { Model } from "./model.ts";
import { MARGIN_MS } from "./model.ts";
import type { Job, Peer, State } from "./places.ts";
import type { Reply } from "./reply.ts";
import { checkJobReply } from "./reply.ts";
import { judgeDocument } from "./stats_verdicts.ts";
import { violation } from "./violation.ts";

/** Records that the journal must get for a change, beside the reply. */
export interface Ledger {
  owe(record: RecordKind, id: number): void;
  /** Whether this record has come already. */
  hasGot(record: RecordKind, id: number): boolean;
  /** These jobs are gone by one record. */
  truncates(ids: readonly number[]): void;
}

/** Judges the reply to a command that the peer has just had run. */
export function judgeAnswer(model: Model, ledger: Ledger, peer: Peer, command: Command, reply: Reply): void {
  const job = model.jobs.get(command.id);
  switch (command.kind) {
    case "put":
      return judgePut(model, ledger, peer, command, reply);
    case "reserve":
    case "reserveWithTimeout":
      return judgeReserve(model, peer, command, reply);
    case "reserveJob":
      return judgeReserveJob(model, ledger, peer, job, reply);
    case "delete":
      return judgeDelete(model, ledger, peer, job, reply);
    case "release":
    case "bury":
    case "touch":
      return judgeHolder(model, ledger, peer, command, job, reply);
    case "truncate":
    case "deleteTube":
      return judgeTruncate(model, ledger, command, reply);
    case "requeue":
      return judgeRequeue(model, ledger, job, command, reply);
    case "kickJob":
      return judgeKickJob(model, ledger, job, reply);
    case "peek":
      if (expectFound(reply, job !== undefined)) checkJobReply(reply, job!);
      return;
    case "peekReady":
    case "peekDelayed":
    case "peekBuried":
      return judgePeek(model, peer, command, reply);
    case "use":
    case "watch":
    case "ignore":
    case "pauseTube":
    case "listTubeUsed":
      return judgeTubeCommand(model, peer, command, reply);
    case "drain":
      model.isDraining = command.isOn;
      return expectLine(reply, `DRAIN ${command.isOn ? "on" : "off"}`);
    default:
      return judgeDocument(model, peer, command, job, reply);
  }
}

/** Judges a reply to a peer that was blocked in a reserve. */
export function judgeWaiter(model: Model, peer: Peer, reply: Reply): void {
  switch (reply.words[0]) {
    case "RESERVED": {
      const job = availableJob(model, peer, reply);
      if (job.tube.waiters[0] !== peer) {
        violation(
          `${reply.line} goes to ${peer.number}, but ${job.tube.waiters[0]?.number} has waited longer`,
        );
      }
      return model.grant(job, peer);
    }
    case "TIMED_OUT":
      if (!peer.isHalfClosed && peer.waitUntil > model.now) violation(`TIMED_OUT before ${peer.waitUntil}`);
      break;
    case "DEADLINE_SOON":
      if (!peer.marginReached) violation("DEADLINE_SOON, but no margin has begun");
      break;
    default:
      violation(`${reply.line} is no reply to a reserve`);
  }
  const job = model.bestFor(peer);
  if (job !== undefined) violation(`${reply.line}, but job ${job.id} was there`);
  model.endWait(peer);
}

/** What a reserve that found nothing must be told; "" when it may wait. */
export function emptyHanded(model: Model, peer: Peer, command: Command): string {
  const { first } = peer.held;
  if (first !== undefined && first.deadline - MARGIN_MS <= model.now) return "DEADLINE_SOON";
  const isOver = peer.isHalfClosed || (command.kind === "reserveWithTimeout" && command.seconds === 0);
  return isOver ? "TIMED_OUT" : "";
}

/** The job of a RESERVED line, which this peer may have, and none better. */
function availableJob(model: Model, peer: Peer, reply: Reply): Job {
  const id = Number(reply.words[1]);
  const job = model.jobs.get(id);
  if (job === undefined) violation(`${reply.line}, but there is no job ${id}`);
  model.resolve(job);
  checkJobReply(reply, job);
  const { tube } = job;
  if (job.state !== "ready") violation(`${reply.line}, but the job is ${job.state}`);
  if (!peer.watched.has(tube)) violation(`${reply.line}, but tube ${tube.name} is not watched`);
  tube.mayBePaused = false;
  if (!tube.grants) violation(`${reply.line}, but tube ${tube.name} is paused`);
  const best = model.bestFor(peer)!;
  if (best !== job) {
    violation(`${reply.line}, but job ${best.id} of priority ${best.pri} is better than ${job.pri}`);
  }
  return job;
}

function expectLine(reply: Reply, line: string): void {
  if (reply.line !== line) violation(`${reply.line} instead of ${line}`);
}

/** NOT_FOUND exactly when there is nothing. True when something was found. */
function expectFound(reply: Reply, exists: boolean): boolean {
  if ((reply.line !== "NOT_FOUND") !== exists) {
    violation(`${reply.line}, but it is ${exists ? "" : "not "}there`);
  }
  return exists;
}

function judgePut(model: Model, ledger: Ledger, peer: Peer, command: Command, reply: Reply): void {
  if (model.isDraining) expectLine(reply, "DRAINING");
  else {
    expectLine(reply, `INSERTED ${peer.draftId}`);
    model.create(peer, command.pri, command.delay, command.ttr, command.body);
    ledger.owe("put", peer.draftId);
  }
  peer.draft = null;
}

function judgeReserve(model: Model, peer: Peer, command: Command, reply: Reply): void {
  if (reply.words[0] === "RESERVED") return model.grant(availableJob(model, peer, reply), peer);
  const job = model.bestFor(peer);
  if (job !== undefined) violation(`${reply.line}, but job ${job.id} was there`);
  expectLine(reply, emptyHanded(model, peer, command));
}

function judgeReserveJob(model: Model, ledger: Ledger, peer: Peer, job: Job | undefined, reply: Reply): void {
  if (job === undefined) return expectLine(reply, "NOT_FOUND");
  if (reply.words[0] === "RESERVED") {
    if (job.state === "reserved") model.resolve(job);
    if (job.state === "reserved") violation(`${reply.line}, but it is reserved`);
    // Of a crowd whose delay is over: the record comes only if this job had not moved yet.
    if (job.isPending && !ledger.hasGot("change", job.id)) model.resolve(job);
    checkJobReply(reply, job);
    peer.isWorker = true;
    if (job.state !== "ready") ledger.owe("change", job.id);
    return model.grant(job, peer);
  }
  expectLine(reply, "NOT_FOUND");
  if (job.state !== "reserved") violation(`NOT_FOUND, but job ${job.id} is ${job.state}`);
}

function judgeDelete(model: Model, ledger: Ledger, peer: Peer, job: Job | undefined, reply: Reply): void {
  if (job === undefined) return expectLine(reply, "NOT_FOUND");
  const isOthers = job.state === "reserved" && job.holder !== peer;
  if (isOthers && reply.line === "NOT_FOUND") return;
  if (isOthers && !job.isPending) violation(`${reply.line}, but job ${job.id} is reserved by another`);
  expectLine(reply, "DELETED");
  if (isOthers) model.resolve(job);
  else if (job.isPending) model.forgetTimeouts(job);
  job.tube.deletes++;
  model.forget(job);
  ledger.owe("gone", job.id);
}

/** release, bury and touch: for the holder only. */
function judgeHolder(
  model: Model,
  ledger: Ledger,
  peer: Peer,
  command: Command,
  job: Job | undefined,
  reply: Reply,
): void {
  const holds = job === undefined ? "no" : model.holds(peer, job);
  if (reply.line === "NOT_FOUND") {
    if (holds === "yes") violation(`NOT_FOUND, but ${peer.number} holds job ${command.id}`);
    if (holds === "perhaps") model.resolve(job!);
    return;
  }
  if (holds === "no") violation(`${reply.line}, but ${peer.number} does not hold job ${command.id}`);
  if (command.kind === "touch") {
    expectLine(reply, "TOUCHED");
    return model.touch(job!);
  }
  // Before the job moves: its place depends on the priority.
  const isRelease = command.kind === "release";
  expectLine(reply, isRelease ? "RELEASED" : "BURIED");
  job!.pri = command.pri;
  if (isRelease) {
    job!.releases++;
    job!.delay = command.delay;
    model.move(job!, command.delay > 0 ? "delayed" : "ready", model.now + command.delay * 1000);
  } else {
    job!.buries++;
    model.move(job!, "buried");
  }
  ledger.owe("change", job!.id);
}

function judgeKickJob(model: Model, ledger: Ledger, job: Job | undefined, reply: Reply): void {
  const canBe = job !== undefined && (job.state === "buried" || job.state === "delayed");
  if (reply.line === "NOT_FOUND") {
    if (canBe && !job.isPending) violation(`NOT_FOUND, but job ${job.id} is ${job.state}`);
    if (canBe) model.resolve(job);
    return;
  }
  expectLine(reply, "KICKED");
  if (!canBe) violation(`KICKED, but the job is ${job === undefined ? "not there" : job.state}`);
  job.kicks++;
  model.move(job, "ready");
  ledger.owe("change", job.id);
}

const ALL_STATES: readonly (readonly [number, State])[] = [[1, "ready"], [2, "delayed"], [4, "buried"]];
/** However small its segments are, a log has room for so many jobs that are spared. */
const LEAST_SPARED = 20;

function judgeTruncate(model: Model, ledger: Ledger, command: Command, reply: Reply): void {
  const tube = model.tubes.get(command.tube);
  if (tube === undefined) return expectLine(reply, "NOT_FOUND");
  const isDeleted = command.kind === "deleteTube";
  if (isDeleted && (tube === model.home || tube.using + tube.watching + tube.reserved > 0)) {
    return expectLine(reply, "IN_USE");
  }
  if (!isDeleted && reply.line === "OUT_OF_MEMORY") {
    if (tube.reserved <= LEAST_SPARED || !model.isJournaled) {
      violation(`${reply.line}, but only ${tube.reserved} jobs are reserved`);
    }
    return;
  }
  const states = ALL_STATES.filter(([number]) => isDeleted || (command.states & 1 << number) !== 0);
  const ids = model.truncate(tube, new Set(states.map(([, state]) => state)));
  model.dropIfIdle(tube);
  expectLine(reply, isDeleted ? "DELETED" : `TRUNCATED ${ids.length}`);
  if (ids.length > 0) ledger.truncates(ids);
}

function judgeRequeue(
  model: Model,
  ledger: Ledger,
  job: Job | undefined,
  command: Command,
  reply: Reply,
): void {
  if (job === undefined) return expectLine(reply, "NOT_FOUND");
  if (reply.line === "NOT_FOUND") {
    if (job.state !== "reserved") violation(`NOT_FOUND, but job ${job.id} is ${job.state}`);
    return;
  }
  expectLine(reply, "REQUEUED");
  if (job.state === "reserved") model.resolve(job);
  if (job.state === "reserved") violation(`REQUEUED, but job ${job.id} is reserved`);
  model.requeue(job, command);
  ledger.owe("requeue", job.id);
}

function judgePeek(model: Model, peer: Peer, command: Command, reply: Reply): void {
  const tube = peer.used;
  const { kind } = command;
  const first = kind === "peekReady"
    ? tube.ready.first
    : kind === "peekDelayed"
    ? tube.delayed.first
    : tube.buried.values().next().value;
  if (reply.line === "NOT_FOUND") return void expectFound(reply, first !== undefined);
  const job = model.jobs.get(Number(reply.words[1]));
  if (reply.words[0] !== "FOUND" || job === undefined || job.tube !== tube) {
    violation(`${reply.line} to ${kind}`);
  }
  checkJobReply(reply, job);
  if (kind === "peekReady") model.resolve(job);
  if (job.isPending && job.state === "delayed" && kind === "peekDelayed") return;
  const isAlike = kind === "peekDelayed" && job.state === "delayed" && job.deadline === first?.deadline;
  if (job !== first && !isAlike && job !== tube.ready.first) {
    violation(`${reply.line}, but job ${first?.id} is first`);
  }
  if (kind !== "peekReady" && job.state === "ready") violation(`${reply.line} to ${kind}, but it is ready`);
}

function judgeTubeCommand(model: Model, peer: Peer, command: Command, reply: Reply): void {
  const { kind, tube: name } = command;
  if (kind === "listTubeUsed") return expectLine(reply, `USING ${peer.used.name}`);
  if (kind === "pauseTube") {
    const tube = model.tubes.get(name);
    if (tube === undefined) return expectLine(reply, "NOT_FOUND");
    expectLine(reply, "PAUSED");
    model.endPause(tube);
    tube.pauses++;
    tube.pauseSeconds = command.seconds;
    if (command.seconds > 0) tube.pausedUntil = model.now + command.seconds * 1000;
    return;
  }
  if (kind === "use") {
    const former = peer.used;
    peer.used = model.obtain(name);
    peer.used.using++;
    former.using--;
    model.dropIfIdle(former);
    return expectLine(reply, `USING ${name}`);
  }
  const known = model.tubes.get(name);
  if (kind === "watch") {
    const tube = model.obtain(name);
    if (!peer.watched.has(tube)) tube.watching++;
    peer.watched.add(tube);
  } else if (known !== undefined && peer.watched.has(known)) {
    if (peer.watched.size === 1) return expectLine(reply, "NOT_IGNORED");
    peer.watched.delete(known);
    known.watching--;
    model.dropIfIdle(known);
  }
  expectLine(reply, `WATCHING ${peer.watched.size}`);
}
