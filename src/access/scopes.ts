// What may be allowed: four scopes, each for the tubes that a pattern names. A set of scopes is a number, so that one look
// answers a question on the way of every command.

/** The scopes by name. `admin` includes the others. */
export type Scope = "put" | "reserve" | "read" | "admin";

export const SCOPES: readonly Scope[] = ["put", "reserve", "read", "admin"];

/** A set of scopes: the sum of their bits. */
export const SCOPE_BITS: Readonly<Record<Scope, number>> = { put: 1, reserve: 2, read: 4, admin: 8 };

export const NO_SCOPE = 0;
export const ALL_SCOPES = 15;
