// What the server needs of a runtime's sockets. No method throws for trouble outside: it is reported by `closed`.

import type { RefusalReporter } from "./refusals.ts";

/** One accepted connection, on the runtime's side. */
export interface Transport {
  /** Where the peer is, as a person reads it; null or absent when that is not known. */
  readonly peerAddress?: string | null;
  /** Whom the peer's certificate names, once checked; null or absent when it showed none. */
  readonly certificateName?: string | null;
  /**
   * Sends bytes[0, length). True: they are gone, the buffer may be used again at once. False: the transport holds on to
   * the buffer; nothing may be sent, and the buffer not be touched, until `drained`.
   */
  send(bytes: Uint8Array, length: number): boolean;
  /** Stops reading; what is already on its way may still be received. */
  pause(): void;
  /** @internal */
  resume(): void;
  /**
   * Closes both directions. All that was sent before still goes out if the peer takes it, for which it has some seconds.
   */
  close(): void;
  /** Closes both directions and drops what the peer has not taken. Absent: {@link close} does no less. */
  abort?(): void;
}

/** One accepted connection, on the server's side. */
export interface Peer {
  /** The chunk is only lent: what is kept of it must be copied before this returns. */
  received(chunk: Uint8Array): void;
  /** The peer will send no more, but may still read. */
  ended(): void;
  /** The buffer of a send that answered false is free again. */
  drained(): void;
  /** The connection is gone, in whatever way. Called once, also after close(). */
  closed(): void;
}

/** Called for each accepted connection. Null: not wanted, the transport has been closed. */
export type Accept = (transport: Transport) => Peer | null;

/** Where to listen: a TCP address, the path of a Unix socket, or a listening descriptor given by the parent process. */
export type Address =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "descriptor"; readonly fd: number };

/** What listens. */
export interface Listener {
  /** Where it really listens (the port is known even if 0 was asked for). */
  readonly address: Address;
  /** Accepts no more; existing connections go on. */
  close(): void;
}

/**
 * Opens a listener. Rejects when the address cannot be had. `refusals` is told of connections that could not be accepted, since
 * descriptors had run out.
 */
export type Listen = (address: Address, accept: Accept, refusals?: RefusalReporter) => Promise<Listener>;

/** The address as a person reads it. */
export function describeAddress(address: Address): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  if (address.kind === "descriptor") return `descriptor ${address.fd}`;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
