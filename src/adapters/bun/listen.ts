// Sockets by Bun.listen: one set of callbacks for all connections, writes straight to the system.

import { abortLater } from "../linger.ts";
import type { RefusalReporter } from "../../ports/refusals.ts";
import type { Accept, Address, Listener, Peer, Transport } from "../../ports/transport.ts";

// The part of Bun's interface that is used here; Bun's own types are not needed to check this project.
export interface BunSocket {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  data: BunTransport | undefined;
  write(bytes: Uint8Array, offset: number, length: number): number;
  pause(): void;
  resume(): void;
  end(): void;
  terminate(): void;
  setNoDelay(on: boolean): boolean;
  setKeepAlive(on: boolean, initialDelay?: number): boolean;
}

export interface BunCallbacks {
  open(socket: BunSocket): void;
  data(socket: BunSocket, chunk: Uint8Array): void;
  drain(socket: BunSocket): void;
  end(socket: BunSocket): void;
  close(socket: BunSocket): void;
  error(socket: BunSocket, error: Error): void;
}

interface BunListener {
  readonly port?: number;
  readonly hostname?: string;
  stop(closeActive: boolean): void;
}

interface BunRuntime {
  listen(options: {
    hostname?: string;
    port?: number;
    unix?: string;
    allowHalfOpen: boolean;
    socket: BunCallbacks;
  }): BunListener;
}

export class BunTransport implements Transport {
  peer: Peer | null = null;
  /** Read at once: when the peer has reset the connection, it is not known any more. */
  readonly peerAddress: string | null;
  private readonly socket: BunSocket;
  /** What the system did not take yet of the buffer held. */
  private rest: Uint8Array | null = null;
  private restFrom = 0;
  private restTo = 0;
  private isClosing = false;

  constructor(socket: BunSocket) {
    this.socket = socket;
    const { remoteAddress, remotePort } = socket;
    this.peerAddress = remoteAddress ? `${remoteAddress}:${remotePort}` : null;
  }

  send(bytes: Uint8Array, length: number): boolean {
    const sent = this.socket.write(bytes, 0, length);
    if (sent === length || sent < 0) return true; // below 0 the socket is closed, and `closed` follows
    this.rest = bytes;
    this.restFrom = sent;
    this.restTo = length;
    return false;
  }

  drained(): void {
    if (this.rest === null) return;
    const sent = this.socket.write(this.rest, this.restFrom, this.restTo - this.restFrom);
    if (sent >= 0) this.restFrom += sent;
    if (sent >= 0 && this.restFrom < this.restTo) return;
    this.rest = null;
    if (this.isClosing) this.socket.end();
    else this.peer?.drained();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(): void {
    this.isClosing = true;
    if (this.rest === null) this.socket.end();
    else abortLater(() => this.abort());
  }

  abort(): void {
    this.rest = null;
    this.socket.terminate();
  }
}

/** What Bun calls for each connection of a listener. */
export function socketCallbacks(accept: Accept, refusals?: RefusalReporter): BunCallbacks {
  /** What our own code threw last, to tell it from what Bun throws before it calls us. */
  let ours: unknown;
  const run = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      ours = error;
      throw error;
    }
  };
  return {
    open: (socket) =>
      run(() => {
        socket.setNoDelay(true);
        socket.setKeepAlive(true);
        const transport = new BunTransport(socket);
        socket.data = transport;
        transport.peer = accept(transport);
      }),
    data(socket, chunk) { // without a closure per chunk
      try {
        socket.data?.peer?.received(chunk);
      } catch (error) {
        ours = error;
        throw error;
      }
    },
    drain: (socket) => run(() => socket.data?.drained()),
    end: (socket) => run(() => socket.data?.peer?.ended()),
    close: (socket) => run(() => socket.data?.peer?.closed()),
    error(socket, error) {
      // A socket's error has a code, and `close` follows and says it. What our own callbacks throw comes here as well, and
      // must end the process: a queue with a broken invariant does not go on.
      if ("code" in error) return;
      if (error === ours || !(error instanceof RangeError)) throw error;
      // Bun (1.4) had no memory for a chunk that it has read. The chunk is lost, so what follows on this connection cannot be
      // understood.
      refusals?.refused("allocation", socket.data?.peerAddress ?? null);
      socket.data?.abort();
    },
  };
}

/** Listens with Bun.listen. */
export function listen(address: Address, accept: Accept, refusals?: RefusalReporter): Promise<Listener> {
  const { Bun } = globalThis as unknown as { Bun: BunRuntime };
  const socket = socketCallbacks(accept, refusals);
  if (address.kind === "descriptor") return Promise.reject(new Error("Bun.listen cannot take a descriptor"));
  try {
    const where = address.kind === "unix"
      ? { unix: address.path }
      : { hostname: address.host, port: address.port };
    const listener = Bun.listen({ ...where, allowHalfOpen: true, socket });
    const actual: Address = address.kind === "unix"
      ? address
      : { ...address, port: listener.port ?? address.port };
    return Promise.resolve({ address: actual, close: () => listener.stop(false) });
  } catch (error) {
    return Promise.reject(error);
  }
}
