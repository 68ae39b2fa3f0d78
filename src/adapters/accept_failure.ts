// What a failed accept means, for every adapter that calls accept itself.
//
// Most failures concern one connection, which was reset before it was taken: the next one may be fine, so accept is called
// again at once. Only when the process or the machine has run out of something is there nothing to gain by that.

/** Pause after a failure that would repeat itself, in milliseconds. */
export const ACCEPT_PAUSE_MS = 100;

/** Failures in a row that say nothing of exhaustion: after so many the listener itself is taken for broken. */
const MOST_IN_A_ROW = 1000;
const EXHAUSTED: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);
/** The listener is gone or is none. */
const BROKEN: ReadonlySet<unknown> = new Set(["EBADF", "EINVAL", "ENOTSOCK", "EOPNOTSUPP"]);

/** How many milliseconds to wait after a failure, which is the nth in a row (from 1). 0: none. */
export function acceptPauseMs(error: unknown, inARow: number): number {
  const { code } = error as { code?: unknown };
  const isLasting = EXHAUSTED.has(code) || BROKEN.has(code) || (code === undefined && inARow > MOST_IN_A_ROW);
  return isLasting ? ACCEPT_PAUSE_MS : 0;
}
