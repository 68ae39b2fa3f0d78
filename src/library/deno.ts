/**
 * What a server is put together from on Deno: its own way to listen, and the clock that goes with it.
 *
 * @example A server of your own
 * ```ts
 * import { Engine } from "@runnerbean/runnerbean/core";
 * import { connect } from "@runnerbean/runnerbean/client";
 * import { createServer, listen, openClock } from "@runnerbean/runnerbean/deno";
 *
 * const server = createServer({ engine: new Engine(), clock: await openClock() });
 * const { address, close } = await listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, server.accept);
 * const queue = await connect({ port: address.kind === "tcp" ? address.port : 0 });
 * await queue.tube("greetings").put("hello");
 * console.log((await queue.tube("greetings").reserve())?.text()); // hello
 * await queue.close();
 * close();
 * server.stop();
 * ```
 *
 * @module
 */

import { createAfterInput } from "../adapters/deno/after_input.ts";
import { SystemClock } from "../adapters/system_clock.ts";
import type { Clock } from "../ports/clock.ts";

export { listen } from "../adapters/deno/listen.ts";
export { createServer } from "./create_server.ts";
export type { AssembledServer, ServerParts } from "./create_server.ts";
export type { Engine } from "../core/engine.ts";
export type { Clock } from "../ports/clock.ts";
export type * from "../ports/journal.ts";
export type * from "../ports/refusals.ts";
export type { Accept, Address, Listen, Listener, Peer, Transport } from "../ports/transport.ts";

/**
 * The clock of this machine, whose turns are Deno's.
 *
 * @example
 * ```ts
 * import { openClock } from "@runnerbean/runnerbean/deno";
 *
 * const clock = await openClock();
 * console.log(clock.now() > Date.UTC(2020)); // true
 * ```
 */
export async function openClock(): Promise<Clock> {
  return new SystemClock(await createAfterInput());
}
