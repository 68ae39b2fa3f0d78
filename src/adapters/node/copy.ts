// Copying long stretches of bytes on Node and Bun: Buffer's copy makes no object per call, and on Bun takes half of the time
// of the usual way.

import { Buffer } from "node:buffer";

const { copy } = Buffer.prototype;

/** Copies `source[from, to)` to `target`, from byte `at` on. */
export function copyLong(target: Uint8Array, at: number, source: Uint8Array, from: number, to: number): void {
  copy.call(source as Buffer, target, at, from, to);
}
