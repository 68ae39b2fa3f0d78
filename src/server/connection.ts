// One peer of the text protocol: its bytes in, its commands one after the other, its replies out.
// Invariants: commands run in order and never while the session is blocked; unread input and unsent output are bounded.

import type { Identity } from "../access/identity.ts";
import {
  COMMANDS_PER_TURN,
  INPUT_HIGH_WATER_BYTES,
  OUTPUT_HIGH_WATER_BYTES,
  STEPS_PER_COMMAND,
} from "../core/limits.ts";
import { passUnlessOutOfMemory } from "../core/allocation.ts";
import type { Engine } from "../core/engine.ts";
import { LIST_TUBES, LIST_TUBES_WATCHED, OUT_OF_MEMORY, tellsOfJobs } from "../core/outbox.ts";
import type { Session } from "../core/session.ts";
import type { Journal } from "../ports/journal.ts";
import type { RefusalReason, RefusalReporter } from "../ports/refusals.ts";
import type { Peer, Transport } from "../ports/transport.ts";
import * as commands from "../protocol/command.ts";
import type { Command } from "../protocol/command.ts";
import * as replies from "../protocol/encoder.ts";
import type { ReplyEncoder } from "../protocol/encoder.ts";
import * as parsing from "../protocol/parser.ts";
import { Parser } from "../protocol/parser.ts";
import type { Lexer } from "../protocol/lexer.ts";
import type { ServerFacts } from "../protocol/stats.ts";
import type { Blocks } from "./blocks.ts";
import { dispatch } from "./dispatch.ts";
import type { Gate } from "./gate.ts";
import type { Guard } from "./guard.ts";
import { nameUsedTube, takesWholeShare } from "./extensions.ts";
import { Input } from "./input.ts";
import { carriesJob } from "./log.ts";
import type { ConnectionLog } from "./log.ts";
import type { Newcomer, Newcomers } from "./newcomers.ts";
import { Output } from "./output.ts";
import { type PeerKind, type ServerPeer, whereOf } from "./server_peer.ts";
import { LISTED_AT_ONCE, TubeListing } from "./tube_listing.ts";

/** So many bytes of replies leave at once, so that the same few large blocks serve all connections; fewer wait for the turn's end. */
const EARLY_BYTES = 32_768;

/** A connection's share of a turn. What commands cost beyond the usual is taken off it, so it is work and not only commands. */
const SHARE_STEPS = COMMANDS_PER_TURN * STEPS_PER_COMMAND;

/** What a connection needs of the server it belongs to. */
export interface ConnectionOwner {
  readonly engine: Engine;
  readonly journal: Journal;
  readonly facts: ServerFacts;
  readonly log: ConnectionLog | null;
  /** Null where everybody may do everything. */
  readonly gate: Gate | null;
  readonly refusals: RefusalReporter;
  /** Extensions of the protocol are unknown here. */
  readonly isStrict: boolean;
  readonly newcomers: Newcomers;
  // Shared by all connections.
  readonly encoder: ReplyEncoder;
  readonly lexer: Lexer;
  readonly command: Command;
  readonly blocks: Blocks;
  /** Counts turns, from 1. */
  readonly turn: number;
  /** The time of the turn. */
  readonly now: number;
  /** Every input begins here; returns the time of the turn. */
  beginTurn(): number;
  /** Empties the engine's outbox; must follow each call of the engine that can speak. */
  deliver(): void;
  /** Has this connection settled at the end of the turn. */
  list(connection: Connection): void;
  /** Lists this connection when the journal has come further. */
  await(connection: Connection): void;
  closed(connection: Connection, session: Session): void;
}

