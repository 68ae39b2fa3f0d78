// Sockets by node:net. Used on Node; also on Deno and Bun for what their own listeners cannot do (a listening descriptor
// that was inherited).
//
// A write is asked for no callback: nearly all go through during the call, which `writableLength` says, and a callback would
// cost each a tick. One that did not is followed by an empty write, whose callback says when it has.

import { Buffer } from "node:buffer";
import net from "node:net";
import { abortLater } from "../linger.ts";
import type { RefusalReporter } from "../../ports/refusals.ts";
import type { Accept, Address, Listener, Peer, Transport } from "../../ports/transport.ts";

/** Connections that the system may hold until they are accepted. */
const BACKLOG = 1024;
const NOTHING = Buffer.alloc(0);

export class NodeTransport implements Transport {
  /** Read at once: when the peer has reset the connection, it is not known any more. */
  readonly peerAddress: string | null;
  private readonly socket: net.Socket;
  private readonly isTls: boolean;
  private peer: Peer | null = null;
  private readonly written = (error?: Error | null): void => {
    if (!error) this.peer?.drained();
  };

  constructor(socket: net.Socket) {
    this.socket = socket;
    this.isTls = "encrypted" in socket;
    const { remoteAddress, remotePort } = socket;
    this.peerAddress = remoteAddress === undefined ? null : `${remoteAddress}:${remotePort}`;
  }

  send(bytes: Uint8Array, length: number): boolean {
    if (this.socket.destroyed) return true; // `closed` follows
    // A Buffer, since the stream would wrap anything else in one.
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, length);
    if (this.isTls) { // nothing goes through during the call, and an empty write fails on Deno (2.9)
      this.socket.write(buffer, this.written);
      return false;
    }
    this.socket.write(buffer);
    if (this.socket.writableLength === 0) return true;
    this.socket.write(NOTHING, this.written);
    return false;
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(): void {
    const { socket } = this;
    socket.destroySoon();
    if (!socket.destroyed) abortLater(() => socket.destroy());
  }

  abort(): void {
    this.socket.destroy();
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
export function listen(address: Address, accept: Accept, refusals?: RefusalReporter): Promise<Listener> {
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
      server.on("error", () => refusals?.refused("descriptors", null));
      resolve({ address: actualAddress(server, address), close: () => void server.close() });
    });
  });
}

export function listenOptions(address: Address): net.ListenOptions & { fd?: number } {
  if (address.kind === "unix") return { path: address.path, backlog: BACKLOG };
  if (address.kind === "descriptor") return { fd: address.fd };
  return { host: address.host, port: address.port, backlog: BACKLOG };
}

export function actualAddress(server: net.Server, asked: Address): Address {
  const actual = server.address();
  if (asked.kind !== "tcp" || actual === null || typeof actual === "string") return asked;
  return { kind: "tcp", host: actual.address, port: actual.port };
}
