// How long a connection that we have closed may take to read what was sent before.

/** In milliseconds. A peer that reads nothing would keep its descriptor for ever. */
export const LINGER_MS = 10_000;

/** Calls `abort` when that time is over; nothing waits for it. */
export function abortLater(abort: () => void): void {
  const timer: unknown = setTimeout(abort, LINGER_MS);
  const { unref } = timer as { unref?: () => void };
  unref?.call(timer);
}
