// The state of the queue as far as an observer can know it. Commands and replies move it; time moves it by itself.
//
// Where the observer cannot know, it keeps both possibilities: of a crowd of jobs that became due at once, or that a
// closed connection held, each is *pending* until a reply tells, or until the server has come to rest.

import type { Command } from "./command.ts";
import { Conversation } from "./conversation.ts";
import type { Job, Kick, State } from "./places.ts";
import { Peer, Tube } from "./places.ts";

/** A reserve is answered DEADLINE_SOON from this long before the end of a held job's ttr, in milliseconds. */
export const MARGIN_MS = 1000;
/** Ready jobs below this priority are urgent. */
const URGENT_BELOW = 1024;
/** The server must move up to this many jobs in one step; larger crowds may take several. */
const CROWD = 250;
const CROWD_DUE = "(a crowd became due)";
const CROWD_CLOSED = "(a session closed that held a crowd)";
export const POWER_CUT = "(the power went)";
export const CLOCK_STEPPED = "(the clock was set back)";
export const PROCESS_KILLED = "(the process was killed)";
export const CRASHES = "(the process ended within an operation of the disk)";
export const STOPPED = "(the server was stopped)";
export const LOG_FAILED = "(the log failed)";
export const TORN = "(a torn end was cut off)";
export const DAMAGED = "(a flipped bit was noticed)";
export const MOVED = "(jobs were written again)";
export const DISK_FULL = "(a put was refused for want of disk)";
/** What a campaign should have come by: every reply there is, and the crowds. */
export const ALL_THERE_IS: readonly string[] = [
  "INSERTED",
  "RESERVED",
  "FOUND",
  "OK",
  "USING",
  "WATCHING",
  "KICKED",
  "DELETED",
  "RELEASED",
  "BURIED",
  "TOUCHED",
  "PAUSED",
  "TRUNCATED",
  "IN_USE",
  "REQUEUED",
  "NOT_FOUND",
  "NOT_IGNORED",
  "TIMED_OUT",
  "DEADLINE_SOON",
  "DRAINING",
  "DRAIN",
  "OUT_OF_MEMORY",
  "JOB_TOO_BIG",
  "EXPECTED_CRLF",
  "BAD_FORMAT",
  "UNKNOWN_COMMAND",
  CROWD_DUE,
  CROWD_CLOSED,
  POWER_CUT,
  CLOCK_STEPPED,
  PROCESS_KILLED,
  CRASHES,
  STOPPED,
  LOG_FAILED,
  TORN,
  DAMAGED,
  MOVED,
  DISK_FULL,
];
/** A count that nobody can know any more; adding to it changes nothing. */
const UNKNOWN = NaN;

export class Model {
  now = 0;
  lastId = 0;
  isDraining = false;
  readonly jobs = new Map<number, Job>();
  readonly tubes = new Map<string, Tube>();
  readonly peers = new Set<Peer>();
  readonly pending = new Set<Job>();
  /** Jobs that have moved since somebody emptied this. */
  readonly changed = new Set<Job>();
  readonly home: Tube;
  totalJobs = 0;
  timeouts = 0;
  totalPeers = 0;
  bodyBytes = 0;
  /** What was truncated since the server last came to rest may take memory still. */
  truncatedJobs = 0;
  truncatedBytes = 0;
  /** Burials so far. */
  burials = 0;
  /** The first words of all replies, and what else has come about. */
  readonly heard: Set<string>;
  /** How often each command was run, by its kind. */
  readonly commands: Record<string, number> = {};

  /** Jobs are kept in files as well. */
  readonly isJournaled: boolean;

  /** `heard` goes on from the life before a restart. */
  constructor(isJournaled: boolean, heard: Set<string> = new Set()) {
    this.isJournaled = isJournaled;
    this.heard = heard;
    this.home = this.obtain("default");
  }

  // Time.

  /** Everything due by now has happened, or is pending when it is too much for one step. */
  moveTo(now: number): void {
    this.now = now;
    const due: Job[] = [];
    for (const tube of this.tubes.values()) collectDue(tube.delayed.items, now, due);
    for (const peer of this.peers) {
      const { first } = peer.held;
      if (first === undefined) continue;
      if (peer.isWaiting && first.deadline - MARGIN_MS <= now) peer.marginReached = true;
      collectDue(peer.held.items, now, due);
    }
    const isCrowd = due.length + this.pending.size > CROWD;
    if (isCrowd) this.heard.add(CROWD_DUE);
    for (const job of due) {
      if (isCrowd) this.makePending(job);
      else this.becomeReady(job);
    }
    for (const tube of this.tubes.values()) {
      if (tube.pausedUntil === 0 || tube.pausedUntil > now) continue;
      this.endPause(tube);
      tube.mayBePaused = isCrowd;
    }
  }

