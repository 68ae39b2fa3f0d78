// What the API asks of the server in its process, beside what all local peers ask: as tasks of a peer, in order, known when
// the journal has them.

import { LineTask } from "../../server/local_line.ts";
import type { LocalPeer } from "../../server/local_peer.ts";
import { Task, useTube } from "../../server/local_task.ts";
import { LocalPeer as Peer } from "../../server/local_peer.ts";
import type { Server } from "../../server/server.ts";
import { RESERVED_JOB } from "../../core/outbox.ts";
import { Problem } from "../problem.ts";

const DEFAULT_TUBE: Uint8Array = new TextEncoder().encode("default");

/** A session of the API's own, or one that works for somebody. */
export function openPeer(
  server: Server,
  peerAddress: string | null = null,
  identityName: string | null = null,
): LocalPeer {
  let peer: LocalPeer | undefined;
  server.attach((session, number) => {
    return peer = new Peer(server, session, null, { number, kind: "http", peerAddress, identityName });
  });
  return peer!;
}

/** Runs a task; resolves with it when its outcome may be known. */
export function outcome<T extends Task>(peer: LocalPeer, task: T): Promise<T> {
  return new Promise((resolve, reject) => {
    task.finished = () => resolve(task);
    task.failed = (hasFailed, hasRun) => reject(new Problem(503, detailOf(hasFailed, hasRun)));
    peer.run(task);
  });
}

function detailOf(hasFailed: boolean, hasRun: boolean): string {
  if (hasFailed) return "the journal failed and the server has stopped; this may not be kept";
  return hasRun
    ? "the server stopped before the journal had this; it may not be kept"
    : "the server stops; nothing was done";
}

/** Runs a line of the protocol; answers the task with the reply's word. */
export function ask(peer: LocalPeer, line: string, tube: Uint8Array | null = null): Promise<LineTask> {
  return outcome(peer, new LineTask(line, tube));
}

/** Looks at the queue in a turn of the server; what was seen is known when it is sure. */
export class LookTask<T> extends Task {
  result: T | undefined;
  private readonly look: (now: number) => T;

  constructor(look: (now: number) => T) {
    super();
    this.look = look;
  }

  step(peer: LocalPeer, now: number): void {
    if (!peer.mayRun()) return;
    this.result = this.look(now);
    peer.holdAnswer();
    this.isOver = true;
  }

  reply(): void {}
}

/** Runs a line of the protocol and, unless it is answered NOT_FOUND, looks at what it has done before others can change it. */
export class SeenLineTask<T> extends LineTask {
  seen: T | undefined;
  private readonly look: (now: number) => T;

  constructor(line: string, look: (now: number) => T) {
    super(line, null);
    this.look = look;
  }

  override step(peer: LocalPeer, now: number): void {
    super.step(peer, now);
    if (!this.isOver || this.word === "NOT_FOUND") return;
    this.seen = this.look(now);
    peer.holdAnswer();
  }
}

/** Stops using the tube of the last put: a session that stays must not keep a tube. */
export class LeaveTubeTask extends Task {
  step(peer: LocalPeer): void {
    useTube(peer, DEFAULT_TUBE);
    this.isOver = true;
  }

  reply(): void {}
}

/** Buries a job that nobody holds: reserved and buried in one go, so that nobody sees it in between. Then looks at it. */
export class BuryTask<T> extends Task {
  seen: T | undefined;
  private isFound = false;
  private readonly id: number;
  private readonly priority: number | undefined;
  private readonly look: (now: number) => T;

  constructor(id: number, priority: number | undefined, look: (now: number) => T) {
    super();
    this.id = id;
    this.priority = priority;
    this.look = look;
  }

  step(peer: LocalPeer, now: number): void {
    if (!peer.mayRun()) return;
    const { engine } = peer.server;
    engine.reserveJob(peer.session, this.id, now);
    peer.server.deliver();
    this.isOver = true;
    if (!this.isFound) return;
    engine.bury(peer.session, this.id, this.priority ?? engine.jobs.pri.get(engine.jobs.find(this.id)));
    peer.server.deliver();
    this.seen = this.look(now);
  }

  reply(_peer: LocalPeer, kind: number): void {
    if (kind === RESERVED_JOB) this.isFound = true;
  }
}
