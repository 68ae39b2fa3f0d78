// A session as a lease over HTTP has it (src/http/local/leases.ts): it takes one job, does one thing with it, and is often
// closed before the journal has that. What it did must be told all the same, and not before the journal has it.

import type { Session } from "../../src/core/session.ts";
import { LocalPeer } from "../../src/server/local_peer.ts";
import type { LocalTask } from "../../src/server/local_peer.ts";
import type { Random } from "../support/random.ts";
import type { Auditor } from "./auditor.ts";
import { line } from "./command.ts";
import type { Command } from "./command.ts";
import type { Life } from "./life.ts";
import type { Peer } from "./places.ts";
import { TextCollector } from "./tap.ts";
import { violation } from "./violation.ts";

/** Closed as soon as it has acted: as when its session holds nothing more and is swept. */
const SWEPT = 0.6;

export class Lessee {
  private readonly life: Life;
  private readonly auditor: Auditor;
  private readonly id: number;
  private local!: LocalPeer;
  private readonly peer: Peer;
  private act: Act;
  private hasActed = false;

  constructor(auditor: Auditor, life: Life, id: number) {
    this.life = life;
    this.auditor = auditor;
    this.id = id;
    life.server.attach((session: Session, number: number) => {
      return this.local = new LocalPeer(life.server, session, null, {
        number,
        kind: "http",
        peerAddress: null,
      });
    });
    this.peer = [...auditor.model.peers].pop()!;
    life.server.beginTurn();
    this.act = this.run(line("reserveJob", `reserve-job ${id}`, { id }));
  }

  get isOpen(): boolean {
    return !this.local.isClosed;
  }

  /** Something was done, and nobody has been told what became of it. */
  get isOwed(): boolean {
    return this.act.isOver && this.act.end === "none";
  }

  /** Nothing more comes. */
  get isOver(): boolean {
    return this.local.isClosed && !this.isOwed;
  }

  /** Does the next thing. */
  goOn(random: Random): void {
    if (!this.isOpen || this.act.end === "none") return;
    if (this.hasActed || !this.act.isGranted) return this.close();
    this.hasActed = true;
    this.act = this.run(this.draw(random));
    if (random.chance(SWEPT)) this.close();
  }

  close(): void {
    if (!this.isOpen) return;
    this.auditor.cuts(this.peer);
    this.local.close();
  }

  private draw(random: Random): Command {
    const { id } = this;
    const pri = random.below(3);
    const delay = random.below(2);
    switch (random.below(4)) {
      case 0:
        return line("delete", `delete ${id}`, { id });
      case 1:
        return line("release", `release ${id} ${pri} ${delay}`, { id, pri, delay });
      case 2:
        return line("bury", `bury ${id} ${pri}`, { id, pri });
      default:
        return line("touch", `touch ${id}`, { id });
    }
  }

  private run(command: Command): Act {
    const act = new Act(this.auditor, this.life, this.peer, command);
    this.local.run(act);
    act.isStarting = false;
    if (act.error !== null) throw act.error;
    return act;
  }
}

class Act implements LocalTask {
  isOver = false;
  end: "none" | "told" | "failed" = "none";
  isGranted = false;
  /** Within run() errors do not come out: what goes wrong then is thrown after it. */
  isStarting = true;
  error: unknown = null;
  private readonly auditor: Auditor;
  private readonly life: Life;
  private readonly peer: Peer;
  private readonly command: Command;
  private readonly answer = new TextCollector();

  constructor(auditor: Auditor, life: Life, peer: Peer, command: Command) {
    this.auditor = auditor;
    this.life = life;
    this.peer = peer;
    this.command = command;
  }

  step(local: LocalPeer, now: number): void {
    if (!local.mayRun()) return;
    this.isOver = true;
    try {
      this.call(local, now);
    } catch (error) {
      if (!this.isStarting) throw error;
      this.error = error;
    }
  }

  private call({ server, session }: LocalPeer, now: number): void {
    const { auditor, peer, command } = this;
    const { engine } = server;
    const { kind, id, pri, delay } = command;
    auditor.says(peer, command);
    auditor.arrived(peer, command.bytes.length);
    if (kind === "reserveJob") engine.reserveJob(session, id, now);
    else if (kind === "delete") engine.delete(session, id);
    else if (kind === "release") engine.release(session, id, pri, delay, now);
    else if (kind === "bury") engine.bury(session, id, pri);
    else engine.touch(session, id, now);
    server.deliver();
  }

  reply({ server, session }: LocalPeer, kind: number, number: number): void {
    server.encoder.write(this.answer, kind, number, session);
  }

  finish(): void {
    const { auditor, peer, answer } = this;
    this.end = "told";
    this.isGranted = answer.content[0] === R;
    auditor.sends(peer, answer.length);
    auditor.reads(peer, answer.content.slice(0, answer.length));
  }

  fail(hasFailed: boolean, hasRun: boolean): void {
    this.end = "failed";
    if (hasRun !== this.isOver && !hasFailed) {
      violation(`${this.peer.number} hears falsely whether it was done`);
    }
    if (hasFailed ? this.life.failure === null : this.isOver) {
      violation(`${this.peer.number} did ${this.command.kind} and is told that it failed`);
    }
  }
}

/** RESERVED; all others begin otherwise, but RELEASED, after which nothing is asked. */
const R = 82;
