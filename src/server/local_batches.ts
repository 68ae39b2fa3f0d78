// The frequent commands of peers in this process: puts, reserves and deletes, many at a time and without text. A batch is
// one object with parallel lists: nothing is allocated per command but a reserved body.

import { DELETED, INSERTED, OUT_OF_MEMORY, RESERVED_JOB } from "../core/outbox.ts";
import type { RefusalReason } from "../ports/refusals.ts";
import type { WatchTask } from "./local_line.ts";
import type { LocalPeer } from "./local_peer.ts";
import { bodyOf, Task, useTube } from "./local_task.ts";

const NONE: readonly number[] = [];
const CRLF: Uint8Array = new Uint8Array([13, 10]);

/** Puts bodies into one tube. `delay` and `ttr` in seconds. */
export class PutTask extends Task {
  /** An id, or the word of the refusal, for each body. */
  readonly results: (number | string)[] = [];
  /** Why the last refused body was refused. */
  refusal: RefusalReason | null = null;
  private readonly tube: Uint8Array;
  private bodies: readonly Uint8Array[];
  private readonly pri: number;
  private readonly delay: number;
  private readonly ttr: number;
  /** Else what is answered is the answer to `use`. */
  private isPutting = false;

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

  /** Copies what is not put yet: its owner may use the memory again. */
  keepBodies(): void {
    const { length } = this.results;
    this.bodies = this.bodies.map((body, i) => i < length ? body : body.slice());
  }

  step(peer: LocalPeer, now: number): void {
    const { bodies, results } = this;
    const isInUse = useTube(peer, this.tube);
    while (!isInUse && results.length < bodies.length) this.refuse(peer, "OUT_OF_MEMORY", "memory");
    while (results.length < bodies.length && peer.mayRun()) this.put(peer, bodies[results.length], now);
    this.isOver = results.length === bodies.length;
  }

  /** The answer to the put; `use` is answered too. */
  reply(_peer: LocalPeer, kind: number, number: number): void {
    if (kind === INSERTED) this.results.push(number);
    if (kind === OUT_OF_MEMORY && this.isPutting) {
      this.results.push("OUT_OF_MEMORY");
      this.refusal = "allocation"; // counted where the reply is
    }
  }

  private put(peer: LocalPeer, body: Uint8Array, now: number): void {
    const { server, session } = peer;
    const { engine } = server;
    const { results } = this;
    const { length } = body;
    if (length > server.facts.maxJobBytes) {
      engine.countRefusedPut();
      return this.refuse(peer, "JOB_TOO_BIG", "job-size");
    }
    if (!engine.beginPut(session, length, now)) return this.refuse(peer, "OUT_OF_MEMORY", "memory");
    if (!engine.isDraining && !server.journal.hasRoomFor(this.tube.length, length + 2, now)) {
      engine.abandonPut(session);
      if (!peer.isClosed) this.refuse(peer, "OUT_OF_MEMORY", "disk");
      return;
    }
    if (!engine.fillPut(session, body, 0, length) || !engine.fillPut(session, CRLF, 0, 2)) {
      engine.abandonPut(session);
      return this.refuse(peer, "OUT_OF_MEMORY", "allocation");
    }
    const { length: before } = results;
    this.isPutting = true;
    engine.put(session, this.pri, this.delay, this.ttr, now);
    server.deliver();
    this.isPutting = false;
    if (results.length === before && !peer.isClosed) this.refuse(peer, "DRAINING", "draining");
  }

  private refuse(peer: LocalPeer, word: string, reason: RefusalReason): void {
    this.results.push(word);
    this.refusal = reason;
    peer.noteRefusal(reason);
  }
}

/** Waits for one job, takes up to `count`. */
export class ReserveTask extends Task {
  readonly ids: number[] = [];
  readonly bodies: Uint8Array[] = [];
  private readonly count: number;
  private readonly timeout: number | null;
  private readonly watch: WatchTask | null;

  /** `timeout` in seconds; null waits for ever. `watch`: if that one was refused, nothing is reserved. */
  constructor(count: number, timeout: number | null, watch: WatchTask | null = null) {
    super();
    this.count = count;
    this.timeout = timeout;
    this.watch = watch;
  }

  step(peer: LocalPeer, now: number): void {
    const { server, session } = peer;
    const { engine } = server;
    if (this.watch !== null && this.watch.isRefused) this.isOver = true;
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
  /** Nobody in this process is refused. */
  readonly refused: readonly number[] = NONE;
  readonly word: string = "";
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
