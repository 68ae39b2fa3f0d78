// Remembers what puts with an idempotency key were answered, so that a put that is sent again, since its answer was lost,
// is answered the same and puts nothing. For ten minutes, and for so many keys: the oldest are forgotten first.

import { createHash } from "node:crypto";
import { Problem } from "./problem.ts";
import type { PutNumbers } from "./source.ts";

/** How long a key is remembered, in milliseconds. */
export const KEY_WINDOW_MS = 600_000;
/** How many keys are remembered. */
export const MAX_KEYS = 100_000;
/** Longest key, in characters. */
export const MAX_KEY_LENGTH = 255;

interface Kept {
  readonly fingerprint: string;
  readonly at: number;
  readonly id: Promise<number>;
}

export class PutMemory {
  /** In the order in which they came. */
  readonly #kept = new Map<string, Kept>();
  readonly #now: () => number;
  readonly #maxKeys: number;

  constructor(now: () => number = () => performance.now(), maxKeys: number = MAX_KEYS) {
    this.#now = now;
    this.#maxKeys = maxKeys;
  }

  /** The id of the put with this key of this caller: made now, or the time before. A put that fails is not remembered. */
  async once(caller: string, key: string, fingerprint: string, put: () => Promise<number>): Promise<number> {
    if (key.length === 0 || key.length > MAX_KEY_LENGTH) {
      throw new Problem(400, `1 to ${MAX_KEY_LENGTH} characters are expected`, { field: "Idempotency-Key" });
    }
    this.#forgetOld();
    const name = `${caller}\n${key}`;
    const known = this.#kept.get(name);
    if (known !== undefined) {
      if (known.fingerprint === fingerprint) return await known.id;
      throw new Problem(422, "the key was used for another job", { field: "Idempotency-Key" });
    }
    const kept: Kept = { fingerprint, at: this.#now(), id: put() };
    this.#kept.set(name, kept);
    try {
      return await kept.id;
    } catch (error) {
      if (this.#kept.get(name) === kept) this.#kept.delete(name);
      throw error;
    }
  }

  #forgetOld(): void {
    const expired = this.#now() - KEY_WINDOW_MS;
    for (const [name, { at }] of this.#kept) {
      if (at > expired && this.#kept.size < this.#maxKeys) return;
      this.#kept.delete(name);
    }
  }
}

/** What makes a put the same as another. */
export function fingerprintOf(tube: string, { priority, delay, ttr }: PutNumbers, body: Uint8Array): string {
  return createHash("sha256").update(`${tube} ${priority} ${delay} ${ttr}\n`).update(body).digest("base64");
}
