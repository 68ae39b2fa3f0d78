// Random numbers that a start needs.

import { IDENTITY_BYTES } from "../journal/segment.ts";

/** A number that strangers cannot guess. */
export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

/** The identity of a new log. */
export function randomIdentity(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(IDENTITY_BYTES));
}
