// Bytes to commands. Fed with chunks as they come, cut at any byte; resumable everywhere. Each call of `next` goes on to
// the next event. Lines are parsed where they lie in the chunk; only a line that is cut by a chunk's end is copied.
// Invariant: never more than one line (224 bytes) is kept.

import { LINE_BYTES, MAX_RESERVE_TIMEOUT_S } from "../core/limits.ts";
import * as commands from "./command.ts";
import { Command, WORDS_BY_FIRST_BYTE } from "./command.ts";
import { extensionAt, readArguments } from "./extensions.ts";
import { endsInHttpVersion, isHttpRequestLine, TLS_HANDSHAKE } from "./http_line.ts";
import { isTubeName, Lexer } from "./lexer.ts";
import { LineEnd } from "./line_end.ts";
import { RefusedPut } from "./refused_put.ts";

/** What `next` found. */
export const NEED_MORE = 0; // the chunk is used up
export const COMMAND = 1; // `command` is filled; after a put the caller says what to do with the body
export const BODY_PART = 2; // chunk[partFrom, partTo) belongs to the body; it is complete when bodyLeft is 0
export const SKIPPED = 3; // the bytes that were to be skipped are past
export const BAD_FORMAT = 4;
export const UNKNOWN_COMMAND = 5;
export const HTTP_REQUEST = 6; // the connection's first line is not for us: close it
export const TLS_GREETING = 7; // nor is its first byte, which begins a TLS handshake

const CR = 13;
const LF = 10;

const IN_LINE = 0;
const IN_LONG_LINE = 1;
const IN_BODY = 2;
const IN_SKIP = 3;
const AT_START = 4;

const PUT_WORD: Uint8Array = new TextEncoder().encode("put ");
/** What is read of a malformed put line before it is known to be one: parsers share it, since it keeps nothing between lines. */
const refusedPut = new RefusedPut();

/** Reads the lines and bodies of one connection; fed with chunks cut anywhere, it goes on where it was. */
export class Parser {
  /** Filled by each line, until the next. */
  readonly command: Command;
  /** BODY_PART: where the part begins in the chunk. */
  partFrom = 0;
  /** BODY_PART: where the part ends in the chunk. */
  partTo = 0;
  /** Bytes of the body, CR LF included, that have not come yet. */
  bodyLeft = 0;
  /**
   * BAD_FORMAT: the line begins with `put `, and so many bytes of body follow it all the same, which the caller skips (with their
   * CR LF) before it answers; -1 when no body follows, or the line does not tell. Always -1 in a strict parser.
   */
  refusedBodyBytes: number = -1;
  private readonly lexer: Lexer;
  /** Only the reference's words are known. */
  private readonly isStrict: boolean;
  private state: number;
  private isFirstLine: boolean;
  /** A line that began in an earlier chunk. */
  private line: Uint8Array | null = null;
  private lineLength = 0;
  private skipLeft = 0;
  /** Of a line that is too long: how it ends, when it is a connection's first; its fields, when it is a put's. */
  private longFirst: LineEnd | null = null;
  private longPut: RefusedPut | null = null;
  /** The byte before the current one, where that may lie in an earlier chunk. */
  private lastByte = 0;
  private beforeLastByte = 0;
  /** How far `next` has come in the chunk. */
  at = 0;

  /**
   * Lexer and command keep nothing that is needed in the next call, so parsers may share them. `isOfThisProcess`: the lines come from
   * no socket, so that the first cannot be meant for another kind of server.
   */
  constructor(
    lexer: Lexer = new Lexer(),
    command: Command = new Command(),
    isStrict: boolean = false,
    isOfThisProcess: boolean = false,
  ) {
    this.lexer = lexer;
    this.command = command;
    this.isStrict = isStrict;
    this.isFirstLine = !isOfThisProcess;
    this.state = isStrict || isOfThisProcess ? IN_LINE : AT_START;
  }

  /** The caller takes the body of the put just parsed: `bytes` with CR LF come as BODY_PART. */
  receiveBody(bytes: number): void {
    this.state = IN_BODY;
    this.bodyLeft = bytes;
  }

  /** The caller does not want the body of the put just parsed: `bytes` are passed over, then SKIPPED. */
  skip(bytes: number): void {
    this.state = IN_SKIP;
    this.skipLeft = bytes;
  }

  /** Bytes are being passed over, and SKIPPED is still to come. */
  get isSkipping(): boolean {
    return this.state === IN_SKIP;
  }

  /**
   * A put has been parsed that has text behind its numbers: what {@link refusedBodyBytes} would be if it were BAD_FORMAT. To be asked
   * before `next` is called again.
   */
  bodyBytesDespiteText(): number {
    return this.isStrict ? -1 : this.command.bodyBytes;
  }

  /** Whether the body just completed ended with CR LF. */
  get hasTrailer(): boolean {
    return this.beforeLastByte === CR && this.lastByte === LF;
  }

