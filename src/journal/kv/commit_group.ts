// What goes to the store in one atomic commit: a stretch of what was recorded, in order, with one mutation per key however
// often a job changed. Groups are committed one after the other, so that after a crash the store is as it was after some
// record, never in between.

import type { KvMutation } from "../../ports/kv.ts";
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
  private readonly pieces = new Map<string, KvMutation>();

  constructor(number: number, layout: KvLayout) {
    this.number = number;
    this.layout = layout;
  }

  /** Whether one more mutation with such a value has its place. */
  fits(valueBytes: number): boolean {
    return this.jobs.size + this.pieces.size < KV_COMMIT_MUTATIONS - RESERVED_MUTATIONS &&
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

  setPiece(id: number, file: number, index: number, value: Uint8Array): void {
    this.pieces.set(pieceName(id, file, index), { key: this.layout.piece(id, file, index), value });
    this.bytes += value.length + KEY_BYTES;
  }

  removePiece(id: number, file: number, index: number): void {
    const name = pieceName(id, file, index);
    const before = this.pieces.get(name);
    if (before !== undefined) {
      // Pieces are written once: what this group has not written yet is nowhere.
      this.pieces.delete(name);
      this.bytes -= KEY_BYTES + (before.value?.length ?? 0);
      return;
    }
    this.pieces.set(name, { key: this.layout.piece(id, file, index), value: null });
    this.bytes += KEY_BYTES;
  }

  mutations(): KvMutation[] {
    const all = [...this.pieces.values()];
    for (const [id, value] of this.jobs) all.push({ key: this.layout.job(id), value });
    return all;
  }
}

function pieceName(id: number, file: number, index: number): string {
  return `${id} ${file} ${index}`;
}
