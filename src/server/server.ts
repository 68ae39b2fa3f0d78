// The shell around the engine: time in, commands in, replies out, in turns.
//
// A turn: what is due is applied first, then each chunk's commands run as it comes; at the end of the runtime's turn the
// server settles: kept input and large chores go on a little, the journal commits, every connection whose replies may leave
// sends once, and the one timer is set to whatever is due next. Nothing is awaited on the way.

import type { Identity } from "../access/identity.ts";
import { passUnlessOutOfMemory } from "../core/allocation.ts";
import type { Engine } from "../core/engine.ts";
import { RECORD_CHANGE, RECORD_DROPPED, RECORD_GONE, RECORD_PUT } from "../core/outbox.ts";
import type { Outbox } from "../core/outbox.ts";
import type { Session } from "../core/session.ts";
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import type { RefusalReason } from "../ports/refusals.ts";
import type { Peer, Transport } from "../ports/transport.ts";
import { Command } from "../protocol/command.ts";
import { ReplyEncoder } from "../protocol/encoder.ts";
import { Lexer } from "../protocol/lexer.ts";
import type { ServerFacts } from "../protocol/stats.ts";
import { Blocks } from "./blocks.ts";
import { Connection } from "./connection.ts";
import type { ConnectionOwner } from "./connection.ts";
import type { Gate } from "./gate.ts";
import type { ConnectionLog } from "./log.ts";
import { LoopLag } from "./loop_lag.ts";
import { Newcomers } from "./newcomers.ts";
import { NoJournal } from "./no_journal.ts";
import type { Observer } from "./observer.ts";
import { Refusals } from "./refusals.ts";
import { type PeerKind, type ServerPeer, whereOf } from "./server_peer.ts";

/** Between two calls of `onFault`, in milliseconds: clients can provoke faults as often as they ask. */
export const FAULT_PAUSE_MS = 10_000;

export interface ServerOptions {
  /** The queue, which may hold jobs already. */
  readonly engine: Engine;
  /** Where its jobs are remembered. Default: nowhere. */
  readonly journal?: Journal;
  readonly clock: Clock;
  readonly facts: ServerFacts;
  /** Connections beyond this many are closed at once, like those for which the engine has no memory. Default: no limit. */
  readonly maxConnections?: number;
  /**
   * At that limit a new connection takes the place of the oldest one that has completed no command and is older than this, in
   * milliseconds. Default: Infinity, never.
   */
  readonly newcomerGraceMs?: number;
  /** Whether a connection that was accepted may keep its descriptor; it is closed if not, and this is called again. Default: yes. */
  readonly hasDescriptors?: () => boolean;
  readonly log?: ConnectionLog | null;
  /** Who may do what. Default: everybody everything. */
  readonly gate?: Gate | null;
  /** Where refusals are counted, if its listeners and its HTTP port are to report there as well. Default: its own. */
  readonly refusals?: Refusals;
  /** Connections get the reference's commands and no others, and its statistics without anything behind them. */
  readonly isStrict?: boolean;
  /** Called once when the server is draining and its last job is gone. */
  readonly onDrained?: () => void;
  /**
   * Called with what the platform or the journal threw when a reply asked for facts of it; the reply was INTERNAL_ERROR. At
   * most once in {@link FAULT_PAUSE_MS}. `unsaid`: how many there were since the last call, beside this one.
   */
  readonly onFault?: (error: unknown, unsaid: number) => void;
  /** Called when the journal has failed. The server has stopped, and replies that waited for the journal are not sent. */
  readonly onFailed?: (error: Error) => void;
}

