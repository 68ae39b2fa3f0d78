// Judges a run from outside: what the clients said, what they were answered, what the journal was told, and when. It does
// not foretell replies; it asks of each whether it was legal, and of each silence whether it was.
//
// The server runs commands of many connections in an order that it is free to choose. So that the auditor need not guess
// that order, the tap (tap.ts) tells it when which connection's next command is run. The content it knows from the
// clients, and the replies it judges are those that the clients must then receive byte for byte.
//
// With a journal it also keeps a chronicle of what was recorded and what of it clients have been told; a restart is judged
// by it (recovery.ts).

import type { Chronicle, RecordKind } from "./chronicle.ts";
import type { Command, Kind, Meaning } from "./command.ts";
import { DISK_FULL, Model } from "./model.ts";
import type { Job, Peer, Tube } from "./places.ts";
import type { Reply } from "./reply.ts";
import { readReply } from "./reply.ts";
import type { Ledger } from "./verdicts.ts";
import { emptyHanded, judgeAnswer, judgeWaiter } from "./verdicts.ts";
import { violation } from "./violation.ts";

export interface AuditorOptions {
  readonly largestBodyBytes: number;
  /** Limit of the server's memory for jobs, or Infinity. */
  readonly maxMemoryBytes: number;
  /** Keeps what the journal is told, if there is one. */
  readonly chronicle?: Chronicle | null;
  /** Whether there is so much room on the disk that no put may be refused. */
  readonly diskHasRoom?: () => boolean;
  /** Told of each event when a run is repeated to be read by people. */
  readonly trace: ((line: string) => void) | null;
}

/** Replies that need not wait for the journal, since they tell nothing that it remembers. */
const SAYS_NOTHING_OF_JOBS = [
  "USING",
  "WATCHING",
  "NOT_IGNORED",
  "TOUCHED",
  "PAUSED",
  "TIMED_OUT",
  "DEADLINE_SOON",
  "DRAINING",
  "DRAIN",
];
/** What a job may cost beside its body, in bytes. */
const MOST_JOB_BYTES = 200;
/** A body may take this many times its size, and a little. */
const BODY_WASTE = 1.3;
const BODY_WASTE_BYTES = 16;

export class Auditor implements Ledger {
  /** A new one after each restart. */
  model: Model;
  /** What the journal was told; null when there is none. */
  readonly chronicle: Chronicle | null;
  /** The server is being stopped, and closes all connections. */
  isStopping = false;
  private readonly options: AuditorOptions;
  /** Whose command is being run, unless it has been answered. */
  private issuer: Peer | null = null;
  private command: Command | null = null;
  /** What is being run; null when it is time or a continued chore. */
  private running: Kind | null = null;
  /** Records that are due (positive) or came before their reply (negative). */
  private readonly records = new Map<string, number>();
  /** Jobs that the command being run has truncated. */
  private truncated: readonly number[] = [];

  constructor(options: AuditorOptions) {
    this.options = options;
    this.chronicle = options.chronicle ?? null;
    this.model = new Model(this.chronicle !== null);
  }

  // Clients.

  opened(): Peer {
    const peer = this.model.open(this.options.largestBodyBytes);
    this.options.trace?.(`${peer.number} opens`);
    return peer;
  }

  says(peer: Peer, command: Command): void {
    peer.talk.say(command);
  }

  arrived(peer: Peer, bytes: number): void {
    peer.talk.arrived += bytes;
    this.options.trace?.(`${peer.number} ${bytes} bytes arrive`);
  }

  reads(peer: Peer, bytes: Uint8Array): void {
    peer.talk.receive(bytes, !peer.isBlocked);
  }

  /** The server has handed bytes to the connection. */
  sends(peer: Peer, bytes: number): void {
    peer.talk.isSent(bytes);
  }

  /** The process is gone, and with it whatever was going on. */
  crashes(): void {
    this.issuer = this.command = this.running = null;
    this.truncated = [];
    this.records.clear();
  }

  cuts(peer: Peer): void {
    peer.isCut = true;
  }

  // What the tap tells. Each begins with `begins`, goes on with records and replies, and ends with `ends`.

  begins(now: number): void {
    if (now < this.model.now) violation("time went backwards");
    this.model.moveTo(now);
  }