  /** The server has nothing left to do: all that was open has been decided. */
  comeToRest(now: number): void {
    this.moveTo(now);
    for (const job of this.pending) this.resolve(job);
    for (const tube of this.tubes.values()) tube.mayBePaused = false;
    this.truncatedJobs = this.truncatedBytes = 0;
  }

  endPause(tube: Tube): void {
    tube.pausedUntil = 0;
    tube.pauseSeconds = 0;
    tube.mayBePaused = false;
  }

  // Jobs.

  create(peer: Peer, pri: number, delay: number, ttr: number, body: Uint8Array): void {
    const tube = peer.used;
    const job: Job = {
      id: peer.draftId,
      tube,
      body,
      createdAt: peer.draftAt,
      ttr: Math.max(1, ttr),
      pri,
      delay,
      state: "ready",
      deadline: 0,
      holder: null,
      burial: 0,
      isPending: false,
      reserves: 0,
      timeouts: 0,
      releases: 0,
      buries: 0,
      kicks: 0,
    };
    tube.totalJobs++;
    this.totalJobs++;
    this.admit(job, delay > 0 ? "delayed" : "ready", this.now + delay * 1000);
  }

  /** A job comes into being, or back after a restart. */
  admit(job: Job, state: State, deadline: number): void {
    this.jobs.set(job.id, job);
    this.bodyBytes += job.body.length + 2;
    job.tube.jobs++;
    this.enter(job, state, deadline);
  }

  forget(job: Job): void {
    this.leave(job);
    this.jobs.delete(job.id);
    this.bodyBytes -= job.body.length + 2;
    job.tube.jobs--;
    this.dropIfIdle(job.tube);
  }

  /** Removes the jobs of a tube that are in one of these states, and answers their ids. Of its crowds all is known. */
  truncate(tube: Tube, states: ReadonlySet<State>): number[] {
    const jobs = [
      ...(states.has("ready") ? tube.ready.items : []),
      ...(states.has("delayed") ? tube.delayed.items : []),
      ...(states.has("buried") ? tube.buried : []),
    ];
    for (const job of this.pending) if (job.tube === tube && states.has(job.state)) jobs.push(job);
    for (const job of jobs) {
      this.forget(job);
      this.truncatedJobs++;
      this.truncatedBytes += job.body.length + 2;
    }
    return jobs.map(({ id }) => id);
  }

  /** A job becomes another one of the same id. */
  requeue(job: Job, command: Command): void {
    this.leave(job);
    const former = job.tube;
    if (command.tube !== "") job.tube = this.obtain(command.tube);
    former.jobs--;
    job.tube.jobs++;
    if (job.tube !== former) job.tube.totalJobs++;
    if (command.hasTrailer) {
      this.bodyBytes += command.body.length - job.body.length;
      job.body = command.body;
    }
    job.pri = command.pri;
    job.delay = command.delay;
    job.ttr = Math.max(1, command.ttr);
    this.enter(job, command.delay > 0 ? "delayed" : "ready", this.now + command.delay * 1000);
    this.dropIfIdle(former);
  }

  grant(job: Job, peer: Peer): void {
    if (peer.isWaiting) this.endWait(peer);
    this.leave(job);
    job.reserves++;
    job.holder = peer;
    this.enter(job, "reserved", this.now + job.ttr * 1000);
  }

  touch(job: Job): void {
    const { holder } = job;
    this.leave(job);
    job.holder = holder;
    this.enter(job, "reserved", this.now + job.ttr * 1000);
  }

  /** Moves a job to another state; the deadline counts for delayed and reserved. */
  move(job: Job, state: State, deadline: number = 0): void {
    this.leave(job);
    this.enter(job, state, deadline);
  }

  /** Whether the peer holds the job: yes, no, or perhaps. */
  holds(peer: Peer, job: Job): "yes" | "no" | "perhaps" {
    if (job.state !== "reserved" || job.holder !== peer) return "no";
    return job.isPending ? "perhaps" : "yes";
  }

  /** A pending job turned out to be ready. */
  resolve(job: Job): void {
    if (job.isPending) this.becomeReady(job);
  }

  /** A pending job was dealt with in a way that does not tell whether it had been counted as timed out before. */
  forgetTimeouts(job: Job): void {
    if (job.state === "reserved" && job.holder !== null) job.timeouts = this.timeouts = UNKNOWN;
  }

