// How a client reaches a server: the other end of what transport.ts has for servers.

import type { Address, Peer, Transport } from "./transport.ts";

/**
 * Opens a connection; `open` is called before any byte is received. Rejects when there is none to be had, or the signal
 * comes first.
 */
export type Dial = (
  address: Address,
  open: (transport: Transport) => Peer,
  signal: AbortSignal,
) => Promise<void>;
