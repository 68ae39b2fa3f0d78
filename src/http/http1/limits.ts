// Limits of the HTTP port. They apply to what is unfinished too: half a head, half a body, an answer nobody takes.

export interface HttpLimits {
  /** Open connections, WebSockets included. */
  readonly connections: number;
  /** A head (request line and headers) must be complete this long after its first byte, in milliseconds. */
  readonly headMs: number;
  /** A connection without a request under way is closed after so long, in milliseconds. */
  readonly idleMs: number;
  /** A peer that takes no byte of an answer for so long is disconnected, in milliseconds. */
  readonly stallMs: number;
  /** How long a peer may take to read a last answer and close, in milliseconds. */
  readonly lingerMs: number;
  /** Answers of all connections that have not been taken, in bytes; beyond it the slowest peer is disconnected. */
  readonly unsentBytes: number;
  /** Request bodies of all connections that are being received, in bytes; beyond it a request gets 503. */
  readonly bodyBytes: number;
}

export const HTTP_LIMITS: HttpLimits = {
  connections: 1024,
  headMs: 10_000,
  idleMs: 30_000,
  stallMs: 30_000,
  lingerMs: 2000,
  unsentBytes: 67_108_864,
  bodyBytes: 67_108_864,
};

/** Largest head, in bytes. */
export const MAX_HEAD_BYTES = 16_384;
/** Most header lines in a head. */
export const MAX_HEADERS = 100;
/** Unread input of a connection beyond which its socket is not read, in bytes. One more chunk may arrive. */
export const MAX_INPUT_BYTES = 16_384;
/** An unread rest of a request body up to this is skipped; a larger one closes the connection, in bytes. */
export const MAX_SKIPPED_BYTES = 65_536;
/** An answer is written in pieces of this many bytes, so that a slow reader shows progress. */
export const WRITE_BYTES = 65_536;
