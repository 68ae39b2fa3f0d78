// Sessions of the console: a browser that has shown a token once gets a cookie instead, so that no page's script ever sees
// the token again, and a second secret that only our own pages can read and that each change must carry.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Identity } from "../../access/identity.ts";

export interface Session {
  /** For the header of changing requests. */
  readonly csrf: string;
  identity: Identity;
  usedAt: number;
  readonly endsAt: number;
}

/** A session ends so long after it began, and when it was not used for so long, in milliseconds. */
export const LONGEST_SESSION_MS = 43_200_000;
export const LONGEST_IDLE_MS = 7_200_000;
/** Sessions at once; the oldest goes. */
const MOST_SESSIONS = 1000;
const SECRET_BYTES = 32;

export class Sessions {
  /** By the digest of the cookie's value, oldest first. */
  readonly #byDigest = new Map<string, Session>();

  /** Begins a session. Returns it with the value of its cookie. */
  open(identity: Identity, now: number): { readonly session: Session; readonly id: string } {
    const id = secret();
    const endsAt = Math.min(now + LONGEST_SESSION_MS, identity.expiresAt);
    const session = { csrf: secret(), identity, usedAt: now, endsAt };
    this.#byDigest.set(digestOf(id), session);
    if (this.#byDigest.size > MOST_SESSIONS) this.#byDigest.delete(this.#byDigest.keys().next().value!);
    return { session, id };
  }

  /** The session of a cookie, if it still goes on. */
  find(id: string, now: number): Session | null {
    const key = digestOf(id);
    const session = this.#byDigest.get(key);
    if (session === undefined) return null;
    if (now >= session.endsAt || now >= session.usedAt + LONGEST_IDLE_MS) {
      this.#byDigest.delete(key);
      return null;
    }
    session.usedAt = now;
    return session;
  }

  close(id: string): void {
    this.#byDigest.delete(digestOf(id));
  }
}

/** Compares two texts in a time that does not depend on where they differ. */
export function isSameSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash("sha256").update(a).digest(), createHash("sha256").update(b).digest());
}

function secret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

function digestOf(id: string): string {
  return createHash("sha256").update(id).digest("hex");
}
