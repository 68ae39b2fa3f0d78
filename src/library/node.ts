/**
 * What a server is put together from on Node: its own way to listen, and the clock that goes with it.
 *
 * @example A server of your own
 * ```ts
 * import { Engine } from "@runnerbean/runnerbean/core";
 * import { connect } from "@runnerbean/runnerbean/client";
 * import { createServer, listen, openClock } from "@runnerbean/runnerbean/node";
 *
 * const server = createServer({ engine: new Engine(), clock: await openClock() });
 * const { address, close } = await listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, server.accept);
 * const queue = await connect({ port: address.kind === "tcp" ? address.port : 0 });
 * await queue.tube("greetings").put("hello");
 * console.log((await queue.tube("greetings").reserve())?.text()); // hello
 * await queue.close();
 * close();
 * await server.stop();
 * ```
 *
 * @module
 */

import { listen as listenNode } from "../adapters/node/listen.ts";
import { SystemClock } from "../adapters/system_clock.ts";
import { permitted } from "../client/permission.ts";
import type { Clock } from "../ports/clock.ts";
import { type Accept, type Address, describeAddress, type Listener } from "../ports/transport.ts";
import { mustBeAllowedSockets } from "../runtime/permission.ts";

export { createServer } from "./create_server.ts";
export type { AssembledServer, ServerParts } from "./create_server.ts";
export type { Engine } from "../core/engine.ts";
export type { Clock } from "../ports/clock.ts";
export type * from "../ports/journal.ts";
export type * from "../ports/refusals.ts";
export type { Accept, Address, Listen, Listener, Peer, Transport } from "../ports/transport.ts";

/**
 * Listens at an address and hands each connection to `accept`. Rejects with the runtime's error when the address cannot be had,
 * with a PermissionError when the runtime does not allow it.
 */
export function listen(address: Address, accept: Accept): Promise<Listener> {
  return permitted(`listening at ${describeAddress(address)}`, () => {
    mustBeAllowedSockets(address.kind === "tcp" ? `${address.host}:${address.port}` : undefined);
    return listenNode(address, accept);
  });
}

/**
 * The clock of this machine, whose turns are Node's.
 *
 * @example
 * ```ts
 * import { openClock } from "@runnerbean/runnerbean/node";
 *
 * const clock = await openClock();
 * console.log(clock.now() > Date.UTC(2020)); // true
 * ```
 */
export function openClock(): Promise<Clock> {
  return Promise.resolve(new SystemClock());
}