  /** Goes on in `chunk[at, end)`; afterwards `this.at` tells where the next call begins. */
  next(chunk: Uint8Array, at: number, end: number): number {
    this.at = at;
    if (at === end) return NEED_MORE;
    switch (this.state) {
      case IN_LINE:
        return this.lineLength === 0 ? this.wholeLine(chunk, end) : this.restOfLine(chunk, end);
      case IN_LONG_LINE:
        return this.longLine(chunk, end);
      case IN_BODY:
        return this.bodyPart(chunk, end);
      case IN_SKIP:
        return this.skipped(end);
      default:
        this.state = IN_LINE;
        return chunk[at] === TLS_HANDSHAKE ? TLS_GREETING : this.next(chunk, at, end);
    }
  }

  /** @internal */
  private wholeLine(chunk: Uint8Array, end: number): number {
    const from = this.at;
    const stop = Math.min(end, from + LINE_BYTES) - 1;
    let hasNul = false;
    for (let i = from; i < stop; i++) {
      const byte = chunk[i];
      if (byte > CR) continue; // nearly always
      if (byte === CR && chunk[i + 1] === LF) {
        this.at = i + 2;
        return this.parse(chunk, from, i, hasNul);
      }
      if (byte === 0) hasNul = true;
    }
    if (end - from >= LINE_BYTES) return this.tooLong(chunk, from, end);
    this.line ??= new Uint8Array(LINE_BYTES);
    this.line.set(chunk.subarray(from, end));
    this.lineLength = end - from;
    this.at = end;
    return NEED_MORE;
  }

  /** @internal */
  private restOfLine(chunk: Uint8Array, end: number): number {
    const line = this.line!;
    while (this.at < end && this.lineLength < LINE_BYTES) {
      const byte = chunk[this.at++];
      line[this.lineLength++] = byte;
      if (byte !== LF || line[this.lineLength - 2] !== CR) continue;
      const length = this.lineLength - 2;
      this.lineLength = 0;
      return this.parse(line, 0, length, line.indexOf(0) >= 0 && line.indexOf(0) < length);
    }
    if (this.lineLength < LINE_BYTES) return NEED_MORE;
    this.lineLength = 0;
    this.lastByte = line[LINE_BYTES - 1];
    return this.tooLong(line, 0, LINE_BYTES) === HTTP_REQUEST ? HTTP_REQUEST : this.next(chunk, this.at, end);
  }

  /** `bytes[from, to)` is the beginning of a line without an end in sight. It is passed over as a whole. */
  private tooLong(bytes: Uint8Array, from: number, end: number): number {
    const isFirst = this.isFirstLine;
    if (isFirst && isHttpRequestLine(bytes, from, from + LINE_BYTES, false)) return HTTP_REQUEST;
    this.isFirstLine = false;
    this.state = IN_LONG_LINE;
    if (!this.isStrict) this.rememberLong(bytes, from, isFirst);
    if (bytes === this.line) return NEED_MORE;
    this.at = from + LINE_BYTES;
    this.lastByte = bytes[this.at - 1];
    return this.next(bytes, this.at, end);
  }

  /** Begins to note what counts of a line that is passed over. */
  private rememberLong(bytes: Uint8Array, from: number, isFirst: boolean): void {
    const to = from + LINE_BYTES;
    if (isFirst) {
      this.longFirst = new LineEnd();
      this.longFirst.read(bytes, from, to);
    }
    if (!isPutLine(bytes, from, to)) return;
    this.longPut = new RefusedPut();
    this.longPut.read(bytes, from + PUT_WORD.length, to);
  }

  /** @internal */
  private longLine(chunk: Uint8Array, end: number): number {
    const from = this.at;
    let before = this.lastByte;
    let isOver = false;
    let i = from;
    for (; i < end && !isOver; i++) {
      const byte = chunk[i];
      isOver = byte === LF && before === CR;
      before = byte;
    }
    this.at = i;
    this.lastByte = before;
    this.longFirst?.read(chunk, from, i);
    this.longPut?.read(chunk, from, i);
    return isOver ? this.endLongLine() : NEED_MORE;
  }

  /** @internal */
  private endLongLine(): number {
    const { longFirst, longPut } = this;
    this.longFirst = this.longPut = null;
    this.state = IN_LINE;
    if (longFirst?.isHttpVersion) return HTTP_REQUEST;
    this.refusedBodyBytes = longPut === null ? -1 : longPut.bodyBytes();
    return BAD_FORMAT;
  }

  /** A line that is refused for its form. */
  private badLine(bytes: Uint8Array, from: number, end: number): number {
    this.refusedBodyBytes = -1;
    if (this.isStrict || !isPutLine(bytes, from, end)) return BAD_FORMAT;
    refusedPut.start();
    refusedPut.read(bytes, from + PUT_WORD.length, end);
    this.refusedBodyBytes = refusedPut.bodyBytes();
    return BAD_FORMAT;
  }

