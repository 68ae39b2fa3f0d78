// Reads numbers and names from the bytes of a line, with the reference's rules to the letter. No strings are made.

import { TUBE_NAME_BYTES } from "../core/limits.ts";

const SPACE = 0x20;
const DIGIT_0 = 0x30;
const MINUS = 0x2d;
const PLUS = 0x2b;
const MAX_U32 = 0xffff_ffff;
const MAX_U64_DIGITS: Uint8Array = new TextEncoder().encode("18446744073709551615");
/** Ids have at most this many digits, so a longer number names no job (nor does one above 2^53, though it is rounded). */
const ID_DIGITS = 16;
/** Numbers of so many digits stay far below 2^31 and need no care. */
const FEW_DIGITS = 9;

const NAME_BYTES: Uint8Array = markBytes(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-+/;.$_()",
);

function markBytes(allowed: string): Uint8Array {
  const marks = new Uint8Array(256);
  for (const byte of new TextEncoder().encode(allowed)) marks[byte] = 1;
  return marks;
}

function isDigit(byte: number): boolean {
  return byte >= DIGIT_0 && byte <= DIGIT_0 + 9;
}

/** What C's isspace holds for white space. */
function isWhite(byte: number): boolean {
  return byte === SPACE || (byte >= 9 && byte <= 13);
}

/** Whether `bytes[from, to)` is a tube name: 1 to 200 allowed bytes, the first not a hyphen. */
export function isTubeName(bytes: Uint8Array, from: number, to: number): boolean {
  if (to <= from || to - from > TUBE_NAME_BYTES || bytes[from] === MINUS) return false;
  for (let i = from; i < to; i++) if (NAME_BYTES[bytes[i]] === 0) return false;
  return true;
}

/** A cursor over `bytes[at, end)`. A read that fails sets `failed`, for good until the next `start`. */
export class Lexer {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  end = 0;
  failed = false;

  start(bytes: Uint8Array, at: number, end: number): void {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.failed = false;
  }

  /** Whether all was read and nothing is left. */
  get isComplete(): boolean {
    return !this.failed && this.at === this.end;
  }

  skipSpaces(): void {
    const { bytes, end } = this;
    let { at } = this;
    while (at < end && bytes[at] === SPACE) at++;
    this.at = at;
  }

  /** Spaces, then a number of 32 bits without sign. */
  u32(): number {
    this.skipSpaces();
    const { bytes, end } = this;
    const first = this.at;
    let { at } = this;
    let value = 0;
    for (; at < end && isDigit(bytes[at]) && value <= MAX_U32; at++) {
      value = value * 10 + (bytes[at] - DIGIT_0);
    }
    if (at === first || value > MAX_U32) this.failed = true;
    this.at = at;
    return value;
  }

  /** Spaces, then a number of 64 bits without sign. One that no job can have as its id is read as Infinity. */
  id(): number {
    this.skipSpaces();
    const { bytes, end } = this;
    const first = this.at;
    const most = Math.min(end, first + FEW_DIGITS);
    let { at } = this;
    let id = 0;
    for (; at < most && isDigit(bytes[at]); at++) id = id * 10 + (bytes[at] - DIGIT_0);
    if (at === first || (at < end && isDigit(bytes[at]))) return this.longId();
    this.at = at;
    return id;
  }

  private longId(): number {
    const { bytes } = this;
    const digits = this.digits();
    const from = this.at - digits;
    if (digits > ID_DIGITS) return Infinity;
    let value = 0;
    for (let i = from; i < this.at; i++) value = value * 10 + (bytes[i] - DIGIT_0);
    return value;
  }

  /** As C's strtoul reads it and a 32-bit variable keeps it: white space, a sign, digits; the result modulo 2^32. */
  looseU32(): number {
    const { bytes, end } = this;
    while (this.at < end && isWhite(bytes[this.at])) this.at++;
    const sign = this.at < end ? bytes[this.at] : 0;
    if (sign === MINUS || sign === PLUS) this.at++;
    const digits = this.digits();
    let value = 0;
    for (let i = this.at - digits; i < this.at; i++) {
      value = (value * 10 + (bytes[i] - DIGIT_0)) % (MAX_U32 + 1);
    }
    return sign === MINUS ? (-value >>> 0) : value;
  }

  /** Moves past bytes that a tube name may hold. Returns where they began; fails when there is none. */
  nameFrom(): number {
    this.skipSpaces();
    const from = this.at;
    while (this.at < this.end && NAME_BYTES[this.bytes[this.at]] === 1) this.at++;
    if (this.at === from) this.failed = true;
    return from;
  }

  /** Spaces, then all up to the next one. Returns where it begins; fails when there is nothing. */
  word(): number {
    this.skipSpaces();
    const from = this.at;
    while (this.at < this.end && this.bytes[this.at] !== SPACE) this.at++;
    if (this.at === from) this.failed = true;
    return from;
  }

  /** Moves past digits. Returns how many count (leading zeros do not); fails when there is none or 64 bits are too few. */
  private digits(): number {
    const { bytes, end } = this;
    const first = this.at;
    while (this.at < end && bytes[this.at] === DIGIT_0) this.at++;
    const from = this.at;
    while (this.at < end && isDigit(bytes[this.at])) this.at++;
    if (this.at === first) this.failed = true;
    const digits = this.at - from;
    const most = MAX_U64_DIGITS.length;
    if (digits > most || (digits === most && this.isAboveU64(from))) this.failed = true;
    return digits;
  }

  private isAboveU64(from: number): boolean {
    for (let i = 0; i < MAX_U64_DIGITS.length; i++) {
      const difference = this.bytes[from + i] - MAX_U64_DIGITS[i];
      if (difference !== 0) return difference > 0;
    }
    return false;
  }
}
