// What a client tells of its connection to the server.

import type { DisconnectedError } from "./errors.ts";

/**
 * Something that happened to a client's connection; for logs, metrics and health checks.
 *
 * @example
 * ```ts
 * import { type ClientEvent, connect } from "@runnerbean/runnerbean/client";
 *
 * const onEvent = (event: ClientEvent) => {
 *   if (event.kind === "disconnected") console.error(event.error.message);
 *   else console.error(`connected again after ${Math.round(event.outageMs)} ms`);
 * };
 * await using queue = await connect({ port: 11300, onEvent });
 * console.log(queue.isConnected); // true
 * ```
 */
export type ClientEvent =
  /** The connection for commands broke. The client goes on trying until it is closed. */
  | { readonly kind: "disconnected"; readonly error: DisconnectedError }
  /** There is a connection again, `outageMs` milliseconds after it broke. */
  | { readonly kind: "reconnected"; readonly outageMs: number };
