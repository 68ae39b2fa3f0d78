// The part of the Standard Schema specification (version 1) that is used here, so that any schema library will do and
// none is needed.

import type { Serialized } from "./serialized.ts";

/**
 * A schema of any library that follows the Standard Schema specification: valibot, zod, arktype and others.
 *
 * @example A schema by hand
 * ```ts
 * import { type StandardSchema } from "@runnerbean/runnerbean";
 *
 * const count: StandardSchema<number, number> = {
 *   "~standard": {
 *     version: 1,
 *     vendor: "me",
 *     validate: (value) =>
 *       typeof value === "number" ? { value } : { issues: [{ message: "a number is needed" }] },
 *   },
 * };
 * ```
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** What the specification demands. */
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    /** Answers the value, perhaps changed, or what is wrong with it. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** For the compiler only. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What validation answers. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One fault. */
export interface SchemaIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where, from the outside in. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * A schema that checks nothing: JSON bodies of a type that only the compiler knows. A worker gets what JSON makes of it, see
 * {@link Serialized}: a `Date` that is put is a string when it is reserved.
 *
 * @example
 * ```ts
 * import { json, Queue } from "@runnerbean/runnerbean";
 *
 * await using queue = await Queue.open();
 * const points = queue.tube("points", json<{ x: number; y: number }>());
 * await points.put({ x: 1, y: 2 });
 * ```
 */
export function json<Body>(): StandardSchema<Body, Serialized<Body>> {
  return {
    "~standard": {
      version: 1,
      vendor: "runnerbean",
      validate: (value) => ({ value: value as Serialized<Body> }),
    },
  };
}
