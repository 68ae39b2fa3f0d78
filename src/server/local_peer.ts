// A peer in this process: its commands are calls, its replies are kept by tasks until they may be known.
// Invariants: tasks run in order, one at a time; none runs while the session is blocked or the journal is full; what a
// task was told becomes known only when the journal has reached its ticket.

import type { Engine } from "../core/engine.ts";
import { LOCAL_COMMANDS_PER_TURN, STEPS_PER_COMMAND } from "../core/limits.ts";
import { tellsOfJobs } from "../core/outbox.ts";
import type { Session } from "../core/session.ts";
import type { Journal } from "../ports/journal.ts";
import type { RefusalReason, RefusalReporter } from "../ports/refusals.ts";
import type { ReplyEncoder } from "../protocol/encoder.ts";
import type { Lexer } from "../protocol/lexer.ts";
import type { ServerFacts } from "../protocol/stats.ts";
import { Fifo } from "./fifo.ts";
import { type PeerKind, type ServerPeer, whereOf } from "./server_peer.ts";

/** What a local peer needs of the server. */
export interface LocalOwner {
  readonly engine: Engine;
  readonly journal: Journal;
  readonly facts: ServerFacts;
  readonly refusals: RefusalReporter;
  readonly encoder: ReplyEncoder;
  readonly lexer: Lexer;
  readonly turn: number;
  beginTurn(): number;
  deliver(): void;
  list(peer: ServerPeer): void;
  await(peer: ServerPeer): void;
  attach(open: (session: Session, number: number) => ServerPeer): void;
  detach(session: Session): void;
}

/** One or many commands of a peer, with one outcome. */
export interface LocalTask {
  /** All commands have run and are answered. */
  readonly isOver: boolean;
  /** Runs commands, each counted with `peer.share`, until it is over, the share is used up, or the peer may not go on. */
  step(peer: LocalPeer, now: number): void;
  /** The engine answers its command. */
  reply(peer: LocalPeer, kind: number, number: number): void;
  /** What it was told may be known now. */
  finish(): void;
  /**
   * It will not come to its end. `hasFailed`: the server failed, rather than being stopped. `hasRun`: its commands have run,
   * but the journal has not told that they are kept.
   */
  fail(hasFailed: boolean, hasRun: boolean): void;
}

/** Commands whose outcome all local peers together may still know at once in this turn; see {@link LocalPeer}. */
export class AtOnce {
  private left = 0;
  private turn = 0;

  /** Whether the outcome of so many commands may be known before the turn is settled. */
  take(commands: number, turn: number): boolean {
    if (turn !== this.turn) {
      this.turn = turn;
      this.left = LOCAL_COMMANDS_PER_TURN;
    }
    if (this.left <= 0) return false;
    this.left -= commands;
    return true;
  }
}

/** Who a peer in this process is, as it is shown. */
export interface LocalName {
  readonly number: number;
  readonly kind: PeerKind;
  readonly peerAddress: string | null;
  /** Who it works for, where there is access control. */
  readonly identityName?: string | null;
}

export class LocalPeer implements ServerPeer {
  readonly number: number;
  readonly kind: PeerKind;
  readonly peerAddress: string | null;
  readonly identityName: string | null;
  readonly unsentBytes: number = 0;
  isListed = false;
  isAwaiting = false;
  /** Commands that it may still run in this turn. */
  share = 0;
  /** Called once when the session is over, whoever ended it. */
  onEnd: () => void = () => {};
  readonly server: LocalOwner;
  readonly session: Session;
  /** Null when each outcome has to wait for the end of its turn: with a journal, for its commit. */
  private readonly atOnce: AtOnce | null;
  private shareOfTurn = 0;
  private ticket = 0;
  /** The first one is running. */
  private readonly tasks = new Fifo<LocalTask>();
  /** Over, and not known yet: parallel lists. */
  private readonly over: LocalTask[] = [];
  private readonly tickets: number[] = [];
  private isGone = false;
  private hasFailed = false;
  private isRunning = false;

  constructor(server: LocalOwner, session: Session, atOnce: AtOnce | null, name: LocalName) {
    ({ number: this.number, kind: this.kind, peerAddress: this.peerAddress } = name);
    this.identityName = name.identityName ?? null;
    this.server = server;
    this.session = session;
    this.atOnce = atOnce;
  }

  // For its owner.

  /** Runs a task when those before it are over. */
  run(task: LocalTask): void {
    if (this.isGone) return task.fail(this.hasFailed, false);
    this.tasks.push(task);
    if (this.tasks.length > 1) return;
    try {
      this.advance(this.server.beginTurn());
    } catch (error) {
      // A bug, and the queue is not to be trusted any more: it must not end as the rejection of one call.
      queueMicrotask(() => {
        throw error;
      });
    }
  }

