// Replies to bytes. Numbers are written digit by digit; nothing is allocated for the frequent replies.

import type { BodyReader } from "../core/bodies.ts";
import type { Engine } from "../core/engine.ts";
import * as out from "../core/outbox.ts";
import type { Session } from "../core/session.ts";
import { ALL_WORDS } from "./command.ts";
import { YamlDocument } from "./document.ts";
import { writeJobs } from "./job_list.ts";
import {
  readFacts,
  writeStats,
  writeStatsJob,
  writeStatsTube,
  writeTubes,
  writeTubesWatched,
} from "./stats.ts";
import type { RefusalFigures, ServerFacts } from "./stats.ts";

/** Where replies are written. */
export interface ReplyWriter extends BodyReader {
  /** Copies bytes. */
  bytes(bytes: Uint8Array): void;
  /** Writes a whole number from 0 to 2^53 - 1 in decimal. */
  number(value: number): void;
}

/** What documents say of the server that runs the queue. */
export interface ServerState {
  /** The time of the turn, in milliseconds. */
  readonly now: number;
  /** What was refused; left out of `stats` when absent. */
  readonly refusals?: RefusalFigures;
}

const encoder = new TextEncoder();
const bytesOf = (text: string): Uint8Array => encoder.encode(text);

const CRLF = bytesOf("\r\n");
const SPACE = bytesOf(" ");
const OK = bytesOf("OK ");
const INSERTED = bytesOf("INSERTED ");
const RESERVED = bytesOf("RESERVED ");
const FOUND = bytesOf("FOUND ");
const USING = bytesOf("USING ");
const WATCHING = bytesOf("WATCHING ");
const KICKED = bytesOf("KICKED ");
const TRUNCATED = bytesOf("TRUNCATED ");
const DRAIN_ON = bytesOf("DRAIN on\r\n");
const DRAIN_OFF = bytesOf("DRAIN off\r\n");
const CAPABILITIES = ALL_WORDS.map(bytesOf);

/** Replies that are only a word. */
const WORDS: readonly (Uint8Array | undefined)[] = wordsByKind();

function wordsByKind(): (Uint8Array | undefined)[] {
  const words: (Uint8Array | undefined)[] = [];
  words[out.DELETED] = bytesOf("DELETED\r\n");
  words[out.RELEASED] = bytesOf("RELEASED\r\n");
  words[out.BURIED_JOB] = bytesOf("BURIED\r\n");
  words[out.TOUCHED] = bytesOf("TOUCHED\r\n");
  words[out.KICKED_JOB] = bytesOf("KICKED\r\n");
  words[out.PAUSED] = bytesOf("PAUSED\r\n");
  words[out.NOT_FOUND] = bytesOf("NOT_FOUND\r\n");
  words[out.NOT_IGNORED] = bytesOf("NOT_IGNORED\r\n");
  words[out.TIMED_OUT] = bytesOf("TIMED_OUT\r\n");
  words[out.DEADLINE_SOON] = bytesOf("DEADLINE_SOON\r\n");
  words[out.DRAINING] = bytesOf("DRAINING\r\n");
  words[out.TUBE_DELETED] = bytesOf("DELETED\r\n");
  words[out.IN_USE] = bytesOf("IN_USE\r\n");
  words[out.OUT_OF_MEMORY] = bytesOf("OUT_OF_MEMORY\r\n");
  words[out.PONG] = bytesOf("PONG\r\n");
  return words;
}

/** Replies that the protocol gives itself, before a command reaches the queue. */
export const BAD_FORMAT_REPLY: Uint8Array = bytesOf("BAD_FORMAT\r\n");
/** No command begins like this line. */
export const UNKNOWN_COMMAND_REPLY: Uint8Array = bytesOf("UNKNOWN_COMMAND\r\n");
/** A body does not end with CR LF. */
export const EXPECTED_CRLF_REPLY: Uint8Array = bytesOf("EXPECTED_CRLF\r\n");
/** A body is larger than the server takes. */
export const JOB_TOO_BIG_REPLY: Uint8Array = bytesOf("JOB_TOO_BIG\r\n");
/** There is no room for a job. */
export const OUT_OF_MEMORY_REPLY: Uint8Array = bytesOf("OUT_OF_MEMORY\r\n");
/** The server could not carry out the command, through no fault of the client. */
export const INTERNAL_ERROR_REPLY: Uint8Array = bytesOf("INTERNAL_ERROR\r\n");
export const AUTHENTICATED_REPLY: Uint8Array = bytesOf("AUTHENTICATED\r\n");
export const UNAUTHORIZED_REPLY: Uint8Array = bytesOf("UNAUTHORIZED\r\n");

