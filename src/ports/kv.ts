// What the journal needs of a key-value store with atomic commits: Deno KV, and what passes for it in tests. Values are
// plain bytes, which every client of a Deno KV reads alike.

/** Keys sort part by part: bytes, then text, then numbers. */
export type KvKey = readonly (Uint8Array | string | number)[];

export interface KvEntry {
  readonly key: KvKey;
  readonly value: Uint8Array;
  /** Rises with every commit that writes the key. */
  readonly versionstamp: string;
}

/** Writes the value, or removes the key. */
export interface KvMutation {
  readonly key: KvKey;
  readonly value: Uint8Array | null;
}

/** The key still has this versionstamp; null: it is not there. */
export interface KvCheck {
  readonly key: KvKey;
  readonly versionstamp: string | null;
}

export interface KvStore {
  /** The entry, or null when there is none. */
  get(key: KvKey): Promise<KvEntry | null>;
  /** The entries whose keys begin with these parts and go on, in the order of their keys. */
  list(prefix: KvKey, batchSize: number): AsyncIterable<KvEntry>;
  /**
   * All of it, durably, or nothing. Answers the new versionstamp, or null when a check did not hold and nothing was
   * written. A rejection says nothing of what was written. Values must not be changed until it is settled.
   */
  commit(checks: readonly KvCheck[], mutations: readonly KvMutation[]): Promise<string | null>;
  close(): void;
}

/** The limits of Deno KV, in bytes and in mutations per commit. */
export const KV_VALUE_BYTES = 65_536;
export const KV_COMMIT_BYTES = 819_200;
export const KV_COMMIT_MUTATIONS = 1000;
