// How a client reaches a server: the other end of what transport.ts has for servers.

import type { Address, Peer, Transport } from "./transport.ts";

/** How the server of a TLS connection is to be known, and how this side is. All texts are PEM. */
export interface DialTls {
  /** The authorities whose servers are trusted. Default: those that the runtime trusts. */
  readonly ca?: string;
  /** This side's certificate, for a server that knows clients by theirs. */
  readonly cert?: string;
  /** The key of that certificate. */
  readonly key?: string;
  /** The name that the server's certificate must have. Default: the host. */
  readonly serverName?: string;
}

/**
 * Opens a connection; `open` is called before any byte is received. Rejects when there is none to be had, or the signal
 * comes first.
 */
export type Dial = (
  address: Address,
  open: (transport: Transport) => Peer,
  signal: AbortSignal,
) => Promise<void>;