  /** The next command of a peer is run, with what the server made of it. */
  runs(peer: Peer, kind: Kind, asked: Partial<Meaning>): void {
    if (peer.isBlocked) violation(`${kind} of ${peer.number} is run while it is blocked`);
    const command = peer.talk.next();
    if (command === undefined) violation(`${peer.number} did not say ${kind}`);
    if (command.endsAt > peer.talk.arrived) {
      violation(`${kind} of ${peer.number} is run before all of it is there`);
    }
    this.compare(peer, command, kind, asked);
    if (kind === "put" && command !== peer.draft) violation(`put of ${peer.number} is run without its line`);
    peer.talk.take();
    this.issuer = peer;
    this.command = command;
    this.running = kind;
    if (kind !== "put") this.count(kind); // a put is counted at its line
    if (kind === "reserve" || kind === "reserveWithTimeout") peer.isWorker = true;
    if (kind === "kick") this.model.startKick(peer, command.bound);
  }

  /** The line of a put has been read; `hasRoom` is what the server thinks of its body. */
  putLine(peer: Peer, bodyBytes: number, hasRoom: boolean): void {
    const command = peer.talk.next();
    if (command === undefined || command.lineEndsAt > peer.talk.arrived) {
      violation(`${peer.number} did not say put`);
    }
    if (peer.isBlocked || peer.draft !== null) violation(`${peer.number} begins a put too early`);
    this.compare(peer, command, "put", {});
    if (command.body.length !== bodyBytes) {
      violation(`a put of ${command.body.length} bytes is read as ${bodyBytes}`);
    }
    this.count("put");
    peer.isProducer = true;
    this.checkRoom(bodyBytes, hasRoom);
    if (!hasRoom) command.refusal = "OUT_OF_MEMORY";
    else if (!command.hasTrailer) command.refusal = "EXPECTED_CRLF";
    else {
      peer.draft = command;
      peer.draftAt = this.model.now;
      peer.draftId = this.model.lastId + 1;
    }
    if (hasRoom) this.model.lastId++;
  }

  /** The body of a put is there, and the put is refused for want of room on the disk. */
  abandons(peer: Peer): void {
    const { draft } = peer;
    if (draft === null) return; // refused for its end
    peer.draft = null;
    draft.refusal = "OUT_OF_MEMORY";
    this.model.heard.add(DISK_FULL);
    if (this.options.diskHasRoom?.() ?? true) violation("a put is refused though there is room on the disk");
  }

  /** A put or pause-tube was refused by the protocol after it had been counted. */
  counts(kind: Kind): void {
    this.count(kind);
  }

  /** A put of a job that is there is a requeue. */
  record(recorded: Exclude<RecordKind, "requeue">, id: number): void {
    const job = this.model.jobs.get(id);
    const kind = recorded === "put" && job !== undefined ? "requeue" : recorded;
    this.options.trace?.(`  record ${kind} ${id}`);
    this.chronicle?.recorded(kind, id);
    const isKick = kind === "change" && job !== undefined && job.tube.kicks.size > 0 &&
      (this.running === null || this.running === "kick");
    if (isKick) this.kicked(job);
    else this.balance(kind, id, -1);
  }

  owe(kind: RecordKind, id: number): void {
    this.balance(kind, id, 1);
  }

  hasGot(kind: RecordKind, id: number): boolean {
    return this.records.has(`${kind} ${id}`);
  }

  /** The truncate being run has removed these jobs, and that is recorded. */
  truncates(ids: readonly number[]): void {
    this.truncated = ids;
    this.owe("truncate", 0);
  }

  /** What is truncated depends on which jobs of a crowd have moved: nobody can tell from outside, so it is told. */
  resolvesCrowds(hasMoved: (id: number) => boolean): void {
    for (const job of this.model.pending) if (hasMoved(job.id)) this.model.resolve(job);
  }

  /** A requeue is refused for want of room. */
  refusesRequeue(): void {
    this.model.heard.add(DISK_FULL);
    const { diskHasRoom, maxMemoryBytes } = this.options;
    if (maxMemoryBytes === Infinity && (diskHasRoom?.() ?? true)) {
      violation("a requeue is refused though there is room on the disk");
    }
  }

