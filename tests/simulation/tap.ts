// Listens at the engine's door: tells the auditor each call, and each record and reply that comes of it, in their order.
// The calls themselves go through unchanged.

import type { Engine } from "../../src/core/engine.ts";
import { READY } from "../../src/core/jobs.ts";
import * as out from "../../src/core/outbox.ts";
import type { Session } from "../../src/core/session.ts";
import { ReplyEncoder } from "../../src/protocol/encoder.ts";
import type { ReplyWriter } from "../../src/protocol/encoder.ts";
import type { RefusalFigures, ServerFacts } from "../../src/protocol/stats.ts";
import type { Auditor } from "./auditor.ts";
import type { RecordKind } from "./chronicle.ts";
import { latin1 } from "./command.ts";
import type { Kind, Meaning } from "./command.ts";
import type { Fingerprint } from "./fingerprint.ts";
import type { Peer } from "./places.ts";
import { violation } from "./violation.ts";

type Arguments = readonly unknown[];
type Method = (...args: unknown[]) => unknown;

const name = (args: Arguments): Partial<Meaning> => {
  const [bytes, from, to] = args as [Uint8Array, number, number];
  return { tube: String.fromCharCode(...bytes.subarray(from, to)) };
};
const id = ([id]: Arguments): Partial<Meaning> => ({ id: id as number });
const nothing = (): Partial<Meaning> => ({});

/** The engine's method for each command, and what its arguments (after the session) say. */
const COMMANDS: readonly (readonly [Kind, (args: Arguments) => Partial<Meaning>])[] = [
  ["put", ([pri, delay, ttr]) => ({ pri, delay, ttr }) as Partial<Meaning>],
  ["reserve", nothing],
  ["reserveWithTimeout", ([seconds]) => ({ seconds }) as Partial<Meaning>],
  ["reserveJob", id],
  ["delete", id],
  ["release", ([id, pri, delay]) => ({ id, pri, delay }) as Partial<Meaning>],
  ["bury", ([id, pri]) => ({ id, pri }) as Partial<Meaning>],
  ["touch", id],
  ["kick", ([bound]) => ({ bound }) as Partial<Meaning>],
  ["kickJob", id],
  ["peek", id],
  ["peekReady", nothing],
  ["peekDelayed", nothing],
  ["peekBuried", nothing],
  ["stats", nothing],
  ["statsJob", id],
  ["statsTube", name],
  ["listTubes", nothing],
  ["listTubeUsed", nothing],
  ["listTubesWatched", nothing],
  ["use", name],
  ["watch", name],
  ["ignore", name],
  ["pauseTube", (args) => ({ ...name(args), seconds: args[3] as number })],
  ["truncate", (args) => ({ ...name(args), states: args[3] as number })],
  ["deleteTube", name],
  ["requeue", ([id, bytes, from, to, pri, delay, ttr]) => {
    const { tube = "" } = bytes === null ? {} : name([bytes, from, to]);
    return { id, tube, pri, delay, ttr } as Partial<Meaning>;
  }],
];

/** The auditor's word for each kind of record; null: nothing is recorded. */
const RECORDS: readonly (Exclude<RecordKind, "requeue"> | null)[] = [
  null,
  "put",
  "change",
  "gone",
  null,
  "truncate",
];
/** The reply that has no words of the protocol. */
export const REQUEUED: Uint8Array = latin1("REQUEUED\r\n");

export class Tap {
  /** Calls of the engine so far that were a command, or time. */
  calls = 0;
  private readonly engine: Engine;
  private readonly encoder: ReplyEncoder;
  private readonly auditor: Auditor;
  private readonly fingerprint: Fingerprint;
  private readonly now: () => number;
  /** Nobody wants to know any more. */
  private readonly isMute: () => boolean;
  private readonly peers = new Map<Session, Peer>();
  /** Since the last look at the outbox: true for a record, false for a reply. */
  private readonly order: boolean[] = [];
  /** The engine is at work; what it calls of itself is its own affair. */
  private isWithin = false;
  private readonly text = new TextCollector();

  constructor(
    engine: Engine,
    facts: ServerFacts,
    refusals: RefusalFigures,
    auditor: Auditor,
    fingerprint: Fingerprint,
    now: () => number,
    isMute: () => boolean = () => false,
  ) {
    this.engine = engine;
    this.encoder = new ReplyEncoder(engine, facts, {
      get now() {
        return now();
      },
      refusals,
    });
    this.auditor = auditor;
    this.fingerprint = fingerprint;
    this.now = now;
    this.isMute = isMute;
    for (const [kind, asked] of COMMANDS) {
      this.around(kind, ([session, ...rest]) => {
        if (kind === "truncate" || kind === "deleteTube") auditor.resolvesCrowds((id) => this.hasMoved(id));
        auditor.runs(this.peerOf(session), kind, asked(rest));
      });
    }
    this.noteOrder();
    this.around("tick", () => {});
    this.around("work", () => {});
    this.around("halfClose", ([session]) => auditor.halfCloses(this.peerOf(session)));
    this.around("close", ([session]) => {
      auditor.closes(this.peerOf(session));
      this.peers.delete(session as Session);
    });
    this.around("countRefusedPut", () => auditor.counts("put"));
    this.around("countRefusedPause", () => auditor.counts("pauseTube"));
    this.watchRefusals();
    this.replace("open", (open) => (...args) => {
      const session = open(...args) as Session;
      if (!isMute()) this.peers.set(session, auditor.opened());
      return session;
    });
    this.replace("beginPut", (beginPut) => (session, bodyBytes, ...rest) => {
      if (isMute()) return beginPut(session, bodyBytes, ...rest);
      auditor.begins(this.now());
      const hasRoom = beginPut(session, bodyBytes, ...rest) as boolean;
      auditor.putLine(this.peerOf(session), bodyBytes as number, hasRoom);
      return hasRoom;
    });
  }