export class Server implements ConnectionOwner {
  readonly engine: Engine;
  readonly journal: Journal;
  readonly facts: ServerFacts;
  readonly log: ConnectionLog | null;
  readonly gate: Gate | null;
  /** What was refused, and why. */
  readonly refusals: Refusals;
  readonly isStrict: boolean;
  // Shared by the connections.
  readonly encoder: ReplyEncoder;
  readonly lexer: Lexer = new Lexer();
  readonly command: Command = new Command();
  readonly blocks: Blocks;
  /** How long turns are, and how late the timer. */
  readonly lag: LoopLag = new LoopLag();
  private readonly options: ServerOptions;
  private readonly clock: Clock;
  /** Connections, and peers in this process, by the slot of their session. */
  private readonly bySlot: (ServerPeer | undefined)[] = [];
  private observer: Observer | null = null;
  private connectionCount = 0;
  /** Connections that have completed no command. */
  readonly newcomers: Newcomers;
  private peerCount = 0;
  /** Connections with something to send or to go on with. */
  private listed: ServerPeer[] = [];
  private settling: ServerPeer[] = [];
  /** Connections that wait for the journal. */
  private awaiting: ServerPeer[] = [];
  private isSettleDue = false;
  /** Counts turns. */
  turn = 1;
  /** The time of this turn, in milliseconds. */
  now = 0;
  /** When the timer is set to ring. */
  private wakesAt = Infinity;
  private isStopped = false;
  private hasFailed = false;
  private hasSaidDrained = false;
  private nextFaultAt = 0;
  private unsaidFaults = 0;
  private readonly settleNow = (): void => this.settle();
  private readonly wake = (): void => {
    this.lag.rang(this.wakesAt, this.clock.now());
    this.wakesAt = Infinity;
    this.beginTurn();
  };

  constructor(options: ServerOptions) {
    this.options = options;
    this.clock = options.clock;
    this.facts = options.facts;
    this.log = options.log ?? null;
    this.gate = options.gate ?? null;
    this.refusals = options.refusals ?? new Refusals(() => this.clock.now());
    if (this.gate !== null) this.gate.refusals = this.refusals;
    this.isStrict = options.isStrict ?? false;
    this.newcomers = new Newcomers(options.newcomerGraceMs ?? Infinity);
    this.engine = options.engine;
    this.blocks = new Blocks(this.engine.copy, this.engine.memory);
    this.journal = options.journal ?? new NoJournal();
    const { changesAtOnce } = this.journal;
    if (changesAtOnce !== undefined) this.engine.limitChanges(changesAtOnce);
    this.journal.listen({
      progressed: () => this.journalProgressed(),
      failed: (error) => this.fail(error),
      held: () => this.refusals.refused("lease", null),
    });
    this.encoder = new ReplyEncoder(
      this.engine,
      this.facts,
      this,
      this.isStrict,
      (error) => this.tellFault(error),
    );
    this.scheduleSettle(); // what came back may have something due, and the journal something to clear away
  }

  /** What a listener calls for each connection. */
  readonly accept = (transport: Transport): Peer | null => this.acceptAs("tcp", transport);

  /** The same for one that comes through another door. `identity`: who it is, when the door knows. */
  acceptAs(kind: PeerKind, transport: Transport, identity: Identity | null = null): Peer | null {
    if (this.isStopped) return this.turnAway(transport);
    const reason = this.refusalReason();
    if (reason !== null) return this.turnAway(transport, reason, kind);
    if (this.gate !== null) this.beginTurn(); // a stranger's time counts from now
    const session = this.engine.open();
    const acceptedAt = this.clock.now();
    const connection = new Connection(this, session, transport, ++this.peerCount, kind, identity, acceptedAt);
    this.newcomers.add(connection);
    this.bySlot[session.slot] = connection;
    this.connectionCount++;
    this.log?.accepted(connection.number, whereOf(connection));
    this.gate?.makeRoom();
    return connection;
  }

  /** Closes a connection that is not accepted; counts it as refused when there is a reason to give. */
  private turnAway(transport: Transport, reason: RefusalReason | null = null, kind: PeerKind = "tcp"): null {
    const { peerAddress = null } = transport; // before it is closed: then it is not known any more
    transport.close();
    if (reason === "descriptors") this.options.hasDescriptors!();
    if (reason !== null) this.refusals.refused(reason, whereOf({ kind, peerAddress }));
    return null;
  }

  /** Why one connection more is not taken; null when there is room for it, or was made. */
  private refusalReason(): RefusalReason | null {
    const { maxConnections = Infinity, hasDescriptors } = this.options;
    if (hasDescriptors !== undefined && !hasDescriptors()) return "descriptors";
    if (!this.engine.admitsSession()) return "memory";
    if (this.connectionCount < maxConnections) return null;
    return this.newcomers.endOldest(this.clock.now()) ? null : "connections";
  }

