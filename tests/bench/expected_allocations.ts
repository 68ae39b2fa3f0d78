// What the core may allocate: nothing, in these operations.

import { RUNTIME } from "../support/runtime.ts";

/**
 * What counts as nothing, in bytes an operation. A vector that grows from empty within a stretch of 2000 operations makes some
 * dozen arrays, 1.1 B an operation; one boxed number for each makes 12 or 16.
 */
export const NOTHING_BYTES = 3;

/** Names of engine operations of the micro benches. */
export const WITHOUT_ALLOCATION: readonly string[] = [
  "put",
  "reserve",
  "release",
  "release with a delay",
  "delete a reserved job",
  "delete a ready job",
  "touch",
  "bury",
  "kick-job",
  "peek",
  // Deno has no way to copy a long stretch without a view of it, an object of 104 bytes.
  ...(RUNTIME === "deno" ? [] : ["put, 100 B"]),
];