  /** A put whose body is there is refused: there is no room for it on the disk. */
  private watchRefusals(): void {
    this.replace("abandonPut", (abandonPut) => (session) => {
      if (!this.isMute() && !this.isWithin) this.auditor.abandons(this.peerOf(session));
      abandonPut(session);
    });
  }

  /** Whether a job of a crowd that is due has become ready by now. */
  private hasMoved(id: number): boolean {
    const { jobs } = this.engine;
    return jobs.state.get(jobs.find(id)) === READY;
  }

  private around(method: string, before: (args: Arguments) => void): void {
    this.replace(method, (original) => (...args) => {
      if (this.isMute()) return original(...args);
      if (this.engine.outbox.length > 0) violation(`the outbox was not emptied before ${method}`);
      this.calls++;
      this.auditor.begins(this.now());
      before(args);
      this.isWithin = true;
      original(...args);
      this.isWithin = false;
      this.listen();
      this.auditor.ends();
    });
  }

  private replace(method: string, wrap: (original: Method) => Method): void {
    const methods = this.engine as unknown as Record<string, Method>;
    methods[method] = wrap(methods[method].bind(this.engine));
  }

  private peerOf(session: unknown): Peer {
    return this.peers.get(session as Session) ?? violation("a call for a session that is not open");
  }

  /** The outbox keeps records and replies apart; the auditor wants them in the order in which they came about. */
  private noteOrder(): void {
    const { outbox } = this.engine;
    const { record, reply } = outbox;
    outbox.record = (...args) => {
      this.order.push(true);
      record.apply(outbox, args);
    };
    outbox.reply = (session, kind, number) => {
      this.order.push(false);
      reply.call(outbox, session, kind, number);
      if (kind === out.DRAIN_STATE && !this.isMute()) this.hearDrain(session);
    };
  }

  /** A client switches draining: that is no call of the engine. */
  private hearDrain(session: Session): void {
    this.auditor.begins(this.now());
    this.auditor.runs(this.peerOf(session), "drain", { isOn: this.engine.isDraining });
    this.listen();
    this.auditor.ends();
  }

  /** Passes on what the engine has to say after a call. */
  private listen(): void {
    const { outbox, jobs } = this.engine;
    const { text, fingerprint } = this;
    let record = 0;
    let reply = 0;
    for (const isRecord of this.order.splice(0)) {
      const kind = isRecord ? outbox.recordKind(record) : outbox.kind(reply);
      const number = isRecord ? outbox.recordNumber(record++) : outbox.number(reply);
      fingerprint.byte(kind);
      if (isRecord) {
        const id = kind === out.RECORD_PUT || kind === out.RECORD_CHANGE ? jobs.id.get(number) : number;
        fingerprint.number(id);
        const record = RECORDS[kind];
        if (record !== null) this.auditor.record(record, id);
        continue;
      }
      const session = outbox.session(reply++);
      const peer = this.peerOf(session);
      text.length = 0;
      if (kind === out.REQUEUED) text.copy(REQUEUED, 0, REQUEUED.length);
      else this.encoder.write(text, kind, number, session);
      fingerprint.number(this.now());
      fingerprint.number(peer.number);
      fingerprint.bytes(text.content, text.length);
      this.auditor.replies(peer, text.content, text.length);
    }
  }
}

/** Collects one reply. */
export class TextCollector implements ReplyWriter {
  content: Uint8Array = new Uint8Array(4096);
  length = 0;

  bytes(bytes: Uint8Array): void {
    this.copy(bytes, 0, bytes.length);
  }

  copy(source: Uint8Array, from: number, to: number): void {
    while (this.length + to - from > this.content.length) {
      const room = new Uint8Array(2 * this.content.length);
      room.set(this.content);
      this.content = room;
    }
    for (let i = from; i < to; i++) this.content[this.length++] = source[i];
  }

  keep(piece: Uint8Array, length: number): void {
    this.copy(piece, 0, length);
  }

  number(value: number): void {
    const digits = String(value);
    for (let i = 0; i < digits.length; i++) this.content[this.length++] = digits.charCodeAt(i);
  }
}
