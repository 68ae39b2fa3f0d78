// What the core may allocate: nothing, in these operations.

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
  "delete a reserved job",
  "delete a ready job",
  "touch",
  "bury",
  "kick-job",
  "peek",
];