  /** A reply, in the order in which the queue gives them. The bytes are lent. */
  replies(peer: Peer, bytes: Uint8Array, length: number): void {
    const reply = readReply(bytes, length);
    this.model.heard.add(reply.words[0]);
    this.options.trace?.(`  ${peer.number} < ${reply.line}`);
    if (!peer.isCut) this.answers(peer, bytes, length, reply);
    if (peer.isWaiting) judgeWaiter(this.model, peer, reply);
    else if (peer.kick !== null) this.judgeKicked(peer, reply);
    else if (peer === this.issuer && this.command !== null) {
      judgeAnswer(this.model, this, peer, this.command, reply);
      this.command = null;
      return;
    } else violation(`${reply.line} to ${peer.number}, which is owed no reply`);
    if (peer === this.issuer) this.command = null;
  }

  private answers(peer: Peer, bytes: Uint8Array, length: number, reply: Reply): void {
    const { chronicle } = this;
    peer.talk.answer(bytes, length);
    const tellsNothing = SAYS_NOTHING_OF_JOBS.includes(reply.words[0]) || this.running === "listTubesWatched";
    if (chronicle === null || tellsNothing) return;
    const { moment } = chronicle;
    peer.talk.whenTold(() => chronicle.tell(moment));
  }

  ends(): void {
    const { issuer, command, model } = this;
    this.issuer = this.command = this.running = null;
    if (issuer !== null && command !== null) this.judgeSilence(issuer, command);
    this.chronicle?.note(model.jobs, model.changed, this.truncated);
    this.truncated = [];
    model.changed.clear();
    for (const [record, count] of this.records) {
      violation(`the journal has ${count > 0 ? "missed" : "got"} ${record}`);
    }
    for (const tube of model.tubes.values()) {
      if (tube.waiters.length > 0 && tube.grants && tube.ready.length > 0) {
        violation(`job ${tube.ready.first!.id} is ready, and ${tube.waiters[0].number} waits for it`);
      }
    }
  }

  halfCloses(peer: Peer): void {
    peer.isHalfClosed = true;
    this.options.trace?.(`${peer.number} half-closes`);
  }

  closes(peer: Peer): void {
    this.options.trace?.(`${peer.number} is closed`);
    if (!peer.isCut && !this.isStopping) this.checkFarewell(peer);
    peer.draft = null;
    this.model.close(peer);
  }

  /** The server has nothing left to do at this instant: nothing may be overdue. */
  rests(now: number): void {
    const { model } = this;
    model.comeToRest(now);
    this.ends();
    for (const peer of model.peers) {
      if (peer.kick !== null) violation(`the kick of ${peer.number} never ends`);
      if (!peer.isWaiting) continue;
      if (peer.waitUntil <= now) {
        violation(`${peer.number} should have been told TIMED_OUT at ${peer.waitUntil}`);
      }
      if (peer.marginReached) violation(`${peer.number} should have been told DEADLINE_SOON`);
      if (peer.isHalfClosed) violation(`${peer.number} has half-closed and waits`);
    }
  }

  /** Also: this peer reads all it is sent, so that everything that has arrived must have been answered. */
  hearsAll(peer: Peer): void {
    if (peer.isBlocked) {
      if (peer.talk.outstanding > 0) violation(`${peer.number} did not get ${peer.talk.outstanding} bytes`);
      return;
    }
    const command = peer.talk.unanswered();
    if (command !== undefined && command.kind !== "quit" && command.kind !== "http") {
      violation(`${command.kind} of ${peer.number} is not answered`);
    }
    if (peer.talk.outstanding > 0) violation(`${peer.number} did not get ${peer.talk.outstanding} bytes`);
  }

  private compare(peer: Peer, command: Command, kind: Kind, asked: Partial<Meaning>): void {
    this.options.trace?.(`${peer.number} > ${kind} ${JSON.stringify(asked)}`);
    if (command.kind !== kind) violation(`${peer.number} said ${command.kind}, not ${kind}`);
    for (const [key, value] of Object.entries(asked)) {
      const said = command[key as keyof Meaning];
      if (said !== value) violation(`${peer.number} said ${kind} with ${key} ${said}, not ${value}`);
    }
  }