export class Connection implements Peer, ServerPeer, Newcomer {
  /** Counts connections since the start; names this one in the log. */
  readonly number: number;
  readonly kind: PeerKind;
  readonly session: Session;
  readonly acceptedAt: number;
  /** It has completed no command; where there is access control, none whose sender is known. */
  private isNewcomer = true;
  /** It is in the server's list of those that have something to send or to go on with. */
  isListed = false;
  /** It is in the server's list of those that wait for the journal. */
  isAwaiting = false;
  private readonly server: ConnectionOwner;
  /** Null where everybody may do everything. */
  private readonly guard: Guard | null;
  private readonly transport: Transport;
  private readonly parser: Parser;
  private readonly input: Input;
  private readonly output: Output;
  /** What the line of the put being received said. */
  private putPri = 0;
  private putDelay = 0;
  private putTtr = 0;
  /** The reply owed when the body now being skipped is past. */
  private replyAfterSkip: Uint8Array = replies.JOB_TOO_BIG_REPLY;
  /** A reply that is written in pieces; no command runs before it is complete. */
  private listing: TubeListing | null = null;
  private isPaused = false;
  /** The last turn in which it ran commands: it has one share per turn. */
  private ranInTurn = 0;
  /** The peer sends no more. */
  private hasEnded = false;
  /** Nothing more is run; it closes when its replies are out. */
  private isClosing = false;
  private isClosed = false;
  /** There was no memory for a reply: what is in the output is not sent. */
  private isBroken = false;

  /** `identity`: who it is, when that is known before it says a word. */
  constructor(
    server: ConnectionOwner,
    session: Session,
    transport: Transport,
    number: number,
    kind: PeerKind = "tcp",
    identity: Identity | null = null,
    acceptedAt = 0,
  ) {
    this.server = server;
    this.session = session;
    this.transport = transport;
    this.number = number;
    this.kind = kind;
    this.acceptedAt = acceptedAt;
    this.parser = new Parser(server.lexer, server.command, server.isStrict);
    this.input = new Input(server.engine.memory);
    this.output = new Output(server.blocks);
    this.guard = server.gate?.guard(this, transport, identity, server.now) ?? null;
  }

  get peerAddress(): string | null {
    return this.transport.peerAddress ?? null;
  }

  get identityName(): string | null {
    return this.guard?.identity?.name ?? null;
  }

  get unsentBytes(): number {
    return this.output.unsentBytes;
  }

  // From the transport.

  received(chunk: Uint8Array): void {
    if (this.isClosing || this.isClosed) return;
    const now = this.server.beginTurn();
    if (this.input.length > 0 || this.hasHadItsShare || this.mustWait) return this.keep(chunk, 0);
    const ranTo = this.run(chunk, now);
    if (ranTo < chunk.length && !this.isClosing) this.keep(chunk, ranTo);
  }

  ended(): void {
    if (this.isClosing || this.isClosed) return;
    this.hasEnded = true;
    this.server.beginTurn();
    this.server.engine.halfClose(this.session);
    this.server.deliver();
    this.server.list(this);
  }

  drained(): void {
    const { output } = this;
    output.drained();
    const hasMore = output.unsentBytes > 0 || this.input.length > 0 || this.listing !== null ||
      this.hasEnded ||
      this.isClosing;
    if (hasMore && !this.isClosed) this.server.list(this);
  }

  closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isClosing = true;
    this.input.consume(this.input.length);
    this.output.discard();
    if (this.guard !== null) this.server.gate!.left(this.guard);
    this.server.closed(this, this.session);
  }

  // From the server.

  /** The engine answers: written now, sent at the end of the turn. */
  reply(kind: number, number: number): void {
    if (this.isClosed || this.isBroken) return;
    try {
      this.write(kind, number);
    } catch (error) {
      this.breakOff(error);
    }
  }

  private write(kind: number, number: number): void {
    const { server } = this;
    if (kind === OUT_OF_MEMORY) this.noteRefusal(this.isTruncate ? "truncate" : "memory");
    if (tellsOfJobs(kind)) this.output.hold(server.journal.ticket);
    if (kind === LIST_TUBES || kind === LIST_TUBES_WATCHED) this.listing = this.longListing(kind);
    if (this.listing !== null) return server.list(this);
    server.encoder.write(this.output, kind, number, this.session);
    if (server.log !== null) this.logReply(server.log, kind, number);
    server.list(this);
  }

  /** End of a turn: goes on with input that was kept. */
  goOn(now: number): void {
    if (this.listing !== null) return this.goOnListing();
    if (!this.isClosed && this.canGoOn && !this.hasHadItsShare) this.runKept(now);
  }

  /** After it: sends replies, closes when all is done. */
  send(): void {
    if (this.isClosed) return;
    const { server } = this;
    if (!this.output.flush(this.transport, server.journal.reached)) {
      if (!this.output.isWaitingForDrain) server.await(this);
      return;
    }
    if (this.canGoOn || this.listing !== null) return server.list(this);
    if (this.input.length > 0 && server.journal.isFull) return server.await(this);
    if (this.hasEnded && this.input.length === 0 && !this.session.isBlocked) {
      if (this.owesFormReply) return this.payFormReply();
      this.isClosing = true;
    }
    if (this.isClosing) this.shut();
  }

  /** Closes from our side, at once. */
  shut(): void {
    if (this.isClosed) return;
    this.transport.close();
    this.closed();
  }

  abort(): void {
    this.server.refusals.refused("silent", whereOf(this));
    if (this.transport.abort !== undefined) this.transport.abort();
    else this.transport.close();
    this.closed();
  }

  /** The server has failed: what is not sent yet never will be. */
  abandon(): void {
    if (this.isClosed) return;
    this.isClosed = this.isClosing = true;
    this.transport.close();
  }

  // Within.

  /** Whether the next command may not run yet. */
  private get mustWait(): boolean {
    return this.session.isBlocked || this.listing !== null ||
      this.output.unsentBytes >= OUTPUT_HIGH_WATER_BYTES ||
      this.server.journal.isFull;
  }

  private get hasHadItsShare(): boolean {
    return this.ranInTurn === this.server.turn;
  }

  /** Whether there is input that may be run. */
  private get canGoOn(): boolean {
    return this.input.length > 0 && !this.mustWait && !this.isClosing;
  }

  private keep(chunk: Uint8Array, from: number): void {
    try {
      this.input.append(chunk, from, chunk.length);
    } catch (error) {
      return this.breakOff(error);
    }
    if (!this.mustWait || this.server.journal.isFull) this.server.list(this);
    if (this.input.length < INPUT_HIGH_WATER_BYTES || this.isPaused) return;
    this.isPaused = true;
    this.transport.pause();
  }

  /** What lists so many tubes that it is written in pieces; else null. */
  private longListing(kind: number): TubeListing | null {
    const { list } = this.server.engine.tubes;
    const { watches } = this.session;
    if (kind === LIST_TUBES) return list.length > LISTED_AT_ONCE ? new TubeListing(list.slice()) : null;
    return watches.length > LISTED_AT_ONCE ? new TubeListing(watches.map(({ tube }) => tube)) : null;
  }

  private goOnListing(): void {
    if (this.isClosed || this.output.unsentBytes >= OUTPUT_HIGH_WATER_BYTES) return;
    try {
      if (this.listing!.writeSome(this.output)) this.listing = null;
    } catch (error) {
      this.breakOff(error);
    }
    this.server.list(this);
  }

  private runKept(now: number): void {
    this.input.consume(this.run(this.input.view(), now));
    if (!this.isPaused || this.input.length >= INPUT_HIGH_WATER_BYTES / 2) return;
    this.isPaused = false;
    this.transport.resume();
  }

  /** Runs commands until the bytes are used up or it must stop. Returns how far it came. */
  private run(bytes: Uint8Array, now: number): number {
    const { parser } = this;
    this.ranInTurn = this.server.turn;
    const { engine } = this.server;
    engine.takeEffort(); // of others
    let at = 0;
    let hasSpoken = false;
    for (let left = SHARE_STEPS; left > 0 && at < bytes.length; left -= STEPS_PER_COMMAND) {
      const event = parser.next(bytes, at, bytes.length);
      at = parser.at;
      if (event === parsing.COMMAND) {
        this.command(now);
        hasSpoken ||= parser.command.code !== commands.PUT;
        if (takesWholeShare(parser.command)) left = 0;
        left -= engine.takeEffort();
      } else if (event === parsing.BODY_PART) {
        this.bodyPart(bytes, now);
        hasSpoken ||= parser.bodyLeft === 0;
      } else if (event !== parsing.NEED_MORE) this.refuse(event);
      if (this.output.unsentBytes >= EARLY_BYTES) {
        this.output.flush(this.transport, this.server.journal.reached);
      }
      if (this.isClosing) return bytes.length;
      if (this.mustWait) break;
    }
    if (this.guard !== null && this.guard.identity === null) this.bearStranger(this.guard, at);
    else if (hasSpoken && this.isNewcomer) this.settleIn();
    return at;
  }

  private settleIn(): void {
    this.isNewcomer = false;
    this.server.newcomers.delete(this);
  }

  /** A stranger has sent so many bytes more. */
  private bearStranger(guard: Guard, bytes: number): void {
    guard.heard(bytes);
    if (!guard.isTiresome || this.isClosing) return;
    this.isClosing = true;
    this.noteRefusal("stranger");
    this.server.list(this);
  }

  private command(now: number): void {
    const { server, session, parser } = this;
    const { command } = parser;
    if (server.log !== null) server.log.command(this.number, command.code);
    nameUsedTube(command, session);
    if (this.guard !== null && !this.guard.permits(server.engine, session, command, now)) {
      return this.turnDown(command);
    }
    if (command.code === commands.PUT) return this.putLine(now);
    if (command.code === commands.QUIT) {
      this.isClosing = true;
      return server.list(this);
    }
    if (command.code === commands.AUTH) return this.login(command, now);
    if (command.code === commands.PAUSE_TUBE && !command.isNameValid) {
      server.engine.countRefusedPause();
      return this.say(replies.BAD_FORMAT_REPLY);
    }
    dispatch(server.engine, session, command, now);
    server.deliver();
  }

  private login({ source, nameFrom, nameTo }: Command, now: number): void {
    const { guard } = this;
    // Without access control everybody may do everything, whatever the token.
    if (guard === null) return this.say(replies.AUTHENTICATED_REPLY);
    const isKnown = guard.login(latin1(source, nameFrom, nameTo), now);
    this.say(isKnown ? replies.AUTHENTICATED_REPLY : replies.UNAUTHORIZED_REPLY);
    if (!guard.isTiresome) return;
    this.isClosing = true;
    this.noteRefusal("attempts");
  }

  /** A command that may not run. The body of a put is passed over all the same, where one follows. */
  private turnDown({ code, bodyBytes, hasTrailingText }: Command): void {
    if (code === commands.PUT && hasTrailingText && bodyBytes <= this.server.facts.maxJobBytes) {
      return this.refuseForm(this.parser.bodyBytesDespiteText());
    }
    this.noteRefusal("unauthorized");
    if (code === commands.PUT) this.skipBody(bodyBytes, replies.UNAUTHORIZED_REPLY);
    else this.say(replies.UNAUTHORIZED_REPLY);
  }

  private putLine(now: number): void {
    const { server, session, parser } = this;
    const { bodyBytes, hasTrailingText, pri, delay, ttr } = parser.command;
    if (bodyBytes > server.facts.maxJobBytes) {
      server.engine.countRefusedPut();
      this.noteRefusal("job-size");
      return this.skipBody(bodyBytes, replies.JOB_TOO_BIG_REPLY);
    }
    if (hasTrailingText) {
      server.engine.countRefusedPut();
      return this.refuseForm(parser.bodyBytesDespiteText());
    }
    if (!server.engine.beginPut(session, bodyBytes, now)) {
      this.noteRefusal("memory");
      return this.skipBody(bodyBytes, replies.OUT_OF_MEMORY_REPLY);
    }
    this.putPri = pri;
    this.putDelay = delay;
    this.putTtr = ttr;
    parser.receiveBody(bodyBytes + 2);
  }

  private skipBody(bodyBytes: number, reply: Uint8Array): void {
    this.replyAfterSkip = reply;
    this.parser.skip(bodyBytes + 2);
  }

  private bodyPart(bytes: Uint8Array, now: number): void {
    const { server, session, parser } = this;
    if (!server.engine.fillPut(session, bytes, parser.partFrom, parser.partTo)) {
      server.engine.abandonPut(session);
      this.noteRefusal("allocation");
      if (parser.bodyLeft === 0) return this.say(replies.OUT_OF_MEMORY_REPLY);
      this.replyAfterSkip = replies.OUT_OF_MEMORY_REPLY;
      return parser.skip(parser.bodyLeft);
    }
    if (parser.bodyLeft > 0) return;
    if (!parser.hasTrailer) {
      server.engine.abandonPut(session);
      return this.say(replies.EXPECTED_CRLF_REPLY);
    }
    const { used, draftBytes } = session;
    if (server.engine.isDraining) this.noteRefusal("draining");
    else if (!server.journal.hasRoomFor(used.name.length, draftBytes, now)) {
      server.engine.abandonPut(session);
      if (!this.isClosed) this.noteRefusal("disk"); // else asking for room has made the journal fail
      return this.say(replies.OUT_OF_MEMORY_REPLY);
    }
    if (server.log !== null) server.log.jobReceived(this.number, session.draftId);
    server.engine.put(session, this.putPri, this.putDelay, this.putTtr, now);
    server.deliver();
  }

  private refuse(event: number): void {
    if (event === parsing.HTTP_REQUEST || event === parsing.TLS_GREETING) {
      this.noteRefusal(event === parsing.HTTP_REQUEST ? "http-request" : "tls-greeting");
      return this.shut();
    }
    if (event === parsing.SKIPPED) return this.say(this.replyAfterSkip);
    const isUnknown = event === parsing.UNKNOWN_COMMAND;
    if (this.server.log !== null) {
      this.server.log.command(this.number, isUnknown ? 0 : this.parser.command.code);
    }
    if (isUnknown) this.say(replies.UNKNOWN_COMMAND_REPLY);
    else this.refuseForm(this.parser.refusedBodyBytes);
  }

  /** A line in the wrong form; the body of a put is passed over where its size can be read, and never run. */
  private refuseForm(bodyBytes: number): void {
    if (bodyBytes < 0) this.say(replies.BAD_FORMAT_REPLY);
    else this.skipBody(bodyBytes, replies.BAD_FORMAT_REPLY);
  }

  private noteRefusal(reason: RefusalReason): void {
    this.server.refusals.refused(reason, whereOf(this));
  }

  private get isTruncate(): boolean {
    return this.parser.command.code === commands.TRUNCATE;
  }

  /** The peer has ended within the body of a put whose line is refused, or never sent one. The line is still to be answered. */
  private get owesFormReply(): boolean {
    return this.parser.isSkipping && this.replyAfterSkip === replies.BAD_FORMAT_REPLY && !this.isClosing;
  }

  private payFormReply(): void {
    this.isClosing = true;
    this.say(replies.BAD_FORMAT_REPLY);
  }

  /** A reply that the protocol gives itself. */
  private say(reply: Uint8Array): void {
    this.server.log?.reply(this.number, (writer) => writer.bytes(reply), 0);
    try {
      this.output.bytes(reply);
    } catch (error) {
      this.breakOff(error);
    }
    this.server.list(this);
  }

  /** There is no memory for what it has to be told or has sent: the connection is closed, with nothing half said. */
  private breakOff(error: unknown): void {
    passUnlessOutOfMemory(error);
    this.noteRefusal("allocation");
    this.isBroken = true;
    this.isClosing = true;
    this.listing = null;
    this.output.discard();
    this.server.list(this);
  }

  private logReply(log: ConnectionLog, kind: number, number: number): void {
    const { encoder, engine } = this.server;
    const jobId = carriesJob(kind) ? engine.jobs.id.get(number) : 0;
    log.reply(this.number, (line) => encoder.write(line, kind, number, this.session), jobId);
  }
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
