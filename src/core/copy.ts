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
const SHORT_BYTES = 24;

/** Short stretches by a loop, others by `long`. */
export function copierWith(long: CopyBytes): CopyBytes {
  return (target, at, source, from, to) => {
    if (to - from > SHORT_BYTES) long(target, at, source, from, to);
    else for (let i = from; i < to; i++) target[at++] = source[i];
  };
}

/** Works everywhere. A long stretch makes a small object; a runtime that can do without brings its own way. */
export const copyBytes: CopyBytes = copierWith((target, at, source, from, to) => {
  target.set(source.subarray(from, to), at);
});
