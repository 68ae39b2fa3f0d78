// Reads who there is and what each may:
//
//     # name   what it may, for which tubes    its tokens
//     mailer   put=mail.*,news reserve=mail.*  token=sha256:9f86d0…  expires=2027-01-31
//     ops      admin=*                         token=…  token=…
//
// A complaint says line and field and never what stands there: that may be a token in the wrong place.

import { LEAST_TOKEN_LENGTH, MOST_FILE_BYTES, MOST_TOKEN_LENGTH, MOST_TOKENS } from "./limits.ts";
import type { Grant } from "./identity.ts";
import { SCOPES } from "./scopes.ts";
import type { Scope } from "./scopes.ts";
import { tubePattern } from "./tube_pattern.ts";

/** SHA-256 of a text's UTF-8. */
export type Digest = (text: string) => Uint8Array;

/** A token as it is kept: nobody who reads the memory of the server, or its file, can log in with it. */
export interface TokenEntry {
  readonly digest: Uint8Array;
  /** Milliseconds since 1970, or Infinity. */
  readonly expiresAt: number;
}

export interface IdentityEntry {
  readonly name: string;
  readonly grants: readonly Grant[];
  /** May be none: then only a listener or a certificate can give this identity. */
  readonly tokens: readonly TokenEntry[];
}

/** What a text of tokens says. */
export interface TokenList {
  readonly identities: readonly IdentityEntry[];
  /** A token is written out in it, so that nobody else should read it. */
  readonly hasPlainTokens: boolean;
}

export interface TokenListProblem {
  readonly problem: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;
const TOKEN = /^[A-Za-z0-9._~+/=-]+$/;
const SHA256 = /^sha256:([0-9a-f]{64})$/i;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/;

/** Whether a text can be a token at all. */
export function isToken(text: string): boolean {
  return text.length >= LEAST_TOKEN_LENGTH && text.length <= MOST_TOKEN_LENGTH && TOKEN.test(text);
}

/** Reads a text of lines; `source` names it in complaints. */
export function parseTokens(text: string, source: string, digest: Digest): TokenList | TokenListProblem {
  if (text.length > MOST_FILE_BYTES) {
    return { problem: `${source}: expected at most ${MOST_FILE_BYTES} bytes` };
  }
  const reader = new LineReader(digest);
  const lines = text.split(/\r?\n|\r/);
  for (const [i, line] of lines.entries()) {
    const problem = reader.read(line, i + 1);
    if (problem !== null) return { problem: `${source}: line ${i + 1}: ${problem}` };
  }
  if (reader.identities.length === 0) return { problem: `${source}: expected at least one identity` };
  return reader;
}

class LineReader implements TokenList {
  readonly identities: IdentityEntry[] = [];
  hasPlainTokens = false;
  private readonly digest: Digest;
  private readonly lineOfName = new Map<string, number>();
  private readonly lineOfToken = new Map<string, number>();
  // The line being read.
  private grants: Grant[] = [];
  private tokens: TokenEntry[] = [];
  private hasExpiry = false;

  constructor(digest: Digest) {
    this.digest = digest;
  }

  /** Reads a line; what is wrong with it, or null. */
  read(line: string, number: number): string | null {
    const words = line.replace(/(^|\s)#.*$/, "").trim().split(/\s+/);
    const [name, ...fields] = words;
    if (name === "") return null;
    if (!NAME.test(name)) return `name: expected 1 to 64 of A-Z a-z 0-9 . _ @ -, first a letter or digit`;
    const before = this.lineOfName.get(name);
    if (before !== undefined) return `name: line ${before} has the same; give one line several tokens`;
    this.lineOfName.set(name, number);
    this.grants = [];
    this.tokens = [];
    this.hasExpiry = false;
    for (const [i, field] of fields.entries()) {
      const problem = this.field(field, i + 2, number);
      if (problem !== null) return problem;
    }
    if (this.grants.length === 0) return `expected at least one of ${SCOPES.join("=, ")}=`;
    this.identities.push({ name, grants: this.grants, tokens: this.tokens });
    return null;
  }

  private field(field: string, place: number, line: number): string | null {
    const equals = field.indexOf("=");
    const key = field.slice(0, Math.max(equals, 0));
    const value = field.slice(equals + 1);
    if (key === "token") return this.token(value, line);
    if (key === "expires") return this.expiry(value);
    if (!(SCOPES as readonly string[]).includes(key)) {
      return `word ${place}: expected ${SCOPES.join("=, ")}=, token= or expires=`;
    }
    for (const text of value.split(",")) {
      const pattern = tubePattern(text);
      if (pattern === null) return `${key}: expected tube names separated by commas, in which * is any text`;
      this.grants.push({ scope: key as Scope, pattern });
    }
    return null;
  }

  private token(value: string, line: number): string | null {
    const hex = SHA256.exec(value);
    if (hex === null && !isToken(value)) {
      return `token: expected sha256: and 64 hexadecimal digits, or ${LEAST_TOKEN_LENGTH} to ` +
        `${MOST_TOKEN_LENGTH} of A-Z a-z 0-9 - . _ ~ + / =`;
    }
    if (hex === null) this.hasPlainTokens = true;
    const digest = hex === null ? this.digest(value) : bytesOf(hex[1]);
    const key = digest.join();
    const before = this.lineOfToken.get(key);
    if (before !== undefined) return `token: line ${before} has the same`;
    if (this.lineOfToken.size === MOST_TOKENS) return `token: expected at most ${MOST_TOKENS} tokens in all`;
    this.lineOfToken.set(key, line);
    this.tokens.push({ digest, expiresAt: Infinity });
    this.hasExpiry = false;
    return null;
  }

  /** That of the token before it. */
  private expiry(value: string): string | null {
    const token = this.tokens.at(-1);
    if (token === undefined) return "expires: expected behind the token that it is for";
    if (this.hasExpiry) return "expires: expected once for each token";
    const expiresAt = instantOf(value);
    if (expiresAt === null) {
      return "expires: expected a date such as 2027-01-31, or with a time 2027-01-31T18:00:00Z";
    }
    this.hasExpiry = true;
    this.tokens[this.tokens.length - 1] = { ...token, expiresAt };
    return null;
  }
}

/** A day begins at midnight of universal time, and with it the token is no longer good. */
function instantOf(text: string): number | null {
  const match = DATE.exec(text);
  if (match === null) return null;
  const [year, month, day] = match.slice(1, 4).map(Number);
  const isDay = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day && month >= 1 && month <= 12;
  const instant = Date.parse(text);
  return isDay && day > 0 && !Number.isNaN(instant) ? instant : null;
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
}
