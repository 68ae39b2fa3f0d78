// What stands above and below the HTTP server: who answers requests, and where sockets in the clear come from.

import type { Listener } from "../../ports/transport.ts";
import type { Env } from "../app.ts";
import type { RawSocket } from "./socket.ts";

/** Answers one request. */
export type Answer = (request: Request, env: Env) => Promise<Response>;

/**
 * Opens a port that speaks TLS; `take` gets each socket when it is in the clear. Handshakes at once are limited. `failed` is
 * called when a connection could not be accepted.
 */
export type ListenSecure = (
  address: { readonly kind: "tcp"; readonly host: string; readonly port: number },
  take: (socket: RawSocket) => void,
  mostHandshakes: number,
  failed: () => void,
) => Promise<Listener>;
