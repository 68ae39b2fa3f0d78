// All other commands of peers in this process: as a line of the protocol, so that they mean what they mean on the wire.

import {
  BURIED_JOB,
  FOUND_JOB,
  KICKED_COUNT,
  OUT_OF_MEMORY,
  RESERVED_JOB,
  TRUNCATED,
} from "../core/outbox.ts";
import { LONGEST_DECIMAL, writeDecimal } from "../protocol/decimal.ts";
import type { ReplyWriter } from "../protocol/encoder.ts";
import { COMMAND, Parser } from "../protocol/parser.ts";
import { dispatch } from "./dispatch.ts";
import { nameUsedTube, takesWholeShare } from "./extensions.ts";
import type { LocalPeer } from "./local_peer.ts";
import { bodyOf, Task, useTube } from "./local_task.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Runs one command line as the protocol has it, but for put, reserve and quit. */
export class LineTask extends Task {
  /** The answer's first word, the number behind it, and its body or document without CR LF. */
  word = "";
  number = 0;
  bytes: Uint8Array | null = null;
  private readonly line: string;
  private readonly tube: Uint8Array | null;
  private isAsked = false;

  /** `tube`: the one to use for it, if it matters. */
  constructor(line: string, tube: Uint8Array | null) {
    super();
    this.line = line;
    this.tube = tube;
  }

  step(peer: LocalPeer, now: number): void {
    if (this.tube !== null && !useTube(peer, this.tube)) return this.answer("OUT_OF_MEMORY");
    if (this.isAsked || !peer.mayRun()) return;
    this.isAsked = true;
    const { server } = peer;
    const parser = new Parser(server.lexer, undefined, false, true);
    const bytes = encoder.encode(`${this.line}\r\n`);
    if (parser.next(bytes, 0, bytes.length) !== COMMAND) return this.answer("BAD_FORMAT");
    nameUsedTube(parser.command, peer.session);
    dispatch(server.engine, peer.session, parser.command, now);
    server.deliver();
    if (takesWholeShare(parser.command)) peer.share = 0;
  }

  reply(peer: LocalPeer, kind: number, number: number): void {
    if (!this.isAsked) return; // use is answered
    if (kind === OUT_OF_MEMORY) peer.noteRefusal(this.line.startsWith("truncate ") ? "truncate" : "memory");
    if (kind === FOUND_JOB || kind === RESERVED_JOB) {
      this.number = peer.server.engine.jobs.id.get(number);
      this.bytes = bodyOf(peer, number);
      return this.answer(kind === FOUND_JOB ? "FOUND" : "RESERVED");
    }
    if (kind === KICKED_COUNT || kind === TRUNCATED) this.number = number;
    if (kind === BURIED_JOB) return this.answer("BURIED");
    const collected = new Collected();
    peer.server.encoder.write(collected, kind, number, peer.session);
    const end = collected.bytesSoFar.indexOf(13);
    const word = decoder.decode(collected.bytesSoFar.subarray(0, end)).split(" ", 1)[0];
    if (word === "OK") this.bytes = collected.bytesSoFar.slice(end + 2, collected.length - 2);
    this.answer(word);
  }

  private answer(word: string): void {
    this.word = word;
    this.isOver = true;
  }
}

/** Makes a session watch some tubes and no other. */
export class WatchTask extends Task {
  /** There is no memory for all of them; it watches some of them, and what it watched before. */
  isRefused = false;
  private readonly tubes: readonly Uint8Array[];
  private watched = 0;
  /** What it watched before. */
  private former: readonly Uint8Array[] | null = null;
  private ignored = 0;

  constructor(tubes: readonly Uint8Array[]) {
    super();
    this.tubes = tubes;
  }

  step(peer: LocalPeer): void {
    const { server, session } = peer;
    const { engine } = server;
    const { tubes } = this;
    this.former ??= session.watches.map((watch) => watch.tube.name);
    while (!this.isOver && this.watched < tubes.length && peer.mayRun()) {
      const name = tubes[this.watched++];
      engine.watch(session, name, 0, name.length);
      server.deliver();
    }
    if (this.isOver || this.watched < tubes.length) return;
    const wanted = new Set(tubes.map((name) => decoder.decode(name)));
    while (this.ignored < this.former.length && peer.mayRun()) {
      const name = this.former[this.ignored++];
      if (!wanted.has(decoder.decode(name))) engine.ignore(session, name, 0, name.length);
      server.deliver();
    }
    this.isOver = this.ignored === this.former.length;
  }

  reply(_peer: LocalPeer, kind: number): void {
    if (kind !== OUT_OF_MEMORY) return;
    this.isRefused = true;
    this.isOver = true;
  }
}

/** Takes a reply as it is encoded. */
class Collected implements ReplyWriter {
  length = 0;
  private buffer = new Uint8Array(256);

  get bytesSoFar(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  bytes(bytes: Uint8Array): void {
    this.copy(bytes, 0, bytes.length);
  }

  copy(source: Uint8Array, from: number, to: number): void {
    const needed = this.length + to - from;
    if (needed > this.buffer.length) {
      const bigger = new Uint8Array(Math.max(needed, 2 * this.buffer.length));
      bigger.set(this.bytesSoFar);
      this.buffer = bigger;
    }
    this.buffer.set(source.subarray(from, to), this.length);
    this.length = needed;
  }

  keep(piece: Uint8Array, length: number): void {
    this.copy(piece, 0, length);
  }

  number(value: number): void {
    const digits = new Uint8Array(LONGEST_DECIMAL);
    this.bytes(digits.subarray(0, writeDecimal(digits, 0, value)));
  }
}
