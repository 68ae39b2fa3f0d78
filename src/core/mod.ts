/**
 * The engine: a deterministic state machine without I/O, which the queue, the server and the simulation are built on. Its only
 * inputs are calls, each with the time in milliseconds; what it has to say goes to its outbox, which is read after each call.
 *
 * @example A job, from put to reserve
 * ```ts
 * import { Engine, KINDS } from "@runnerbean/runnerbean/core";
 *
 * const engine = new Engine();
 * const { outbox } = engine;
 * const session = engine.open();
 * const body = new TextEncoder().encode("hello\r\n"); // bodies end with CR LF, which is not counted
 * engine.beginPut(session, body.length - 2, 1000);
 * engine.fillPut(session, body, 0, body.length);
 * engine.put(session, 0, 0, 60, 1000); // priority 0, delay 0, 60 s to run
 * console.log(outbox.kind(0) === KINDS.INSERTED, outbox.number(0)); // true 1
 * outbox.clear();
 * engine.reserve(session, 1000);
 * console.log(engine.live.at(outbox.number(0)).id); // 1
 * ```
 *
 * @module
 */
export { Engine } from "./engine.ts";
export type { EngineOptions } from "./engine.ts";
export { InvariantError } from "./assert.ts";
export type { Alarmed } from "./alarms.ts";
export type { BodyReader } from "./bodies.ts";
export type { CopyBytes } from "./copy.ts";
export { KINDS } from "./kinds.ts";
export { Outbox } from "./outbox.ts";
export { Session } from "./session.ts";
