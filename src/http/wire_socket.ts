// The text protocol over a WebSocket: messages are pieces of a stream of bytes, in both directions.
//
// While the connection reads nothing, neither is the socket read. What a chunk held besides is kept here until then.

import type { Identity } from "../access/identity.ts";
import type { Peer, Transport } from "../ports/transport.ts";
import type { Server } from "../server/server.ts";
import type { WireEvents, WireSocket } from "./route.ts";

/** Above this many bytes that have not left nothing more is sent, until fewer than half are left. */
const HIGH_WATER_BYTES = 262_144;
const NORMAL = 1000;

/** Serves the protocol on a WebSocket. */
export function carryWire(
  server: Server,
  socket: WireSocket,
  peerAddress: string | null,
  identity: Identity | null,
): WireEvents {
  const transport = new SocketTransport(socket, peerAddress);
  transport.peer = server.acceptAs("websocket", transport, identity);
  return transport;
}

class SocketTransport implements Transport, WireEvents {
  peer: Peer | null = null;
  readonly peerAddress: string | null;
  private readonly socket: WireSocket;
  private kept: Uint8Array[] = [];
  private isPaused = false;
  private isClosed = false;
  private isFull = false;

  constructor(socket: WireSocket, peerAddress: string | null) {
    this.socket = socket;
    this.peerAddress = peerAddress;
  }

  // From the runtime.

  received(bytes: Uint8Array): void {
    if (!this.isPaused && this.kept.length === 0) return this.peer?.received(bytes);
    this.kept.push(bytes.slice());
  }

  sent(): void {
    if (!this.isFull || this.isClosed || this.socket.bufferedAmount() >= HIGH_WATER_BYTES / 2) return;
    this.isFull = false;
    this.peer?.drained();
  }

  closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.peer?.closed();
  }

  // From the connection.

  send(bytes: Uint8Array, length: number): boolean {
    if (this.isClosed) return true; // the connection has been told, or will be
    this.socket.send(bytes.slice(0, length)); // the runtime keeps it, and the connection wants its buffer back
    if (this.socket.bufferedAmount() < HIGH_WATER_BYTES) return true;
    this.isFull = true;
    return false;
  }

  pause(): void {
    this.isPaused = true;
    this.socket.pause();
  }

  /** Not at once: who resumes is in the middle of something. */
  resume(): void {
    this.isPaused = false;
    queueMicrotask(() => this.passOn());
  }

  private passOn(): void {
    while (!this.isPaused && this.kept.length > 0) {
      this.peer?.received(this.kept.shift()!);
    }
    if (!this.isPaused) this.socket.resume();
  }

  close(): void {
    this.socket.close(NORMAL, "");
  }
}
