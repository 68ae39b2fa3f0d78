// What peers in this process ask for: batches of puts, reserves and deletes without text, everything else as a command line.
// A batch is one object with parallel lists: nothing is allocated per command but a reserved body.

import { BURIED_JOB, DELETED, FOUND_JOB, INSERTED, KICKED_COUNT, RESERVED_JOB } from "../core/outbox.ts";
import { copyBytes } from "../core/bodies.ts";
import type { BodyReader } from "../core/bodies.ts";
import type { ReplyWriter } from "../protocol/encoder.ts";
import { COMMAND, Parser } from "../protocol/parser.ts";
import { dispatch } from "./dispatch.ts";
import type { LocalPeer, LocalTask } from "./local_peer.ts";

const CRLF: Uint8Array = new Uint8Array([13, 10]);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A task, and who is told of its end. */
export abstract class Task implements LocalTask {
  isOver = false;
  /** Called once, when the outcome may be known. */
  finished: () => void = () => {};
  /** Called once instead: the server failed or was stopped. */
  failed: (hasServerFailed: boolean) => void = () => {};

  abstract step(peer: LocalPeer, now: number): void;
  abstract reply(peer: LocalPeer, kind: number, number: number, now: number): void;

  finish(): void {
    this.finished();
  }

  fail(hasFailed: boolean): void {
    this.failed(hasFailed);
  }
}

/** Puts bodies into one tube. `delay` and `ttr` in seconds. */
export class PutTask extends Task {
  /** An id, or the word of the refusal, for each body. */
  readonly results: (number | string)[] = [];
  private readonly tube: Uint8Array;
  private readonly bodies: readonly Uint8Array[];
  private readonly pri: number;
  private readonly delay: number;
  private readonly ttr: number;

  constructor(
    tube: Uint8Array,
    bodies: readonly Uint8Array[],
    pri: number,
    delay: number,
    ttr: number,
  ) {
    super();
    this.tube = tube;
    this.bodies = bodies;
    this.pri = pri;
    this.delay = delay;
    this.ttr = ttr;
  }

  step(peer: LocalPeer, now: number): void {
    const { bodies, results } = this;
    useTube(peer, this.tube);
    while (results.length < bodies.length && peer.mayRun()) this.put(peer, bodies[results.length], now);
    this.isOver = results.length === bodies.length;
  }

  /** The answer to the put; `use` is answered too. */
  reply(_peer: LocalPeer, kind: number, number: number): void {
    if (kind === INSERTED) this.results.push(number);
  }

  private put(peer: LocalPeer, body: Uint8Array, now: number): void {
    const { server, session } = peer;
    const { engine } = server;
    const { results } = this;
    const { length } = body;
    if (length > server.facts.maxJobBytes) {
      engine.countRefusedPut();
      results.push("JOB_TOO_BIG");
      return;
    }
    if (!engine.beginPut(session, length, now)) {
      results.push("OUT_OF_MEMORY");
      return;
    }
    if (!engine.isDraining && !server.journal.hasRoomFor(this.tube.length, length + 2, now)) {
      engine.abandonPut(session);
      if (!peer.isClosed) results.push("OUT_OF_MEMORY");
      return;
    }
    engine.fillPut(session, body, 0, length);
    engine.fillPut(session, CRLF, 0, 2);
    const { length: before } = results;
    engine.put(session, this.pri, this.delay, this.ttr, now);
    server.deliver();
    if (results.length === before && !peer.isClosed) results.push("DRAINING");
  }
}

/** Waits for one job, takes up to `count`. */
export class ReserveTask extends Task {
  readonly ids: number[] = [];
  readonly bodies: Uint8Array[] = [];
  private readonly count: number;
  private readonly timeout: number | null;

  /** `timeout` in seconds; null waits for ever. */
  constructor(count: number, timeout: number | null) {
    super();
    this.count = count;
    this.timeout = timeout;
  }

  step(peer: LocalPeer, now: number): void {
    const { server, session } = peer;
    const { engine } = server;
    while (!this.isOver && peer.mayRun()) {
      if (this.ids.length > 0) engine.reserveWithTimeout(session, 0, now);
      else if (this.timeout === null) engine.reserve(session, now);
      else engine.reserveWithTimeout(session, this.timeout, now);
      server.deliver();
    }
  }