/**
 * Writes the replies of one engine's outbox.
 *
 * @example
 * ```ts
 * import { Engine } from "@runnerbean/runnerbean/core";
 * import { ReplyEncoder, type ReplyWriter, type ServerFacts } from "@runnerbean/runnerbean/protocol";
 *
 * let text = "";
 * const copy = (source: Uint8Array, from: number, to: number) => {
 *   text += new TextDecoder().decode(source.subarray(from, to));
 * };
 * const writer: ReplyWriter = {
 *   copy,
 *   keep: (piece, length) => copy(piece, 0, length),
 *   bytes: (bytes) => copy(bytes, 0, bytes.length),
 *   number: (value) => void (text += value),
 * };
 * const engine = new Engine();
 * const { outbox } = engine;
 * const encoder = new ReplyEncoder(engine, {} as ServerFacts, { now: 0 }); // facts are for `stats` alone
 * engine.listTubeUsed(engine.open());
 * encoder.write(writer, outbox.kind(0), outbox.number(0), outbox.session(0));
 * console.log(text); // USING default
 * ```
 */
export class ReplyEncoder {
  private readonly engine: Engine;
  private readonly facts: ServerFacts;
  private readonly state: ServerState;
  private readonly isStrict: boolean;
  private readonly onFault: (error: unknown) => void;
  private readonly document: YamlDocument;

  /**
   * `state` is the server's: of all replies, only documents need it. `isStrict`: no keys of our own. `onFault` gets
   * what the facts threw; the reply is INTERNAL_ERROR then.
   */
  constructor(
    engine: Engine,
    facts: ServerFacts,
    state: ServerState,
    isStrict: boolean = false,
    onFault: (error: unknown) => void = () => {},
  ) {
    this.isStrict = isStrict;
    this.onFault = onFault;
    this.document = new YamlDocument(isStrict);
    this.engine = engine;
    this.facts = facts;
    this.state = state;
  }

  /** Writes one reply. Rows are named in it, so it must be written before the engine is called again. */
  write(writer: ReplyWriter, kind: number, number: number, session: Session): void {
    const { engine, document } = this;
    const word = WORDS[kind];
    if (word !== undefined) return writer.bytes(word);
    switch (kind) {
      case out.INSERTED:
        return writeNumber(writer, INSERTED, number);
      case out.RESERVED_JOB:
        return writeJob(writer, RESERVED, number, engine);
      case out.FOUND_JOB:
        return writeJob(writer, FOUND, number, engine);
      case out.USING:
        writer.bytes(USING);
        writer.bytes(engine.tubes.at(number).name);
        return writer.bytes(CRLF);
      case out.WATCHING:
        return writeNumber(writer, WATCHING, number);
      case out.KICKED_COUNT:
        return writeNumber(writer, KICKED, number);
      case out.STATS:
        return this.writeStats(writer);
      case out.STATS_JOB:
        writeStatsJob(document, engine, number, this.state.now);
        return writeDocument(writer, document);
      case out.STATS_TUBE:
        writeStatsTube(document, engine.tubes.at(number), this.state.now);
        return writeDocument(writer, document);
      case out.LIST_TUBES:
        writeTubes(document, engine.tubes.list);
        return writeDocument(writer, document);
      case out.LIST_TUBES_WATCHED:
        writeTubesWatched(document, session);
        return writeDocument(writer, document);
      case out.TRUNCATED:
        return writeNumber(writer, TRUNCATED, number);
      case out.LISTED_JOBS:
        writeJobs(document, engine, engine.outbox.listed, this.state.now);
        return writeDocument(writer, document);
      case out.CAPABILITIES:
        document.begin();
        for (const word of CAPABILITIES) document.item(word);
        return writeDocument(writer, document);
      case out.DRAIN_STATE:
        return writer.bytes(number === 1 ? DRAIN_ON : DRAIN_OFF);
      default:
        throw new Error(`no reply has the kind ${kind}`);
    }
  }

  /** The only reply that asks the world outside of the queue. Nothing is written before all is known. */
  private writeStats(writer: ReplyWriter): void {
    let facts: ServerFacts;
    try {
      facts = readFacts(this.facts);
    } catch (error) {
      writer.bytes(INTERNAL_ERROR_REPLY);
      return this.onFault(error);
    }
    writeStats(this.document, this.engine, facts, this.state.now, this.isStrict, this.state.refusals ?? null);
    writeDocument(writer, this.document);
  }
}

function writeNumber(writer: ReplyWriter, word: Uint8Array, value: number): void {
  writer.bytes(word);
  writer.number(value);
  writer.bytes(CRLF);
}

function writeJob(writer: ReplyWriter, word: Uint8Array, row: number, engine: Engine): void {
  const { jobs } = engine;
  writer.bytes(word);
  writer.number(jobs.id.get(row));
  writer.bytes(SPACE);
  writer.number(jobs.bodyBytes.get(row) - 2);
  writer.bytes(CRLF);
  engine.readBody(row, writer);
}

function writeDocument(writer: ReplyWriter, document: YamlDocument): void {
  writer.bytes(OK);
  writer.number(document.length);
  writer.bytes(CRLF);
  writer.copy(document.bytes, 0, document.length);
  writer.bytes(CRLF);
}
