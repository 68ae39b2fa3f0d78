// One simulated client: its end of a connection, and what the auditor knows of it.

import { MemoryConnection } from "../../src/adapters/memory/transport.ts";
import type { Random } from "../support/random.ts";
import type { Auditor } from "./auditor.ts";
import type { Command } from "./command.ts";
import type { Life } from "./life.ts";
import type { Peer } from "./places.ts";
import { violation } from "./violation.ts";

/** Input beyond which the server must have asked for a pause: its limit, and the chunk that went over it. A body comes on top. */
const MOST_UNRUN_BYTES = 131_072 + 70_000;

/** How small chunks are cut; mostly within lines, but a large body may not take for ever. */
const PIECES = [2, 12, 40, 40, 70_000];

export class Client {
  readonly peer: Peer;
  isReading = true;
  /** Nothing more can be said. */
  isOver = false;
  hasEnded = false;
  private readonly auditor: Auditor;
  private readonly connection: MemoryConnection;

  constructor(auditor: Auditor, peer: Peer, connection: MemoryConnection) {
    this.auditor = auditor;
    this.peer = peer;
    this.connection = connection;
  }

  /** Connects; null when the server does not want any more connections. */
  static connect(auditor: Auditor, life: Life, capacityBytes: number): Client | null {
    const before = auditor.model.totalPeers;
    let peer: Peer | null = null;
    const connection = new MemoryConnection((transport) =>
      life.server.accept({
        ...transport,
        send: (bytes, length) => {
          if (peer !== null && !life.isGone) auditor.sends(peer, length);
          return transport.send(bytes, length);
        },
      }), capacityBytes);
    if (auditor.model.totalPeers === before) {
      if (!connection.isClosedByServer) violation("a connection is neither accepted nor closed");
      connection.close();
      return null;
    }
    peer = [...auditor.model.peers].pop()!;
    peer.talk.capacityBytes = capacityBytes;
    return new Client(auditor, peer, connection);
  }

  say(command: Command): void {
    if (this.hasEnded) return;
    this.auditor.says(this.peer, command);
    this.connection.write(command.bytes);
  }

  get underway(): number {
    return this.hasEnded || this.isOver ? 0 : this.connection.underway;
  }

  get isPaused(): boolean {
    return this.connection.isPaused;
  }

  /** Up to `count` bytes arrive as one chunk. */
  deliver(count: number): void {
    const { connection, peer, auditor } = this;
    if (this.isOver || this.hasEnded || connection.isClosedByServer) return;
    const bytes = Math.min(count, connection.underway);
    if (bytes === 0) return;
    auditor.arrived(peer, bytes);
    connection.deliver(bytes);
    if (!connection.isPaused && !connection.isClosedByServer) this.checkUnrun();
  }

  /** A connection that is not asked to pause has nearly all of what arrived run. */
  private checkUnrun(): void {
    const { talk, isBlocked, number } = this.peer;
    const most = MOST_UNRUN_BYTES + talk.largestBodyBytes;
    if (talk.arrived - talk.ranTo <= most) return;
    const next = isBlocked ? undefined : talk.next(); // passes what was refused
    if (next?.kind === "quit" || next?.kind === "http") return; // what follows is thrown away
    const unrun = talk.arrived - talk.ranTo;
    if (unrun > most) {
      violation(`${unrun} bytes of ${number} have not been run, and it is not asked to pause`);
    }
  }

  /** All that is underway arrives, in pieces drawn at random when it is split. */
  deliverAll(random: Random, split: number): void {
    while (this.underway > 0 && !this.connection.isClosedByServer) {
      this.deliver(random.chance(split) ? 1 + random.below(random.pick(PIECES)) : 65_536);
      if (this.isPaused) return;
    }
  }

  get isClosedByServer(): boolean {
    return this.connection.isClosedByServer;
  }

  end(): void {
    if (this.hasEnded || this.isOver) return;
    this.hasEnded = this.peer.talk.hasEnded = true;
    this.connection.end();
  }

  /** Closes without a word. */
  cut(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.auditor.cuts(this.peer);
    this.connection.close();
  }

  /** Reads what is there, and learns of a close. True when anything happened. */
  read(atMost: number): boolean {
    if (this.isOver) return false;
    const bytes = this.connection.read(atMost);
    if (bytes.length > 0) {
      this.auditor.reads(this.peer, bytes);
      return true;
    }
    if (!this.connection.isClosedByServer) return false;
    this.isOver = true;
    this.connection.close();
    if (this.peer.talk.outstanding > 0) {
      violation(`${this.peer.number} is closed before it got all its replies`);
    }
    return true;
  }

  /** At rest: a client that reads has been told all there is to tell. */
  check(): void {
    if (this.isReading && !this.isOver) this.auditor.hearsAll(this.peer);
  }
}
