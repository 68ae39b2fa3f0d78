// Who is who: identities by token and by name.
// Invariants: tokens are kept and compared as digests; a look compares with every one of them to the last byte, so that the
// time it takes tells nothing about any.

import { GrantedIdentity } from "./identity.ts";
import type { Identity } from "./identity.ts";
import { isToken } from "./token_file.ts";
import type { Digest, IdentityEntry } from "./token_file.ts";

interface Credential {
  readonly digest: Uint8Array;
  readonly identity: Identity;
}

export class Access {
  /** Counts replacements: who keeps an identity has it renewed when this has changed. */
  version = 0;
  private readonly digest: Digest;
  private credentials: Credential[] = [];
  private readonly byName = new Map<string, Identity>();
  /** The token by which an identity was found, for as long as somebody has the identity. */
  private readonly digests = new WeakMap<Identity, Uint8Array>();

  constructor(identities: readonly IdentityEntry[], digest: Digest) {
    this.digest = digest;
    this.learn(identities);
  }

  /** Who has this token; null when nobody has, or not any more. */
  identify(token: string, now: number = Date.now()): Identity | null {
    const identity = isToken(token) ? this.find(this.digest(token)) : null;
    return identity !== null && now < identity.expiresAt ? identity : null;
  }

  /** The identity of this name, for a listener or a certificate that stands for it. */
  named(name: string): Identity | null {
    return this.byName.get(name) ?? null;
  }

  /** What an identity has become: null when its token or its name is no longer known. */
  renewed(identity: Identity): Identity | null {
    const digest = this.digests.get(identity);
    return digest === undefined ? this.named(identity.name) : this.find(digest);
  }

  /** From now on these are known, and nobody else. */
  replace(identities: readonly IdentityEntry[]): void {
    this.version++;
    this.credentials = [];
    this.byName.clear();
    this.learn(identities);
  }

  private learn(identities: readonly IdentityEntry[]): void {
    for (const { name, grants, tokens } of identities) {
      this.byName.set(name, new GrantedIdentity(name, grants, Infinity));
      for (const { digest, expiresAt } of tokens) {
        const identity = new GrantedIdentity(name, grants, expiresAt);
        this.credentials.push({ digest, identity });
        this.digests.set(identity, digest);
      }
    }
  }

  private find(digest: Uint8Array): Identity | null {
    let found: Identity | null = null;
    for (const credential of this.credentials) {
      if (isEqual(credential.digest, digest)) found = credential.identity;
    }
    return found;
  }
}

/** Compares to the last byte, wherever they differ. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a[i] ^ b[i];
  return difference === 0;
}
