// Sockets by node:net. Used on Node; also on Deno and Bun for what their own listeners cannot do (a listening descriptor
// that was inherited).

import net from "node:net";
import type { Accept, Address, Listener, Peer, Transport } from "../../ports/transport.ts";

const BACKLOG = 1024;

export class NodeTransport implements Transport {
  private readonly socket: net.Socket;
  private peer: Peer | null = null;
  /** The stream has not handed all of the last buffer to the system yet. */
  private isHolding = false;
  private readonly written = (): void => {
    // A write that went through at once calls back later, when the next one may be held already.
    if (!this.isHolding || this.socket.writableLength > 0) return;
    this.isHolding = false;
    this.peer?.drained();
  };

  constructor(socket: net.Socket) {
    this.socket = socket;
  }

  send(bytes: Uint8Array, length: number): boolean {
    if (this.socket.destroyed) return true; // `closed` follows
    this.socket.write(length === bytes.length ? bytes : bytes.subarray(0, length), this.written);
    // Nothing left in the stream: the system took all of it during the call.
    this.isHolding = this.socket.writableLength > 0;
    return !this.isHolding;
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(): void {
    this.socket.destroySoon();
  }

  listenTo(peer: Peer): void {
    const { socket } = this;
    this.peer = peer;
    socket.on("data", (chunk: Uint8Array) => peer.received(chunk));
    socket.on("end", () => peer.ended());
    socket.on("close", () => peer.closed());
  }
}

/** Listens with node:net. */
export function listen(address: Address, accept: Accept): Promise<Listener> {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
    const transport = new NodeTransport(socket);
    socket.on("error", () => {}); // "close" follows and says it
    const peer = accept(transport);
    if (peer !== null) transport.listenTo(peer);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(listenOptions(address), () => {
      server.removeListener("error", reject);
      // Out of descriptors, most likely: the connection stays in the queue of the system, and existing ones go on.
      server.on("error", () => {});
      resolve({ address: actualAddress(server, address), close: () => void server.close() });
    });
  });
}

function listenOptions(address: Address): net.ListenOptions & { fd?: number } {
  if (address.kind === "unix") return { path: address.path, backlog: BACKLOG };
  if (address.kind === "descriptor") return { fd: address.fd };
  return { host: address.host, port: address.port, backlog: BACKLOG };
}

function actualAddress(server: net.Server, asked: Address): Address {
  const actual = server.address();
  if (asked.kind !== "tcp" || actual === null || typeof actual === "string") return asked;
  return { kind: "tcp", host: actual.address, port: actual.port };
}
