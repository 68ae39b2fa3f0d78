// A key-value store that lives as long as its object, with the limits of Deno KV; and with faults on cue. Several handles
// share one content, as several processes share a file.

import type { KvCheck, KvEntry, KvKey, KvMutation, KvStore } from "../../ports/kv.ts";
import { KV_COMMIT_BYTES, KV_COMMIT_MUTATIONS, KV_VALUE_BYTES } from "../../ports/kv.ts";

/** What happens to a commit: it goes through, does not and says so, or does and nobody hears of it. */
export type KvFault = "none" | "refused" | "unknown";

export interface MemoryKvFaults {
  /** Asked for each commit, which waits until it is answered. */
  beforeCommit?: (mutations: readonly KvMutation[]) => KvFault | Promise<KvFault>;
}

/** The content, by key as text, sorted when it is listed. */
export class MemoryKvContent {
  readonly entries = new Map<string, KvEntry>();
  /** Commits that went through. */
  commits = 0;
}

export class MemoryKv implements KvStore {
  readonly content: MemoryKvContent;
  readonly faults: MemoryKvFaults = {};
  private isClosed = false;

  constructor(content: MemoryKvContent = new MemoryKvContent()) {
    this.content = content;
  }

  async get(key: KvKey): Promise<KvEntry | null> {
    await this.turn();
    return this.content.entries.get(nameOf(key)) ?? null;
  }

  async *list(prefix: KvKey, batchSize: number): AsyncIterable<KvEntry> {
    const found = [...this.content.entries.values()]
      .filter(({ key }) => key.length > prefix.length && prefix.every((part, i) => key[i] === part))
      .sort((a, b) => compare(a.key, b.key));
    for (const [index, entry] of found.entries()) {
      if (index % batchSize === 0) await this.turn();
      yield entry;
    }
  }

  async commit(checks: readonly KvCheck[], mutations: readonly KvMutation[]): Promise<string | null> {
    await this.turn();
    checkLimits(mutations);
    const fault = await this.faults.beforeCommit?.(mutations) ?? "none";
    await this.turn();
    if (fault === "refused") throw new Error("the commit was refused");
    const { entries } = this.content;
    const isFine = checks.every(({ key, versionstamp }) =>
      (entries.get(nameOf(key))?.versionstamp ?? null) === versionstamp
    );
    if (!isFine) return null;
    const versionstamp = String(++this.content.commits).padStart(20, "0");
    for (const { key, value } of mutations) {
      if (value === null) entries.delete(nameOf(key));
      else entries.set(nameOf(key), { key, value: value.slice(), versionstamp });
    }
    if (fault === "unknown") throw new Error("the connection was lost");
    return versionstamp;
  }

  close(): void {
    this.isClosed = true;
  }

  private async turn(): Promise<void> {
    await Promise.resolve();
    if (this.isClosed) throw new Error("the store is closed");
  }
}

function checkLimits(mutations: readonly KvMutation[]): void {
  let bytes = 0;
  for (const { key, value } of mutations) {
    const length = value?.length ?? 0;
    if (length > KV_VALUE_BYTES) throw new Error(`a value of ${length} bytes`);
    bytes += length + nameOf(key).length;
  }
  if (mutations.length > KV_COMMIT_MUTATIONS) throw new Error(`${mutations.length} mutations in a commit`);
  if (bytes > KV_COMMIT_BYTES) throw new Error(`${bytes} bytes in a commit`);
}

function nameOf(key: KvKey): string {
  return JSON.stringify(key.map((part) => part instanceof Uint8Array ? { bytes: [...part] } : part));
}

function compare(a: KvKey, b: KvKey): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = comparePart(a[i], b[i]);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function comparePart(a: KvKey[number], b: KvKey[number]): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [left, right] = [nameOf([a]), nameOf([b])];
  return left < right ? -1 : left > right ? 1 : 0;
}
