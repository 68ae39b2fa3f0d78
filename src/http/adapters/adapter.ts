// What the app needs of a runtime's HTTP server.

import type { Duplex } from "node:stream";
import type { Listener } from "../../ports/transport.ts";
import type { Env } from "../app.ts";

/** Answers one request. Never rejects. */
export type Answer = (request: Request, env: Env) => Promise<Response>;

export interface HttpListener {
  /** The port it really has. */
  readonly port: number;
  /** Accepts no more, and ends the connections that are there. */
  close(): void;
  /** Where an answer takes a while to leave after it was given: resolves when all have left. Nothing is accepted any more. */
  drain?(): Promise<void>;
}

/** Opens a port. Rejects when the address cannot be had. */
export type ListenHttp = (host: string, port: number, answer: Answer) => Promise<HttpListener>;

/** Opens a port that speaks TLS; `take` gets each socket when it is in the clear. */
export type ListenSecure = (
  address: { readonly kind: "tcp"; readonly host: string; readonly port: number },
  take: (socket: Duplex) => void,
) => Promise<Listener>;

const encoder = new TextEncoder();

/** Whether a request asks for a WebSocket. */
export function asksForSocket(request: Request): boolean {
  return request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

/** The bytes of a message, however the runtime hands it over. */
export function bytesOfMessage(data: string | ArrayBuffer | Uint8Array): Uint8Array {
  if (typeof data === "string") return encoder.encode(data);
  return data instanceof Uint8Array ? data : new Uint8Array(data);
}
