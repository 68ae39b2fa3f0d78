// The shell around the engine: time in, commands in, replies out, in turns.
//
// A turn: what is due is applied first, then each chunk's commands run as it comes; at the end of the runtime's turn the
// server settles: large chores go on a little, kept input goes on, every connection with replies sends once, and the one
// timer is set to the engine's next deadline. Nothing is awaited on the way.

import { Engine } from "../core/engine.ts";
import { FIRST_REPLY } from "../core/outbox.ts";
import type { Session } from "../core/session.ts";
import type { Clock } from "../ports/clock.ts";
import type { Peer, Transport } from "../ports/transport.ts";
import { ReplyEncoder } from "../protocol/encoder.ts";
import { Lexer } from "../protocol/lexer.ts";
import type { ServerFacts } from "../protocol/stats.ts";
import { Blocks } from "./blocks.ts";
import { Connection } from "./connection.ts";
import type { ConnectionOwner } from "./connection.ts";
import type { ConnectionLog } from "./log.ts";

export interface ServerOptions {
  readonly clock: Clock;
  readonly facts: ServerFacts;
  /** Connections beyond this many are closed at once. Default: no limit. */
  readonly maxConnections?: number;
  /** Puts beyond this many bytes of jobs get OUT_OF_MEMORY. Default: no limit. */
  readonly maxMemoryBytes?: number;
  /** Any 32-bit number that strangers do not know. */
  readonly seed?: number;
  readonly log?: ConnectionLog | null;
  /** Called once when the server is draining and its last job is gone. */
  readonly onDrained?: () => void;
}

export class Server implements ConnectionOwner {
  readonly engine: Engine;
  readonly facts: ServerFacts;
  readonly log: ConnectionLog | null;
  // Shared by the connections.
  readonly encoder: ReplyEncoder;
  readonly lexer: Lexer = new Lexer();
  readonly blocks: Blocks = new Blocks();
  private readonly options: ServerOptions;
  private readonly clock: Clock;
  /** Connections by the slot of their session. */
  private readonly bySlot: (Connection | undefined)[] = [];
  private connectionCount = 0;
  private acceptedCount = 0;
  /** Connections with something to send or to go on with. */
  private listed: Connection[] = [];
  private settling: Connection[] = [];
  private isSettleDue = false;
  /** Counts turns. */
  turn = 1;
  private now = 0;
  /** When the timer is set to ring. */
  private wakesAt = Infinity;
  private isStopped = false;
  private hasSaidDrained = false;
  private readonly settleNow = (): void => this.settle();
  private readonly wake = (): void => {
    this.wakesAt = Infinity;
    this.beginTurn();
  };

  constructor(options: ServerOptions) {
    this.options = options;
    this.clock = options.clock;
    this.facts = options.facts;
    this.log = options.log ?? null;
    this.engine = new Engine({ maxMemoryBytes: options.maxMemoryBytes, seed: options.seed });
    this.encoder = new ReplyEncoder(this.engine, this.facts);
  }

  /** What a listener calls for each connection. */
  readonly accept = (transport: Transport): Peer | null => {
    if (this.isStopped || this.connectionCount >= (this.options.maxConnections ?? Infinity)) {
      transport.close();
      return null;
    }
    const session = this.engine.open();
    const connection = new Connection(this, session, transport, ++this.acceptedCount);
    this.bySlot[session.slot] = connection;
    this.connectionCount++;
    this.log?.accepted(connection.number);
    return connection;
  };

  /** Every input begins here: applies what is due and sees to it that the turn is settled. Returns the turn's time. */
  beginTurn(): number {
    this.applyTime();
    this.scheduleSettle();
    return this.now;
  }

  private applyTime(): void {
    this.now = Math.max(this.now, this.clock.now());
    if (this.engine.nextDeadline > this.now) return;
    this.engine.tick(this.now);
    this.deliver();
  }

  /** Empties the engine's outbox. Must follow each call of the engine that can speak. */
  deliver(): void {
    const { outbox } = this.engine;
    for (let i = 0; i < outbox.length; i++) {
      const kind = outbox.kind(i);
      if (kind < FIRST_REPLY) continue; // a record; there is no journal yet to take it
      const connection = this.bySlot[outbox.session(i).slot];
      if (connection === undefined) continue;
      connection.reply(kind, outbox.number(i), this.now);
    }
    outbox.clear();
  }

  /** Notes a connection that has something to send or to go on with when the turn settles. */
  list(connection: Connection): void {
    if (connection.isListed) return;
    connection.isListed = true;
    this.listed.push(connection);
    this.scheduleSettle();
  }

  /** A connection is gone. */
  closed(connection: Connection, session: Session): void {
    this.connectionCount--;
    this.bySlot[session.slot] = undefined;
    this.log?.closed(connection.number);
    this.engine.close(session, this.beginTurn());
    this.deliver();
  }

  /** Accepts no more puts. */
  drain(): void {
    this.engine.isDraining = true;
    this.scheduleSettle();
  }

  /** Closes all connections; replies that are ready are sent. Nothing happens after this. */
  stop(): void {
    this.settle();
    this.isStopped = true;
    for (const connection of this.bySlot) connection?.shut();
    this.clock.wakeAt(Infinity, this.wake);
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
    this.settleConnections();
    if (this.engine.hasWork) {
      this.engine.work(this.now);
      this.deliver();
    }
    this.turn++;
    const isMoreDue = this.engine.hasWork || this.engine.nextDeadline <= this.now;
    this.isSettleDue = isMoreDue || this.listed.length > 0;
    if (this.isSettleDue) this.clock.afterInput(this.settleNow);
    this.setTimer();
    this.leaveWhenDrained();
  }

  /** Each listed connection once; those that are listed meanwhile have their turn in the next settle. */
  private settleConnections(): void {
    const connections = this.listed;
    this.listed = this.settling;
    this.settling = connections;
    for (let i = 0; i < connections.length; i++) {
      connections[i].isListed = false;
      connections[i].settle(this.now);
    }
    connections.length = 0;
  }

  /** An earlier wake than needed does no harm, so the timer is only touched when something is due sooner. */
  private setTimer(): void {
    const { nextDeadline } = this.engine;
    if (nextDeadline >= this.wakesAt) return;
    this.wakesAt = nextDeadline;
    this.clock.wakeAt(nextDeadline, this.wake);
  }

  private leaveWhenDrained(): void {
    if (!this.engine.isDraining || this.hasSaidDrained || this.engine.jobs.count > 0) return;
    this.hasSaidDrained = true;
    this.options.onDrained?.();
  }
}