  /** Takes in a peer of this process with a session of its own; it does not count against the limit of connections. */
  attach(open: (session: Session, number: number) => ServerPeer): void {
    const session = this.engine.open();
    this.bySlot[session.slot] = open(session, ++this.peerCount);
    if (!this.isStopped) return;
    if (this.hasFailed) this.bySlot[session.slot]!.abandon();
    else this.bySlot[session.slot]!.shut();
  }

  /** Connections and peers of this process by the slot of their session; some places are empty. To look at. */
  get peers(): readonly (ServerPeer | undefined)[] {
    return this.bySlot;
  }

  /** Ends a peer's session: what it holds is ready again. */
  detach(session: Session): void {
    if (this.isStopped) return;
    this.bySlot[session.slot] = undefined;
    this.engine.close(session, this.beginTurn());
    this.deliver();
  }

  /** Every input begins here: applies what is due and sees to it that the turn is settled. Returns the turn's time. */
  beginTurn(): number {
    this.applyTime();
    this.scheduleSettle();
    return this.now;
  }

  private applyTime(): void {
    this.now = Math.max(this.now, this.clock.now());
    this.lag.began(this.now);
    if (this.engine.nextDeadline > this.now) return;
    this.engine.tick(this.now);
    this.deliver();
  }

  /** Empties the engine's outbox: all records first, since replies wait for them. Must follow each call that can speak. */
  deliver(): void {
    const { outbox } = this.engine;
    try {
      for (let i = 0; i < outbox.recordCount; i++) this.record(outbox, i);
    } catch (error) {
      passUnlessOutOfMemory(error);
      // What the queue is and what the journal knows differ from here on: nothing of it may be told.
      this.fail(new Error("there is no memory for what the journal has to write", { cause: error }));
    }
    for (let i = 0; i < outbox.length; i++) {
      this.bySlot[outbox.session(i).slot]?.reply(outbox.kind(i), outbox.number(i));
    }
    if (outbox.eventCount > 0) this.observer!.happened(outbox, this.now);
    outbox.clear();
  }

  /** The server's time by now, also between its turns, in milliseconds. */
  get time(): number {
    return Math.max(this.now, this.clock.now());
  }

  /** An instant of the server's as the machine's clock has it by now, which may have been stepped since the start. */
  wallInstant(instant: number): number {
    return instant + (this.clock.wallOffset?.() ?? 0);
  }

  /** Tells an observer, from now on, of all that happens to jobs; null: nobody any more. */
  observe(observer: Observer | null): void {
    this.observer = observer;
    this.engine.outbox.isObserved = observer !== null;
  }

  private record(outbox: Outbox, i: number): void {
    const { engine, journal } = this;
    const number = outbox.recordNumber(i);
    switch (outbox.recordKind(i)) {
      case RECORD_PUT:
        return journal.put(engine.live.at(number));
      case RECORD_CHANGE:
        return journal.change(engine.live.at(number));
      case RECORD_GONE:
        return journal.gone(
          number,
          outbox.recordFile(i),
          outbox.recordNameBytes(i),
          outbox.recordBodyBytes(i),
        );
      case RECORD_DROPPED:
        return journal.dropped(
          number,
          outbox.recordFile(i),
          outbox.recordNameBytes(i),
          outbox.recordBodyBytes(i),
        );
      default:
        return journal.truncate(outbox.truncates[number]);
    }
  }

  /** Notes a connection that has something to send or to go on with when the turn settles. */
  list(connection: ServerPeer): void {
    if (connection.isListed) return;
    connection.isListed = true;
    this.listed.push(connection);
    this.scheduleSettle();
  }

  /** Notes a connection that is to be listed when the journal has come further. */
  await(connection: ServerPeer): void {
    if (connection.isAwaiting) return;
    connection.isAwaiting = true;
    this.awaiting.push(connection);
  }

  private journalProgressed(): void {
    for (const connection of this.awaiting) {
      connection.isAwaiting = false;
      this.list(connection);
    }
    this.awaiting.length = 0;
    this.scheduleSettle();
  }

  /** A connection is gone. */
  closed(connection: Connection, session: Session): void {
    this.connectionCount--;
    this.newcomers.delete(connection);
    this.bySlot[session.slot] = undefined;
    this.log?.closed(connection.number);
    this.engine.close(session, this.beginTurn());
    this.deliver();
  }

