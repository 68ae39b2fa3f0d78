// Whoever connects while the jobs are being brought back waits here, unread, until there is a server.

import type { Accept, Peer, Transport } from "../ports/transport.ts";

export class WaitingRoom {
  private server: Accept | null = null;
  private guests: Guest[] = [];

  /** For a listener. */
  readonly accept: Accept = (transport) => {
    if (this.server !== null) return this.server(transport);
    const guest = new Guest(transport);
    this.guests.push(guest);
    return guest;
  };

  /** There is a server: all who wait go on to it, and all who come later. */
  admit(server: Accept): void {
    this.server = server;
    for (const guest of this.guests) guest.admit(server);
    this.guests = [];
  }
}

/** Stands between a transport and its peer for as long as the connection lasts. */
class Guest implements Peer {
  private readonly transport: Transport;
  private peer: Peer | null = null;
  /** What was on its way when reading was stopped. */
  private readonly chunks: Uint8Array[] = [];
  private hasEnded = false;
  private isClosed = false;

  constructor(transport: Transport) {
    this.transport = transport;
    transport.pause();
  }

  admit(server: Accept): void {
    if (this.isClosed) return;
    this.peer = server(this.transport);
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
    this.peer?.closed();
  }
}
