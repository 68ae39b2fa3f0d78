// Limits of access control: what a stranger can cost before it is known who that is, and how large a token file may be.

/** Characters of a token. Fewer could be guessed; more would not fit a line of the text protocol. */
export const LEAST_TOKEN_LENGTH = 16;
export const MOST_TOKEN_LENGTH = 200;

/** Tokens in all. A login compares with each, so that the time it takes tells nothing. */
export const MOST_TOKENS = 4096;

/** Bytes of a token file. */
export const MOST_FILE_BYTES = 4_194_304;

/** What strangers may have and do. */
export interface StrangerLimits {
  /** Connections that have not said who they are, at once; another one ends the oldest. */
  readonly connections: number;
  /** Bytes that such a connection may send. */
  readonly bytes: number;
  /** Time that it has, in milliseconds. */
  readonly ms: number;
  /** Wrong tokens on one connection before it is closed. */
  readonly attempts: number;
  /** Wrong tokens from one address within the window before it has to wait for the window's end. */
  readonly attemptsPerAddress: number;
  /** That window, in milliseconds. */
  readonly windowMs: number;
  /** Addresses that are remembered; the oldest is forgotten. */
  readonly addresses: number;
}

export const STRANGER_LIMITS: StrangerLimits = {
  connections: 256,
  bytes: 4096,
  ms: 10_000,
  attempts: 3,
  attemptsPerAddress: 20,
  windowMs: 60_000,
  addresses: 10_000,
};