  private count(kind: Kind): void {
    const { commands } = this.model;
    commands[kind] = (commands[kind] ?? 0) + 1;
  }

  private balance(kind: string, id: number, change: number): void {
    const key = `${kind} ${id}`;
    const balance = (this.records.get(key) ?? 0) + change;
    if (balance === 0) this.records.delete(key);
    else this.records.set(key, balance);
  }

  /** A command was run and not answered: it must have a right to wait. */
  private judgeSilence(peer: Peer, command: Command): void {
    if (peer.kick !== null) return;
    const { model } = this;
    if (command.kind !== "reserve" && command.kind !== "reserveWithTimeout") {
      violation(`no reply to ${command.kind}`);
    }
    const job = model.bestFor(peer);
    if (job !== undefined) violation(`${peer.number} waits, but job ${job.id} is there`);
    const due = emptyHanded(model, peer, command);
    if (due !== "") violation(`${peer.number} waits instead of being told ${due}`);
    model.startWait(peer, command.kind === "reserve" ? Infinity : model.now + command.seconds * 1000);
  }

  /** One job has been kicked by a kick that is going on. */
  private kicked(job: Job): void {
    const { tube } = job;
    const ofBuried = job.state === "buried";
    if (![...tube.kicks].some((kick) => kick.ofBuried === ofBuried)) {
      violation(`job ${job.id} is kicked for nobody`);
    }
    const isFirst = ofBuried ? tube.buried.values().next().value === job : job.state === "delayed" &&
      (tube.delayed.length === 0 || job.deadline <= tube.delayed.first!.deadline);
    if (!isFirst) violation(`job ${job.id} is kicked out of turn`);
    job.kicks++;
    tube.unclaimed++;
    this.model.move(job, "ready");
  }

  private judgeKicked(peer: Peer, reply: Reply): void {
    const kick = peer.kick!;
    const { tube } = kick;
    const count = Number(reply.words[1]);
    if (reply.line !== `KICKED ${count}`) violation(`${reply.line} to a kick`);
    if (count > kick.bound) violation(`${reply.line}, but at most ${kick.bound} were wanted`);
    const isAlone = tube.kicks.size === 1 && tube.isExact;
    if (isAlone ? count !== tube.unclaimed : count > tube.unclaimed) {
      violation(`${reply.line}, but ${tube.unclaimed} jobs were kicked`);
    }
    if (count < kick.bound && count < kick.found && this.leftToKick(tube, kick.ofBuried)) {
      violation(`${reply.line} of ${kick.bound}, but there are more`);
    }
    tube.unclaimed -= count;
    this.model.endKick(peer, true);
  }

  private leftToKick(tube: Tube, ofBuried: boolean): boolean {
    return ofBuried ? tube.buried.size > 0 : tube.delayed.length > 0;
  }

  /** OUT_OF_MEMORY only near the limit, and never a job beyond it. */
  private checkRoom(bodyBytes: number, hasRoom: boolean): void {
    const limit = this.options.maxMemoryBytes;
    let bytes = this.model.bodyBytes + bodyBytes + 2;
    let bodies = this.model.jobs.size + 1 + this.model.truncatedJobs;
    for (const peer of this.model.peers) {
      if (peer.draft === null) continue;
      bytes += peer.draft.body.length + 2;
      bodies++;
    }
    if (hasRoom && bytes > limit) violation(`a put beyond the limit of ${limit} bytes`);
    // Bodies on their way that will be refused for their end take room too.
    bytes += this.model.truncatedBytes + this.model.peers.size * this.options.largestBodyBytes;
    const most = bytes * BODY_WASTE + bodies * (BODY_WASTE_BYTES + MOST_JOB_BYTES);
    if (!hasRoom && most <= limit) violation("a put is refused though there is room");
  }

  /** The server closes by itself only after quit, HTTP, or when all that a half-closed peer said has been answered. */
  private checkFarewell(peer: Peer): void {
    const next = peer.talk.next();
    const isOver = next === undefined || next.endsAt > peer.talk.arrived;
    if (next !== undefined && (next.kind === "quit" || next.kind === "http")) return;
    if (peer.isHalfClosed && isOver && !peer.isBlocked) return;
    violation(`the server closes ${peer.number} in the middle`);
  }
}
