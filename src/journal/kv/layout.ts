// How the jobs of a queue lie in a key-value store. docs/OPERATIONS.md tells it in words.
//
//   [name, "lease"]             who writes here: see lease.ts
//   [name, "meta"]              version u32, 0 u32, next id f64, sequence f64; written by every commit
//   [name, "job", id]           version u32, file u32, sequence f64; a put as in the binlog, with a small body
//   [name, "job", id, file, n]  piece n of a larger body, without its CR LF
//
// Sequence: counts what was recorded, over all lives of the queue. File: which writing of a body it is, and its number of
// pieces, in one u32: so a new body never lies under the keys of the old one, and a job says itself which keys it has.

import type { KvKey } from "../../ports/kv.ts";
import { KV_VALUE_BYTES } from "../../ports/kv.ts";

export const KV_FORMAT_VERSION = 1;
/** Bytes of a job's value before the put. */
export const VALUE_HEAD_BYTES = 16;
/** Bodies up to this many bytes, CR LF included, lie in the value of the job itself. */
export const INLINE_BYTES = 1024;
export const PIECE_BYTES: number = KV_VALUE_BYTES;
/** What a mutation counts for beside its value: its key with the longest queue name, packed, and some space. */
export const KEY_BYTES = 128;
/** Longest name of a queue. The keys of one commit must stay below 80 KiB. */
export const LONGEST_NAME = 32;

const PIECES_BITS = 15;
const WRITINGS = 2 ** (32 - PIECES_BITS) - 1;

export class KvLayout {
  readonly lease: KvKey;
  readonly meta: KvKey;
  readonly jobs: KvKey;
  private readonly name: string;

  constructor(name: string) {
    this.name = name;
    this.lease = [name, "lease"];
    this.meta = [name, "meta"];
    this.jobs = [name, "job"];
  }

  job(id: number): KvKey {
    return [this.name, "job", id];
  }

  piece(id: number, file: number, index: number): KvKey {
    return [this.name, "job", id, file, index];
  }
}

/** Pieces of a body of so many bytes, CR LF included. */
export function pieceCount(bodyBytes: number): number {
  return bodyBytes <= INLINE_BYTES ? 0 : Math.ceil((bodyBytes - 2) / PIECE_BYTES);
}

/** Never 0: that is the file of a job that was not recorded yet. */
export function fileOf(sequence: number, pieces: number): number {
  return (1 + sequence % WRITINGS) * 2 ** PIECES_BITS + pieces;
}

export function piecesOf(file: number): number {
  return file % 2 ** PIECES_BITS;
}

/** What every commit says of the queue as a whole. */
export interface KvMeta {
  readonly nextId: number;
  readonly sequence: number;
}

const META_BYTES = 24;

export function encodeMeta({ nextId, sequence }: KvMeta): Uint8Array {
  const view = new DataView(new ArrayBuffer(META_BYTES));
  view.setUint32(0, KV_FORMAT_VERSION, true);
  view.setFloat64(8, nextId, true);
  view.setFloat64(16, sequence, true);
  return new Uint8Array(view.buffer);
}

/** Null: this is none. */
export function decodeMeta(bytes: Uint8Array): KvMeta | null {
  if (bytes.length !== META_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, META_BYTES);
  const nextId = view.getFloat64(8, true);
  const sequence = view.getFloat64(16, true);
  if (!Number.isSafeInteger(nextId) || nextId < 1 || !Number.isSafeInteger(sequence) || sequence < 0) {
    return null;
  }
  return { nextId, sequence };
}
