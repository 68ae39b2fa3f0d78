// The text protocol over a WebSocket: messages are pieces of a stream of bytes, in both directions.
//
// Not every runtime can stop reading a WebSocket, so what comes while the connection reads nothing is kept here, up to a
// limit; who sends more than that without waiting for replies is closed.

import type { Identity } from "../access/identity.ts";
import type { RefusalReporter } from "../ports/refusals.ts";
import type { Peer, Transport } from "../ports/transport.ts";
import type { Server } from "../server/server.ts";
import type { WireEvents, WireSocket } from "./route.ts";

/** Largest message, in bytes. A put may be spread over as many as it likes. */
export const MAX_MESSAGE_BYTES = 1_048_576;
/** Kept for a connection that reads nothing just now. */
export const MAX_KEPT_BYTES = 4_194_304;
/** Above this many bytes that have not left nothing more is sent, until fewer than half are left. */
const HIGH_WATER_BYTES = 262_144;
/** How often the runtime is asked how much has left, in milliseconds. */
const LOOK_MS = 10;

const TOO_BIG = 1009;
const POLICY = 1008;
const NORMAL = 1000;

/** Serves the protocol on a WebSocket. */
export function carryWire(
  server: Server,
  socket: WireSocket,
  peerAddress: string | null,
  identity: Identity | null,
): WireEvents {
  const transport = new SocketTransport(socket, peerAddress, server.refusals);
  transport.peer = server.acceptAs("websocket", transport, identity);
  return transport;
}

class SocketTransport implements Transport, WireEvents {
  peer: Peer | null = null;
  readonly peerAddress: string | null;
  private readonly socket: WireSocket;
  private readonly refusals: RefusalReporter;
  private kept: Uint8Array[] = [];
  private keptBytes = 0;
  private isPaused = false;
  private isClosed = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: WireSocket, peerAddress: string | null, refusals: RefusalReporter) {
    this.socket = socket;
    this.refusals = refusals;
    this.peerAddress = peerAddress;
  }

  // From the runtime.

  received(bytes: Uint8Array): void {
    if (bytes.length > MAX_MESSAGE_BYTES) {
      return this.refuse(TOO_BIG, `messages are at most ${MAX_MESSAGE_BYTES} bytes`);
    }
    if (!this.isPaused && this.kept.length === 0) return this.peer?.received(bytes);
    this.keptBytes += bytes.length;
    if (this.keptBytes > MAX_KEPT_BYTES) {
      return this.refuse(POLICY, "too much was sent without waiting for replies");
    }
    this.kept.push(bytes.slice());
  }

  closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearTimeout(this.timer);
    this.peer?.closed();
  }

  // From the connection.

  send(bytes: Uint8Array, length: number): boolean {
    if (this.isClosed) return true; // the connection has been told, or will be
    this.socket.send(bytes.slice(0, length)); // the runtime keeps it, and the connection wants its buffer back
    if (this.socket.bufferedAmount() < HIGH_WATER_BYTES) return true;
    this.timer = setTimeout(() => this.look(), LOOK_MS);
    return false;
  }

  pause(): void {
    this.isPaused = true;
  }

  /** Not at once: who resumes is in the middle of something. */
  resume(): void {
    this.isPaused = false;
    queueMicrotask(() => this.passOn());
  }

  private passOn(): void {
    while (!this.isPaused && this.kept.length > 0) {
      const bytes = this.kept.shift()!;
      this.keptBytes -= bytes.length;
      this.peer?.received(bytes);
    }
  }

  close(): void {
    this.socket.close(NORMAL, "");
  }

  // Within.

  private look(): void {
    if (this.isClosed) return;
    if (this.socket.bufferedAmount() < HIGH_WATER_BYTES / 2) this.peer?.drained();
    else this.timer = setTimeout(() => this.look(), LOOK_MS);
  }

  private refuse(code: number, reason: string): void {
    this.refusals.refused("websocket", this.peerAddress);
    this.socket.close(code, reason);
    this.closed();
  }
}
