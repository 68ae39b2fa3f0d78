// Who somebody is, and what that allows.
// Invariant: an identity does not change; after a reload there are new ones, and who had an old one asks for its successor.

import type { Glob } from "../core/glob.ts";
import { ALL_SCOPES, NO_SCOPE, SCOPE_BITS } from "./scopes.ts";
import type { Scope } from "./scopes.ts";

export interface Identity {
  readonly name: string;
  /** What it may, in a form of which two are equal when the rights are. */
  readonly rights: string;
  /** Until when it is good, in milliseconds since 1970; Infinity = always. */
  readonly expiresAt: number;
  /** Whether it has the scope for a tube of this name. */
  may(scope: Scope, tube: Uint8Array | string): boolean;
  /** Whether it has the scope for some tube. */
  mayAnywhere(scope: Scope): boolean;
  /** Whether it has the scope for every tube there may be: what concerns the whole server needs that. */
  mayEverywhere(scope: Scope): boolean;
  /** The set of its scopes for the tube named `name[from, to)`. */
  scopesOf(name: Uint8Array, from: number, to: number): number;
  /** The same for a name whose bytes never change, as a tube keeps them: found out once for each. */
  scopesOfTube(name: Uint8Array): number;
}

/** One scope for the tubes of one pattern. */
export interface Grant {
  readonly scope: Scope;
  readonly pattern: Glob;
}

const encoder = new TextEncoder();

/** An identity that has what it was granted. */
export class GrantedIdentity implements Identity {
  readonly name: string;
  readonly rights: string;
  readonly expiresAt: number;
  private readonly grants: readonly Grant[];
  /** By the array that holds a tube's name, which goes with the tube. */
  private readonly known = new WeakMap<Uint8Array, number>();

  constructor(name: string, grants: readonly Grant[], expiresAt: number) {
    this.name = name;
    this.grants = grants;
    this.rights = grants.map(({ scope, pattern }) => `${scope}=${pattern.text}`).join(" ");
    this.expiresAt = expiresAt;
  }

  may(scope: Scope, tube: Uint8Array | string): boolean {
    const name = typeof tube === "string" ? encoder.encode(tube) : tube;
    return (this.scopesOf(name, 0, name.length) & SCOPE_BITS[scope]) !== 0;
  }

  mayAnywhere(scope: Scope): boolean {
    return this.grants.some((grant) => includes(grant.scope, scope));
  }

  mayEverywhere(scope: Scope): boolean {
    return this.grants.some((grant) => grant.pattern.isAll && includes(grant.scope, scope));
  }

  scopesOf(name: Uint8Array, from: number, to: number): number {
    let scopes = NO_SCOPE;
    for (const { scope, pattern } of this.grants) {
      if (pattern.fits(name, from, to)) scopes |= scope === "admin" ? ALL_SCOPES : SCOPE_BITS[scope];
    }
    return scopes;
  }

  scopesOfTube(name: Uint8Array): number {
    let scopes = this.known.get(name);
    if (scopes === undefined) this.known.set(name, scopes = this.scopesOf(name, 0, name.length));
    return scopes;
  }
}

function includes(granted: Scope, asked: Scope): boolean {
  return granted === asked || granted === "admin";
}

/** Who may do everything: everybody, where no access control is configured. */
export const ANYONE: Identity = {
  name: "anyone",
  rights: "admin=*",
  expiresAt: Infinity,
  may: () => true,
  mayAnywhere: () => true,
  mayEverywhere: () => true,
  scopesOf: () => ALL_SCOPES,
  scopesOfTube: () => ALL_SCOPES,
};
