/**
 * The engine: a deterministic state machine without I/O, which the queue, the server and the simulation are built on.
 *
 * @example
 * ```ts
 * import { Engine } from "@runnerbean/runnerbean/core";
 *
 * const engine = new Engine();
 * const session = engine.open();
 * engine.reserveWithTimeout(session, 0, Date.now()); // answers TIMED_OUT into engine.outbox
 * ```
 *
 * @module
 */
export { Engine } from "./engine.ts";
export type { EngineOptions } from "./engine.ts";
export { InvariantError } from "./assert.ts";
export { Outbox } from "./outbox.ts";
export { Session } from "./session.ts";
