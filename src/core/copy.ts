// Copying bytes, the one thing that is done with every body.

/** Copies `source[from, to)` to `target`, from byte `at` on. */
export type CopyBytes = (
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  from: number,
  to: number,
) => void;

/** Up to so many bytes are copied by a loop: a call into the runtime costs more. */
export const SHORT_BYTES = 24;

/** Works everywhere. Longer stretches make a small object each; a runtime that can do without brings its own. */
export function copyBytes(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  from: number,
  to: number,
): void {
  if (to - from > SHORT_BYTES) target.set(source.subarray(from, to), at);
  else copyShort(target, at, source, from, to);
}

/** By a loop. */
export function copyShort(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) target[at++] = source[i];
}
