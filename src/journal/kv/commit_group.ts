// What goes to the store in one atomic commit: a stretch of what was recorded, in order, with one mutation per key however
// often a job changed. Groups are committed one after the other, so that after a crash the store is as it was after some
// record, never in between.

import type { KvKey, KvMutation } from "../../ports/kv.ts";
import { KV_COMMIT_BYTES, KV_COMMIT_MUTATIONS } from "../../ports/kv.ts";
import { KEY_BYTES } from "./layout.ts";
import type { KvLayout } from "./layout.ts";

/** Left for what every commit writes: meta and lease. */
const RESERVED_MUTATIONS = 4;
const RESERVED_BYTES = 4096;

export class CommitGroup {
  /** Groups are numbered from 1. */
  readonly number: number;
  /** With an allowance for the keys. */
  bytes = 0;
  private readonly layout: KvLayout;
  private readonly jobs = new Map<number, Uint8Array | null>();
  /** Jobs that no commit before this one can have written. */
  private readonly fresh = new Set<number>();
  private readonly others = new Map<string, KvMutation>();

  constructor(number: number, layout: KvLayout) {
    this.number = number;
    this.layout = layout;
  }

  /** Whether one more mutation with such a value has its place. */
  fits(valueBytes: number): boolean {
    return this.jobs.size + this.others.size < KV_COMMIT_MUTATIONS - RESERVED_MUTATIONS &&
      this.bytes + valueBytes + KEY_BYTES <= KV_COMMIT_BYTES - RESERVED_BYTES;
  }

  /** `isFresh`: no job had this id before. */
  setJob(id: number, value: Uint8Array, isFresh: boolean): void {
    const before = this.jobs.get(id);
    if (before === undefined) this.bytes += KEY_BYTES;
    this.bytes += value.length - (before?.length ?? 0);
    this.jobs.set(id, value);
    if (isFresh) this.fresh.add(id);
  }

  removeJob(id: number): void {
    const before = this.jobs.get(id);
    if (before !== undefined) this.bytes -= KEY_BYTES + (before?.length ?? 0);
    if (this.fresh.delete(id)) {
      this.jobs.delete(id);
      return;
    }
    this.jobs.set(id, null);
    this.bytes += KEY_BYTES;
  }

  /** For keys that are written once, and then only removed. */
  set(key: KvKey, value: Uint8Array): void {
    this.others.set(nameOf(key), { key, value });
    this.bytes += value.length + KEY_BYTES;
  }

  remove(key: KvKey): void {
    const name = nameOf(key);
    const before = this.others.get(name);
    if (before !== undefined) {
      // What this group has not written yet is nowhere.
      this.others.delete(name);
      this.bytes -= KEY_BYTES + (before.value?.length ?? 0);
      return;
    }
    this.others.set(name, { key, value: null });
    this.bytes += KEY_BYTES;
  }

  mutations(): KvMutation[] {
    const all = [...this.others.values()];
    for (const [id, value] of this.jobs) all.push({ key: this.layout.job(id), value });
    return all;
  }
}

function nameOf(key: KvKey): string {
  return key.join(" ");
}
