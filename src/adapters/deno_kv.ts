// A Deno KV behind the port. Deno's own and the npm package for Node and Bun have the same face, which is the one below.
//
// A store in a file answers "database is locked" when another process is just writing to it: nothing was written then, and
// it is tried again for some seconds. Any other error leaves it open whether something was written.

import type { KvCheck, KvEntry, KvKey, KvMutation, KvStore } from "../ports/kv.ts";

/** The part of a Deno KV that is used here. */
export interface DenoKv {
  get(key: KvKey): Promise<DenoKvEntry>;
  list(selector: { prefix: KvKey }, options: { batchSize: number }): AsyncIterable<DenoKvEntry>;
  atomic(): DenoKvAtomic;
  close(): void;
}

interface DenoKvEntry {
  readonly key: KvKey;
  readonly value: unknown;
  readonly versionstamp: string | null;
}

interface DenoKvAtomic {
  check(check: KvCheck): DenoKvAtomic;
  set(key: KvKey, value: Uint8Array): DenoKvAtomic;
  delete(key: KvKey): DenoKvAtomic;
  commit(): Promise<{ ok: true; versionstamp: string } | { ok: false }>;
}

/** So long it is tried again; shorter than a lease is valid. */
const PATIENCE_MS = 5000;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 100;

class DenoKvStore implements KvStore {
  private readonly kv: DenoKv;
  private isClosed = false;

  constructor(kv: DenoKv) {
    this.kv = kv;
  }

  async get(key: KvKey): Promise<KvEntry | null> {
    const entry = await patiently(() => this.kv.get(key));
    return entry.versionstamp === null ? null : checked(entry);
  }

  async *list(prefix: KvKey, batchSize: number): AsyncIterable<KvEntry> {
    for await (const entry of this.kv.list({ prefix }, { batchSize })) yield checked(entry);
  }

  async commit(checks: readonly KvCheck[], mutations: readonly KvMutation[]): Promise<string | null> {
    const result = await patiently(() => {
      let atomic = this.kv.atomic();
      for (const check of checks) atomic = atomic.check(check);
      for (const { key, value } of mutations) {
        atomic = value === null ? atomic.delete(key) : atomic.set(key, value);
      }
      return atomic.commit();
    });
    return result.ok ? result.versionstamp : null;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.kv.close();
  }
}

/** Opens one, which may have to wait for another process as well. */
export async function openDenoKv(open: () => Promise<DenoKv>): Promise<KvStore> {
  return new DenoKvStore(await patiently(open));
}

function checked({ key, value, versionstamp }: DenoKvEntry): KvEntry {
  if (value instanceof Uint8Array) return { key, value, versionstamp: versionstamp! };
  throw new Error(`the value of ${JSON.stringify(key)} is not bytes: it was not written by Runnerbean`);
}

async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (let pause = FIRST_PAUSE_MS;; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
    try {
      return await attempt();
    } catch (error) {
      const { message } = error as Error;
      if (!/database is locked/i.test(message) || performance.now() > giveUpAt) {
        throw new Error(message.split("\n", 1)[0]); // the npm package appends a trace
      }
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
