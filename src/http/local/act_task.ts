// The same for many jobs: each is looked at again before, since it may not match any more.

import { BURIED, DELAYED, RESERVED } from "../../core/jobs.ts";
import { BURIED_JOB, DELETED, KICKED_JOB, REQUEUED } from "../../core/outbox.ts";
import type { LocalPeer } from "../../server/local_peer.ts";
import { Task } from "../../server/local_task.ts";
import type { Action } from "../source.ts";
import { requeue } from "./requeue_task.ts";

/** Whether an action is for jobs in a state: nothing is taken from who holds it, nothing is buried twice. */
export function concerns({ kind }: Action, state: number): boolean {
  if (kind === "kick") return state === BURIED || state === DELAYED;
  return state !== RESERVED && (kind !== "bury" || state !== BURIED);
}

export class ActTask extends Task {
  /** With how many it was done. */
  done = 0;
  private readonly ids: readonly number[];
  private readonly action: Action;
  private readonly isMatch: (row: number, now: number) => boolean;
  private at = 0;

  constructor(ids: readonly number[], action: Action, isMatch: (row: number, now: number) => boolean) {
    super();
    this.ids = ids;
    this.action = action;
    this.isMatch = isMatch;
  }

  step(peer: LocalPeer, now: number): void {
    while (this.at < this.ids.length && peer.mayRun()) this.act(peer, this.ids[this.at++], now);
    this.isOver = this.at === this.ids.length;
    peer.holdAnswer(); // that a job is not there any more is told, too
  }

  reply(_peer: LocalPeer, kind: number): void {
    if (kind === DELETED || kind === KICKED_JOB || kind === BURIED_JOB || kind === REQUEUED) this.done++;
  }

  private act(peer: LocalPeer, id: number, now: number): void {
    const { server, session } = peer;
    const { engine } = server;
    const { action } = this;
    const row = engine.jobs.find(id);
    if (row === 0 || !concerns(action, engine.jobs.state.get(row)) || !this.isMatch(row, now)) return;
    if (action.kind === "delete") engine.delete(session, id);
    else if (action.kind === "kick") engine.kickJob(session, id, now);
    else if (action.kind === "move") {
      const refusal = requeue(peer, id, { tube: action.tube }, now);
      if (refusal !== null) server.refusals.refused(refusal, null);
    } else {
      const pri = engine.jobs.pri.get(row);
      engine.reserveJob(session, id, now);
      server.deliver();
      engine.bury(session, id, pri);
    }
    server.deliver();
  }
}
