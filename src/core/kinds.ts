// The kinds of replies and records by their names, for those who read an outbox from outside.

import * as outbox from "./outbox.ts";

/**
 * What the numbers in {@link Outbox.kind} and {@link Outbox.recordKind} mean: `KINDS.TIMED_OUT`, `KINDS.RECORD_PUT`, …
 *
 * @example
 * ```ts
 * import { Engine, KINDS } from "@runnerbean/runnerbean/core";
 *
 * const engine = new Engine();
 * engine.peekReady(engine.open());
 * console.log(engine.outbox.kind(0) === KINDS.NOT_FOUND); // true
 * ```
 */
export const KINDS: Readonly<Record<string, number>> = numbersIn(outbox);

/** The numbers that a module exports, by their names. */
export function numbersIn(module: Readonly<Record<string, unknown>>): Record<string, number> {
  const isNumber = (entry: [string, unknown]): entry is [string, number] => typeof entry[1] === "number";
  return Object.fromEntries(Object.entries(module).filter(isNumber));
}