  private becomeReady(job: Job): void {
    const isExpiry = job.state === "reserved" && job.holder !== null;
    this.move(job, "ready");
    if (!isExpiry) return;
    job.timeouts++;
    this.timeouts++;
  }

  private makePending(job: Job): void {
    if (job.state === "delayed") job.tube.delayed.remove(job);
    else job.holder?.held.remove(job);
    job.isPending = true;
    job.tube.pending++;
    this.pending.add(job);
    this.changed.add(job);
  }

  private enter(job: Job, state: State, deadline: number): void {
    const { tube } = job;
    job.state = state;
    job.deadline = deadline;
    this.changed.add(job);
    if (state === "ready") {
      tube.ready.add(job);
      if (job.pri < URGENT_BELOW) tube.urgent++;
    } else if (state === "delayed") tube.delayed.add(job);
    else if (state === "buried") {
      tube.buried.add(job);
      job.burial = ++this.burials;
    } else {
      job.holder!.held.add(job);
      tube.reserved++;
    }
  }

  private leave(job: Job): void {
    const { tube } = job;
    if (job.state === "reserved") tube.reserved--;
    if (job.isPending) {
      job.isPending = false;
      tube.pending--;
      this.pending.delete(job);
    } else if (job.state === "ready") {
      tube.ready.remove(job);
      if (job.pri < URGENT_BELOW) tube.urgent--;
    } else if (job.state === "delayed") tube.delayed.remove(job);
    else if (job.state === "buried") tube.buried.delete(job);
    else job.holder!.held.remove(job);
    if (job.state === "reserved") job.holder = null;
  }

  // Peers and tubes.

  open(largestBodyBytes: number): Peer {
    const peer = new Peer(++this.totalPeers, this.home, new Conversation(largestBodyBytes, this.heard));
    this.peers.add(peer);
    this.home.using++;
    this.home.watching++;
    return peer;
  }

  close(peer: Peer): void {
    if (peer.isWaiting) this.endWait(peer);
    if (peer.kick !== null) this.endKick(peer, false);
    this.peers.delete(peer);
    const { items } = peer.held;
    const isCrowd = items.length > CROWD;
    if (isCrowd) this.heard.add(CROWD_CLOSED);
    for (const job of [...items]) {
      if (isCrowd) this.makePending(job);
      else this.move(job, "ready");
      job.holder = null;
    }
    for (const job of this.pending) {
      if (job.holder !== peer) continue;
      this.forgetTimeouts(job);
      job.holder = null;
    }
    peer.used.using--;
    this.dropIfIdle(peer.used);
    for (const tube of peer.watched) {
      tube.watching--;
      this.dropIfIdle(tube);
    }
  }

  startWait(peer: Peer, until: number): void {
    peer.isWaiting = true;
    peer.waitUntil = until;
    peer.marginReached = false;
    for (const tube of peer.watched) tube.waiters.push(peer);
  }

  endWait(peer: Peer): void {
    peer.isWaiting = false;
    for (const tube of peer.watched) tube.waiters.splice(tube.waiters.indexOf(peer), 1);
  }

  startKick(peer: Peer, bound: number): void {
    const tube = peer.used;
    const ofBuried = tube.buried.size > 0;
    const kick: Kick = { tube, ofBuried, bound, found: ofBuried ? tube.buried.size : tube.delayed.length };
    peer.kick = kick;
    tube.kicks.add(kick);
  }

  /** `isToldOf`: its KICKED has claimed what it kicked. */
  endKick(peer: Peer, isToldOf: boolean): void {
    const { tube } = peer.kick!;
    tube.kicks.delete(peer.kick!);
    peer.kick = null;
    if (!isToldOf) tube.isExact = false;
    if (tube.kicks.size > 0) return;
    tube.unclaimed = 0;
    tube.isExact = true;
  }

  obtain(name: string): Tube {
    let tube = this.tubes.get(name);
    if (tube === undefined) this.tubes.set(name, tube = new Tube(name));
    return tube;
  }

  dropIfIdle(tube: Tube): void {
    if (tube.isIdle && tube !== this.home) this.tubes.delete(tube.name);
  }

  /** The best job that the peer can certainly have now. */
  bestFor(peer: Peer): Job | undefined {
    let best: Job | undefined;
    for (const tube of peer.watched) {
      const job = tube.grants ? tube.ready.first : undefined;
      if (
        job !== undefined &&
        (best === undefined || job.pri < best.pri || (job.pri === best.pri && job.id < best.id))
      ) best = job;
    }
    return best;
  }
}

function collectDue(items: readonly Job[], now: number, due: Job[]): void {
  for (let i = 0; i < items.length && items[i].deadline <= now; i++) due.push(items[i]);
}
