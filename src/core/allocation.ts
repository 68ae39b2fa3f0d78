// The one place where the core takes memory for its tables and bodies, so that tests can have any allocation fail. A failed one
// throws a RangeError, as the runtimes do; whoever asks for memory does so before it changes anything.

/** What tests plant: called before each allocation, it throws if that one is to fail. */
export const allocations: { onTake: (() => void) | null } = { onTake: null };

export function takeBuffer(bytes: number): ArrayBuffer {
  allocations.onTake?.();
  return new ArrayBuffer(bytes);
}

export function takeBytes(bytes: number): Uint8Array {
  allocations.onTake?.();
  return new Uint8Array(bytes);
}

export function takeWords(count: number): Uint32Array {
  allocations.onTake?.();
  return new Uint32Array(count);
}

/** Runs what takes memory. False when there was none; any other error goes on. */
export function hasMemoryTo(take: () => void): boolean {
  try {
    take();
    return true;
  } catch (error) {
    return passUnlessOutOfMemory(error);
  }
}

/** Answers false to the error of a failed allocation, and throws any other one again. */
export function passUnlessOutOfMemory(error: unknown): false {
  // A stack that overflows is a RangeError, too, and a bug.
  if (!(error instanceof RangeError) || /stack|recursion/i.test(error.message)) throw error;
  return false;
}
