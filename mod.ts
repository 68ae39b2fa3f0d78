/**
 * Runnerbean: a work queue that speaks the beanstalkd protocol, native to Deno, Bun and Node.
 *
 * This is the library's front door: the engine (a deterministic state machine without I/O), the server shell around it,
 * and the listeners of the three runtimes.
 *
 * @example A server on a free port, on the runtime this runs on
 * ```ts
 * import { Engine } from "./mod.ts";
 *
 * const engine = new Engine();
 * const session = engine.open();
 * engine.reserveWithTimeout(session, 0, Date.now()); // answers TIMED_OUT into engine.outbox
 * ```
 *
 * @module
 */
export { Engine } from "./src/core/engine.ts";
export type { EngineOptions } from "./src/core/engine.ts";
export { InvariantError } from "./src/core/assert.ts";
export { Outbox } from "./src/core/outbox.ts";
export { Session } from "./src/core/session.ts";
export { Server } from "./src/server/server.ts";
export type { ServerOptions } from "./src/server/server.ts";
export type { ServerFacts } from "./src/protocol/stats.ts";
export type { Clock } from "./src/ports/clock.ts";
export type { Accept, Address, Listen, Listener, Peer, Transport } from "./src/ports/transport.ts";
export { SystemClock } from "./src/adapters/system_clock.ts";