  /** Accepts no more puts, or accepts them again. */
  drain(isOn: boolean = true): void {
    this.engine.isDraining = isOn;
    this.scheduleSettle();
  }

  /** As {@link stop}, but a journal that takes its time to write what is left gets it. */
  end(): Promise<void> {
    this.settle();
    const finished = this.isStopped ? undefined : this.journal.finish?.();
    if (finished !== undefined) return finished.then(() => this.stop());
    this.stop();
    return Promise.resolve();
  }

  /** Closes the journal and all connections; replies that are ready are sent. Nothing happens after this. */
  stop(): void {
    this.settle();
    if (this.isStopped) return;
    this.journal.close();
    if (this.isStopped) return;
    const peers = this.allPeers();
    for (const peer of peers) peer.send();
    this.isStopped = true;
    for (const peer of peers) peer.shut();
    this.clock.wakeAt(Infinity, this.wake);
  }

  private fail(error: Error): void {
    this.isStopped = this.hasFailed = true;
    for (const peer of this.allPeers()) peer.abandon();
    this.clock.wakeAt(Infinity, this.wake);
    this.options.onFailed?.(error);
  }

  private tellFault(error: unknown): void {
    if (this.now < this.nextFaultAt) return void this.unsaidFaults++;
    this.nextFaultAt = this.now + FAULT_PAUSE_MS;
    this.options.onFault?.(error, this.unsaidFaults);
    this.unsaidFaults = 0;
  }

  /** Also those without a session that still have something to tell: they are listed, or wait for the journal. */
  private allPeers(): Set<ServerPeer> {
    const peers = new Set([...this.listed, ...this.settling, ...this.awaiting]);
    for (const peer of this.bySlot) if (peer !== undefined) peers.add(peer);
    return peers;
  }

  private scheduleSettle(): void {
    if (this.isSettleDue || this.isStopped) return;
    this.isSettleDue = true;
    this.clock.afterTurn(this.settleNow);
  }

  /** The end of a turn. What is left to do after it goes on when the runtime has looked for input again. */
  private settle(): void {
    if (this.isStopped) return;
    this.applyTime();
    if (this.gate !== null && this.gate.nextInstant <= this.now) this.gate.sweep(this.now);
    // Those that are listed from here on only have something to send.
    const { length } = this.listed;
    for (let i = 0; i < length; i++) this.listed[i].goOn(this.now);
    if (this.engine.hasWork && !this.journal.isFull) {
      this.engine.work(this.now);
      this.deliver();
    }
    this.journal.commit(this.now, this.listed.length);
    if (this.isStopped) return;
    this.sendAll();
    this.turn++;
    const { engine, journal } = this;
    const isMoreDue = (engine.hasWork && !journal.isFull) || this.nextInstant <= this.now;
    this.isSettleDue = isMoreDue || this.listed.length > 0;
    if (this.isSettleDue) this.clock.afterInput(this.settleNow);
    this.lag.ended(this.clock.now());
    this.setTimer();
    this.leaveWhenDrained();
  }

  /** Each listed connection once; those that have more to do are listed for the next turn. */
  private sendAll(): void {
    const connections = this.listed;
    this.listed = this.settling;
    this.settling = connections;
    for (let i = 0; i < connections.length; i++) {
      connections[i].isListed = false;
      connections[i].send();
    }
    connections.length = 0;
  }

  private get nextInstant(): number {
    const instant = Math.min(this.engine.nextDeadline, this.journal.nextInstant);
    return this.gate === null ? instant : Math.min(instant, this.gate.nextInstant);
  }

  /** An earlier wake than needed does no harm, so the timer is only touched when something is due sooner. */
  private setTimer(): void {
    // A past instant, 0 above all, means "as soon as may be": the lateness of the timer counts from now.
    const nextInstant = Math.max(this.now, Math.min(this.nextInstant, this.lag.beatAt));
    if (nextInstant >= this.wakesAt) return;
    this.wakesAt = nextInstant;
    this.clock.wakeAt(nextInstant, this.wake);
  }

  private leaveWhenDrained(): void {
    const hasSaid = this.hasSaidDrained;
    this.hasSaidDrained = this.engine.isDraining && this.engine.jobs.count === 0;
    if (this.hasSaidDrained && !hasSaid) this.options.onDrained?.();
  }
}
