// What the fuzzer sends: a sequence of steps, each a few bytes on one connection. Plain data, so that a sequence can be
// repeated on other servers and made smaller.
//
// Strings are latin-1, one character is one byte, but for job ids: they differ from run to run, so a sequence names them by
// a character above latin-1 that stands for "the n-th id taken since this sequence began".
import { Buffer } from "node:buffer";

export interface Step {
  /** The connection, from 0; it is opened by its first step. */
  readonly on: number;
  /** The bytes, one write each. */
  readonly writes: readonly string[];
  /** What happens after the last write. */
  readonly then?: "halfClose" | "close";
}

export type Sequence = readonly Step[];

const FIRST_ID = 0x1000;
const ID_PLACES = 0x400;

/** Stands for the n-th id (from 0) that is taken in the sequence. */
export function idPlace(n: number): string {
  return String.fromCharCode(FIRST_ID + Math.max(0, Math.min(n, ID_PLACES - 1)));
}

const isPlace = (character: string): boolean => character.charCodeAt(0) >= FIRST_ID;

/** The step with real ids, when the sequence's first id is `firstId`. */
export function withIds(step: Step, firstId: number): Step {
  const writes = step.writes.map((text) =>
    text.replace(/[\u1000-\u13ff]/g, (place) => String(firstId + place.charCodeAt(0) - FIRST_ID))
  );
  return { ...step, writes };
}

/** The step after a put that took the n-th id was left out before it: later ids move down by one. */
export function withoutId(step: Step, n: number): Step {
  const moved = (text: string): string =>
    [...text].map((c) =>
      isPlace(c) && c.charCodeAt(0) > FIRST_ID + n ? String.fromCharCode(c.charCodeAt(0) - 1) : c
    ).join("");
  return { ...step, writes: step.writes.map(moved) };
}

/** Bytes as a reader wants to see them, long runs cut. */
export function printable(text: string): string {
  const shown = text.length > 300
    ? `${text.slice(0, 200)}… (${text.length} bytes) …${text.slice(-40)}`
    : text;
  return JSON.stringify(shown).replace(
    /[\u007f-\u00ff]/g,
    (c) => `\\x${Buffer.from(c, "latin1").toString("hex")}`,
  );
}
