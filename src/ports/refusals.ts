// Why a server refuses something: the reasons, in one list. Whoever refuses reports it with one of them.

/**
 * All reasons, in the order in which they are shown: the name of each is a label of metrics and a key of `stats`, so it is never
 * changed. What each means, and what to do about it, is in server/refusal_table.ts.
 */
export const REFUSAL_REASONS = [
  "disk",
  "memory",
  "allocation",
  "descriptors",
  "connections",
  "silent",
  "lease",
  "draining",
  "job-size",
  "truncate",
  "unauthorized",
  "token",
  "attempts",
  "stranger",
  "http-request",
  "tls-greeting",
  "tls-handshake",
  "http-connections",
  "http-timeout",
  "http-bad-request",
  "http-origin",
  "http-leases",
  "http-events",
  "websocket",
] as const;

/** One of the reasons. */
export type RefusalReason = typeof REFUSAL_REASONS[number];

/** Takes note of refusals. */
export interface RefusalReporter {
  /**
   * Something was refused. `peer` is the address of whom, as a person reads it; null when that is not known. Never throws, and
   * may be called at any time and as often as something is refused: what is printed of it is limited elsewhere.
   */
  refused(reason: RefusalReason, peer: string | null): void;
}
