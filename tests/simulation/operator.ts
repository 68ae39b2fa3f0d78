// Somebody within the process who requeues one job and leaves when the outcome may be known: for the auditor a peer like
// others, that says one command.

import type { Session } from "../../src/core/session.ts";
import { LocalPeer } from "../../src/server/local_peer.ts";
import type { LocalTask } from "../../src/server/local_peer.ts";
import { REQUEUED as REQUEUED_KIND } from "../../src/core/outbox.ts";
import { hasRoomToRequeue } from "../../src/server/requeue.ts";
import type { Auditor } from "./auditor.ts";
import { latin1 } from "./command.ts";
import type { Command } from "./command.ts";
import type { Life } from "./life.ts";
import type { Peer } from "./places.ts";
import { REQUEUED } from "./tap.ts";

const NOT_FOUND = latin1("NOT_FOUND\r\n");
const CRLF = latin1("\r\n");

export class Operator implements LocalTask {
  isOver = false;
  private readonly auditor: Auditor;
  private readonly peer: Peer;
  private readonly life: Life;
  private readonly draw: (peer: Peer) => Command;
  private reached!: LocalPeer;
  private answer: Uint8Array | null = null;
  private mayLeave = false;
  /** Within run() errors do not come out: what goes wrong then is thrown after it. */
  private isStarting = true;
  private error: unknown = null;

  /** `draw` says what is to be done, at the moment when it is done. */
  constructor(auditor: Auditor, life: Life, draw: (peer: Peer) => Command) {
    this.auditor = auditor;
    this.life = life;
    this.draw = draw;
    life.server.attach((session: Session, number: number) => {
      const name = { number, kind: "local", peerAddress: null } as const;
      return this.reached = new LocalPeer(life.server, session, null, name);
    });
    this.peer = [...auditor.model.peers].pop()!;
    life.server.beginTurn();
    this.reached.run(this);
    this.isStarting = false;
    if (this.error !== null) throw this.error;
  }

  /** Goes when there is nothing more to hear. True: it is gone. */
  leave(): boolean {
    if (!this.mayLeave) return this.reached.isClosed;
    this.auditor.cuts(this.peer);
    this.reached.close();
    return true;
  }

  step(local: LocalPeer, now: number): void {
    if (!local.mayRun()) return;
    this.isOver = true;
    if (!this.isStarting) return this.requeue(local, now);
    try {
      this.requeue(local, now);
    } catch (error) {
      this.error = error;
    }
  }

  private requeue(local: LocalPeer, now: number): void {
    const { auditor, peer } = this;
    const { server, session } = local;
    const { engine } = server;
    const command = this.draw(peer);
    const { id, pri, delay, ttr, body } = command;
    const tube = command.tube === "" ? null : latin1(command.tube);
    if (command.hasTrailer) {
      if (!engine.beginReplacement(session, body.length)) return auditor.refusesRequeue();
      engine.fillPut(session, body, 0, body.length);
      engine.fillPut(session, CRLF, 0, 2);
    }
    if (!hasRoomToRequeue(server, session, id, tube, now)) {
      engine.abandonPut(session);
      if (!this.life.isOver && !this.life.isGone) auditor.refusesRequeue();
      return;
    }
    auditor.says(peer, command);
    auditor.arrived(peer, command.bytes.length);
    engine.requeue(session, id, tube, 0, tube?.length ?? 0, pri, delay, ttr, now);
    server.deliver();
  }

  reply(_local: LocalPeer, kind: number): void {
    this.answer = kind === REQUEUED_KIND ? REQUEUED : NOT_FOUND;
  }

  finish(): void {
    if (this.answer !== null) {
      this.auditor.sends(this.peer, this.answer.length);
      this.auditor.reads(this.peer, this.answer);
    }
    this.mayLeave = true;
  }

  fail(): void {}
}
