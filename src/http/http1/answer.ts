// What stands above and below the HTTP server: who answers requests, and where sockets in the clear come from.

import type { Listener } from "../../ports/transport.ts";
import type { Env } from "../app.ts";
import type { ReportRefusal } from "./owner.ts";
import type { RawSocket } from "./socket.ts";

/** Answers one request. */
export type Answer = (request: Request, env: Env) => Promise<Response>;

/**
 * Opens a port that speaks TLS; `take` gets each socket when it is in the clear. Handshakes at once are limited. `report`
 * is told of connections that could not be accepted, and of those ended during their handshake.
 */
export type ListenSecure = (
  address: { readonly kind: "tcp"; readonly host: string; readonly port: number },
  take: (socket: RawSocket) => void,
  mostHandshakes: number,
  report: ReportRefusal,
) => Promise<Listener>;
