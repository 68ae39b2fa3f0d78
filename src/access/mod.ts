// Access control, as the rest of the house uses it.

export { Access } from "./access.ts";
export { ANYONE } from "./identity.ts";
export type { Identity } from "./identity.ts";
export type { Scope } from "./scopes.ts";