  /** Ends the running task's wait in reserve, as if its time were up. */
  endWait(): void {
    const { server, session } = this;
    if (this.isGone || !session.isWaiting) return;
    server.beginTurn();
    server.engine.halfClose(session);
    session.isHalfClosed = false;
    server.deliver();
  }

  /** Gives back what it holds. Tasks that have run are told their outcome all the same, when the journal has it. */
  close(): void {
    if (this.isGone) return;
    this.leaveSession(false);
    this.server.detach(this.session);
  }

  /** Whether a task runs, waits to run, or waits for the journal. */
  get isBusy(): boolean {
    return this.tasks.length > 0 || this.over.length > 0;
  }

  get isClosed(): boolean {
    return this.isGone;
  }

  // For tasks.

  /** Whether the running task may go on with another command. Counts it. */
  mayRun(): boolean {
    this.payForEffort();
    if (this.share <= 0 || this.isGone || this.session.isBlocked || this.server.journal.isFull) return false;
    this.share--;
    return true;
  }

  /** What commands cost beyond the usual is taken off the share, too. */
  private payForEffort(): void {
    const effort = this.server.engine.takeEffort();
    if (effort > 0) this.share -= Math.ceil(effort / STEPS_PER_COMMAND);
  }

  /** What the running task has seen may not be known before the journal has made it sure. */
  holdAnswer(): void {
    this.ticket = this.server.journal.ticket;
  }

  /** Counts a refusal. What is refused over HTTP is counted where it is known who asked. */
  noteRefusal(reason: RefusalReason): void {
    if (this.kind !== "http") this.server.refusals.refused(reason, whereOf(this));
  }

  // From the server.

  reply(kind: number, number: number): void {
    if (this.isGone) return;
    if (tellsOfJobs(kind)) this.holdAnswer();
    this.tasks.first!.reply(this, kind, number);
    if (!this.isRunning) this.answered();
  }

  goOn(now: number): void {
    if (this.canGoOn) this.advance(now);
  }

  /** Also when it is closed: what has run is told as it is. */
  send(): void {
    const { reached, isFull } = this.server.journal;
    let known = 0;
    while (known < this.over.length && this.tickets[known] <= reached) this.over[known++].finish();
    this.over.splice(0, known);
    this.tickets.splice(0, known);
    if (this.over.length > 0 || (isFull && this.tasks.length > 0)) this.server.await(this);
    if (this.canGoOn) this.server.list(this);
  }

  shut(): void {
    this.end(false);
  }

  abandon(): void {
    this.end(true);
  }

  // Within.

  private get canGoOn(): boolean {
    return this.tasks.length > 0 && !this.isGone && !this.session.isBlocked && !this.server.journal.isFull;
  }

  private advance(now: number): void {
    if (this.shareOfTurn !== this.server.turn) {
      this.shareOfTurn = this.server.turn;
      this.share = LOCAL_COMMANDS_PER_TURN;
    }
    this.server.engine.takeEffort(); // of others
    this.isRunning = true;
    while (this.canGoOn && this.share > 0) {
      const before = this.share;
      this.tasks.first!.step(this, now);
      this.payForEffort();
      if (this.isGone || !this.tasks.first!.isOver) break;
      this.leave(this.tasks.shift()!, before - this.share);
    }
    this.isRunning = false;
    // Also when the journal is full: it may have room at the end of this turn, and only who is listed is asked then.
    if (this.tasks.length > 0 && !this.isGone && !this.session.isBlocked) this.server.list(this);
  }

  /** A reply came while nothing ran: the end of a wait or of a large kick. */
  private answered(): void {
    if (this.tasks.first!.isOver) this.leave(this.tasks.shift()!, 1);
    if (this.tasks.length > 0) this.server.list(this);
  }

  private leave(task: LocalTask, commands: number): void {
    if (this.over.length === 0 && this.atOnce?.take(commands, this.server.turn)) return task.finish();
    this.over.push(task);
    this.tickets.push(this.ticket);
    this.server.list(this);
  }

  private end(hasFailed: boolean): void {
    const over = this.over.splice(0);
    this.tickets.length = 0;
    for (const task of over) task.fail(hasFailed, true);
    if (!this.isGone) this.leaveSession(hasFailed);
  }

  /** From here on nothing runs. */
  private leaveSession(hasFailed: boolean): void {
    this.isGone = true;
    this.hasFailed = hasFailed;
    const unfinished = this.tasks.toArray();
    this.tasks.clear();
    for (const task of unfinished) task.fail(hasFailed, false);
    this.onEnd();
  }
}
