// Assertions that stay on in production: a broken invariant stops the server, since shared state would be corrupt.

/** Thrown when the engine finds its own state broken: a bug in Runnerbean, never a client's mistake. */
export class InvariantError extends Error {
  /** @internal */
  override readonly name = "InvariantError";
  /** Stable name of the error, for programs. */
  readonly code = "INVARIANT";
}

/** Throws an {@link InvariantError} with the sentence that should have been true. */
export function assert(condition: boolean, truth: string): asserts condition {
  if (!condition) throw new InvariantError(`broken invariant: ${truth}`);
}