  reply(peer: LocalPeer, kind: number, number: number): void {
    if (kind !== RESERVED_JOB) {
      this.isOver = true;
      return;
    }
    this.ids.push(peer.server.engine.jobs.id.get(number));
    this.bodies.push(bodyOf(peer, number));
    this.isOver = this.ids.length === this.count;
  }
}

/** Deletes jobs. */
export class DeleteTask extends Task {
  /** Those that were not found. */
  readonly missing: number[] = [];
  private readonly ids: readonly number[];
  private at = 0;

  constructor(ids: readonly number[]) {
    super();
    this.ids = ids;
  }

  step(peer: LocalPeer): void {
    const { server, session } = peer;
    const { engine } = server;
    const { ids } = this;
    while (this.at < ids.length && peer.mayRun()) {
      engine.delete(session, ids[this.at]);
      server.deliver();
      this.at++;
    }
    this.isOver = this.at === ids.length;
  }

  reply(_peer: LocalPeer, kind: number): void {
    if (kind !== DELETED) this.missing.push(this.ids[this.at]);
  }
}

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
    if (this.tube !== null) useTube(peer, this.tube);
    if (this.isAsked || !peer.mayRun()) return;
    this.isAsked = true;
    const { server } = peer;
    const parser = new Parser(server.lexer);
    const bytes = encoder.encode(`${this.line}\r\n`);
    if (parser.next(bytes, 0, bytes.length) !== COMMAND) return this.answer("BAD_FORMAT");
    dispatch(server.engine, peer.session, parser.command, now);
    server.deliver();
  }

  reply(peer: LocalPeer, kind: number, number: number, now: number): void {
    if (!this.isAsked) return; // use is answered
    if (kind === FOUND_JOB || kind === RESERVED_JOB) {
      this.number = peer.server.engine.jobs.id.get(number);
      this.bytes = bodyOf(peer, number);
      return this.answer(kind === FOUND_JOB ? "FOUND" : "RESERVED");
    }
    if (kind === KICKED_COUNT) this.number = number;
    if (kind === BURIED_JOB) return this.answer("BURIED");
    const collected = new Collected();
    peer.server.encoder.write(collected, kind, number, peer.session, now);
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
  private readonly tubes: readonly Uint8Array[];

  constructor(tubes: readonly Uint8Array[]) {
    super();
    this.tubes = tubes;
  }

  step(peer: LocalPeer): void {
    const { server, session } = peer;
    const unwanted = session.watches.map((watch) => watch.tube.name);
    for (const name of this.tubes) server.engine.watch(session, name, 0, name.length);
    for (const name of unwanted) {
      const isWanted = this.tubes.some((tube) => isSame(tube, name));
      if (!isWanted) server.engine.ignore(session, name, 0, name.length);
    }
    server.deliver();
    this.isOver = true;
  }

  reply(): void {}
}

function useTube(peer: LocalPeer, name: Uint8Array): void {
  const { server, session } = peer;
  if (isSame(session.used.name, name)) return;
  server.engine.use(session, name, 0, name.length);
  server.deliver();
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && a.every((byte, i) => byte === b[i]));
}

/** Takes a body without its CR LF. */
class BodyCopy implements BodyReader {
  readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: number) {
    this.bytes = new Uint8Array(bytes);
  }

  copy(source: Uint8Array, from: number, to: number): void {
    const end = Math.min(to, from + this.bytes.length - this.at);
    copyBytes(this.bytes, this.at, source, from, end);
    this.at += end - from;
  }

  keep(piece: Uint8Array, length: number): void {
    this.copy(piece, 0, length);
  }
}

function bodyOf(peer: LocalPeer, row: number): Uint8Array {
  const { engine } = peer.server;
  const copy = new BodyCopy(engine.jobs.bodyBytes.get(row) - 2);
  engine.readBody(row, copy);
  return copy.bytes;
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
    this.bytes(encoder.encode(String(value)));
  }
}