  /** @internal */
  private bodyPart(chunk: Uint8Array, end: number): number {
    const from = this.at;
    const to = Math.min(end, from + this.bodyLeft);
    this.beforeLastByte = to - from > 1 ? chunk[to - 2] : this.lastByte;
    this.lastByte = chunk[to - 1];
    this.bodyLeft -= to - from;
    if (this.bodyLeft === 0) this.state = IN_LINE;
    this.partFrom = from;
    this.partTo = to;
    this.at = to;
    return BODY_PART;
  }

  /** @internal */
  private skipped(end: number): number {
    const count = Math.min(end - this.at, this.skipLeft);
    this.at += count;
    this.skipLeft -= count;
    if (this.skipLeft > 0) return NEED_MORE;
    this.state = IN_LINE;
    return SKIPPED;
  }

  /** @internal */
  private parse(bytes: Uint8Array, from: number, end: number, hasNul: boolean): number {
    const isFirst = this.isFirstLine;
    this.isFirstLine = false;
    if (isFirst && this.isHttp(bytes, from, end)) return HTTP_REQUEST;
    if (hasNul) return this.badLine(bytes, from, end);
    const words = WORDS_BY_FIRST_BYTE[from < end ? bytes[from] : 0];
    for (let i = 0; i < words.length; i++) {
      const word = words[i];
      if (!beginsWith(bytes, from, end, word.bytes)) continue;
      this.command.code = word.code;
      this.lexer.start(bytes, from + word.bytes.length, end);
      return this.argumentsOf(word.code) ? COMMAND : this.badLine(bytes, from, end);
    }
    return this.isStrict ? UNKNOWN_COMMAND : this.extension(bytes, from, end);
  }

  /** @internal */
  private extension(bytes: Uint8Array, from: number, end: number): number {
    const word = extensionAt(bytes, from, end);
    if (word === undefined) return UNKNOWN_COMMAND;
    this.command.code = word.code;
    this.lexer.start(bytes, from + word.bytes.length, end);
    return readArguments(this.command, this.lexer) ? COMMAND : this.badLine(bytes, from, end);
  }

  /** @internal */
  private isHttp(bytes: Uint8Array, from: number, end: number): boolean {
    return isHttpRequestLine(bytes, from, end, true) ||
      (!this.isStrict && endsInHttpVersion(bytes, from, end));
  }

  /** Reads what follows the word. False when it is not what the command takes. */
  private argumentsOf(code: number): boolean {
    const { command, lexer } = this;
    switch (code) {
      case commands.PUT:
        command.pri = lexer.u32();
        command.delay = lexer.u32();
        command.ttr = lexer.u32();
        command.bodyBytes = lexer.u32();
        command.hasTrailingText = !lexer.isComplete;
        return !lexer.failed;
      case commands.RELEASE:
        command.id = lexer.id();
        command.pri = lexer.u32();
        command.delay = lexer.u32();
        return lexer.isComplete;
      case commands.BURY:
        command.id = lexer.id();
        command.pri = lexer.u32();
        return lexer.isComplete;
      case commands.PEEK:
      case commands.RESERVE_JOB:
      case commands.DELETE:
      case commands.KICK_JOB:
      case commands.TOUCH:
      case commands.STATS_JOB:
        command.id = lexer.id();
        return lexer.isComplete;
      case commands.RESERVE_WITH_TIMEOUT:
        command.seconds = lexer.u32();
        return !lexer.failed && command.seconds <= MAX_RESERVE_TIMEOUT_S;
      case commands.KICK:
        command.bound = lexer.looseU32();
        return !lexer.failed;
      case commands.USE:
      case commands.WATCH:
      case commands.IGNORE:
      case commands.STATS_TUBE:
        this.setName(lexer.at, lexer.end);
        return command.isNameValid;
      case commands.PAUSE_TUBE: {
        const nameFrom = lexer.nameFrom();
        this.setName(nameFrom, lexer.at);
        command.seconds = lexer.u32();
        return lexer.isComplete;
      }
      case commands.QUIT:
        return true;
      default:
        return lexer.isComplete;
    }
  }

  /** @internal */
  private setName(from: number, to: number): void {
    const { command } = this;
    command.source = this.lexer.bytes;
    command.nameFrom = from;
    command.nameTo = to;
    command.isNameValid = isTubeName(command.source, from, to);
  }
}

/** The first byte has been compared already. */
function beginsWith(bytes: Uint8Array, from: number, end: number, word: Uint8Array): boolean {
  if (end - from < word.length) return false;
  for (let i = 1; i < word.length; i++) if (bytes[from + i] !== word[i]) return false;
  return true;
}

function isPutLine(bytes: Uint8Array, from: number, end: number): boolean {
  return bytes[from] === PUT_WORD[0] && beginsWith(bytes, from, end, PUT_WORD);
}
