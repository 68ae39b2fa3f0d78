// A job becomes another one of the same id: moved, with other attributes, another body.

import { NOT_FOUND, REQUEUED } from "../../core/outbox.ts";
import type { RefusalReason } from "../../ports/refusals.ts";
import type { LocalPeer } from "../../server/local_peer.ts";
import { Task } from "../../server/local_task.ts";
import type { JobChanges } from "../source.ts";

const CRLF: Uint8Array = new Uint8Array([13, 10]);
const encoder = new TextEncoder();

export type RequeueOutcome = "requeued" | "not found" | "no room";

/**
 * Requeues a job, within a step of a task. What is not given stays as it is, but for a delay, which is over. Answers why there was
 * no room; null when there was, or the job is not there.
 */
export function requeue(
  peer: LocalPeer,
  id: number,
  changes: JobChanges,
  now: number,
): RefusalReason | null {
  const { server, session } = peer;
  const { engine, journal } = server;
  const row = engine.jobs.find(id);
  if (row === 0) return null;
  const { priority = engine.jobs.pri.get(row), delay = 0, ttr = engine.jobs.ttr.get(row), body } = changes;
  const name = changes.tube === undefined ? null : encoder.encode(changes.tube);
  const nameBytes = name?.length ?? engine.tubes.at(engine.jobs.tube.get(row)).name.length;
  const bodyBytes = body === undefined ? engine.jobs.bodyBytes.get(row) : body.length + 2;
  if (!journal.hasRoomFor(nameBytes, bodyBytes, now) || peer.isClosed) return peer.isClosed ? null : "disk";
  if (body !== undefined) {
    if (!engine.beginReplacement(session, body.length)) return "memory";
    if (!engine.fillPut(session, body, 0, body.length) || !engine.fillPut(session, CRLF, 0, 2)) {
      engine.abandonPut(session);
      return "allocation";
    }
  }
  engine.requeue(session, id, name, 0, nameBytes, priority, delay, ttr, now);
  server.deliver();
  return null;
}

/** Requeues a job, and looks at it then. */
export class RequeueTask<T> extends Task {
  outcome: RequeueOutcome = "no room";
  /** Why there is no room. */
  refusal: RefusalReason | null = null;
  seen: T | undefined;
  private readonly id: number;
  private readonly changes: JobChanges;
  private readonly look: (now: number) => T;

  constructor(id: number, changes: JobChanges, look: (now: number) => T) {
    super();
    this.id = id;
    this.changes = changes;
    this.look = look;
  }

  step(peer: LocalPeer, now: number): void {
    if (!peer.mayRun()) return;
    this.isOver = true;
    if (peer.server.engine.jobs.find(this.id) === 0) this.outcome = "not found";
    else this.refusal = requeue(peer, this.id, this.changes, now);
    if (this.outcome === "requeued") this.seen = this.look(now);
    peer.holdAnswer();
  }

  reply(_peer: LocalPeer, kind: number): void {
    if (kind === REQUEUED) this.outcome = "requeued";
    else if (kind === NOT_FOUND) this.outcome = "not found";
  }
}
