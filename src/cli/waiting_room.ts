// Whoever connects while the jobs are being brought back waits here, unread, until there is a server. Those beyond a limit are
// turned away at once, and counted as refused, as by the server.

import type { RefusalReason, RefusalReporter } from "../ports/refusals.ts";
import type { Accept, Peer, Transport } from "../ports/transport.ts";
import { whereOf } from "../server/server_peer.ts";

/** By what kind of listener a guest came. */
export type GuestKind = "tcp" | "unix";

/** How the server takes one in. */
export type Admit = (transport: Transport, kind: GuestKind) => Peer | null;

export class WaitingRoom {
  private server: Admit | null = null;
  private readonly guests = new Set<Guest>();
  private readonly most: number;
  private readonly refusals: RefusalReporter | null;
  private readonly hasDescriptors: () => boolean;

  /**
   * `most`: how many may wait at once. `hasDescriptors`: whether a connection that was accepted may keep its descriptor; it is
   * closed if not, and this is called again.
   */
  constructor(
    most: number = Infinity,
    refusals: RefusalReporter | null = null,
    hasDescriptors: () => boolean = () => true,
  ) {
    this.most = most;
    this.refusals = refusals;
    this.hasDescriptors = hasDescriptors;
  }

  /** For a listener of TCP. */
  readonly accept: Accept = (transport) => this.take("tcp", transport);

  /** For a listener of any kind. */
  acceptAs(kind: GuestKind): Accept {
    return (transport) => this.take(kind, transport);
  }

  private take(kind: GuestKind, transport: Transport): Peer | null {
    if (this.server !== null) return this.server(transport, kind);
    if (!this.hasDescriptors()) return this.turnAway(kind, transport, "descriptors");
    if (this.guests.size >= this.most) return this.turnAway(kind, transport, "connections");
    const guest = new Guest(kind, transport, (left) => this.guests.delete(left));
    this.guests.add(guest);
    return guest;
  }

  private turnAway(kind: GuestKind, transport: Transport, reason: RefusalReason): null {
    const { peerAddress = null } = transport; // before it is closed: then it is not known any more
    transport.close();
    if (reason === "descriptors") this.hasDescriptors();
    this.refusals?.refused(reason, whereOf({ kind, peerAddress }));
    return null;
  }

  /** There is a server: all who wait go on to it, and all who come later. */
  admit(server: Admit): void {
    this.server = server;
    for (const guest of [...this.guests]) guest.admit(server);
    this.guests.clear();
  }
}

/** Stands between a transport and its peer for as long as the connection lasts. */
class Guest implements Peer {
  private readonly kind: GuestKind;
  private readonly transport: Transport;
  private readonly leaves: (guest: Guest) => void;
  private peer: Peer | null = null;
  /** What was on its way when reading was stopped. */
  private readonly chunks: Uint8Array[] = [];
  private hasEnded = false;
  private isClosed = false;

  constructor(kind: GuestKind, transport: Transport, leaves: (guest: Guest) => void) {
    this.kind = kind;
    this.transport = transport;
    this.leaves = leaves;
    transport.pause();
  }

  admit(server: Admit): void {
    if (this.isClosed) return;
    this.peer = server(this.transport, this.kind);
    if (this.peer === null) return;
    this.transport.resume(); // first: the peer may want to pause it
    for (const chunk of this.chunks.splice(0)) this.peer.received(chunk);
    if (this.hasEnded) this.peer.ended();
  }

  received(chunk: Uint8Array): void {
    if (this.peer !== null) this.peer.received(chunk);
    else this.chunks.push(chunk.slice());
  }

  ended(): void {
    this.hasEnded = true;
    this.peer?.ended();
  }

  drained(): void {
    this.peer?.drained();
  }

  closed(): void {
    this.isClosed = true;
    if (this.peer === null) this.leaves(this);
    else this.peer.closed();
  }
}
