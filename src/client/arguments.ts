// Checks what callers give before anything is sent: the protocol would answer BAD_FORMAT, or take it for something else.

import {
  DEFAULT_LISTED_JOBS,
  LINE_BYTES,
  MAX_LISTED_JOBS,
  MAX_RESERVE_TIMEOUT_S,
  TUBE_NAME_BYTES,
} from "../core/limits.ts";
import type { PutNumbers } from "./backend.ts";
import { QueueError } from "./errors.ts";
import type { PutOptions, ReserveOptions } from "./face.ts";

/** The largest number of seconds, and the largest priority. */
export const MAX_U32 = 0xffff_ffff;
/** Longer timers fire at once on every runtime. In milliseconds. */
export const LONGEST_TIMER_MS = 2_147_483_647;
const TUBE_NAME = /^[A-Za-z0-9+/;.$_()][-A-Za-z0-9+/;.$_()]*$/;
export const DEFAULT_PRIORITY = 1024;
export const DEFAULT_TTR_S = 60;
/** Jobs that one reserveMany may ask for: its answers are held in memory on both sides. */
const MOST_RESERVED_AT_ONCE = 10_000;

function wrong(what: string): QueueError {
  return new QueueError("BAD_FORMAT", what);
}

/** The name, if it is one. */
export function tubeName(name: string): string {
  if (typeof name === "string" && TUBE_NAME.test(name) && name.length <= TUBE_NAME_BYTES) return name;
  throw wrong(
    `not a tube name: ${
      JSON.stringify(name)
    } (1 to ${TUBE_NAME_BYTES} of A-Z a-z 0-9 -+/;.$_(), no hyphen first)`,
  );
}

/** The value, if it is a whole number in the range. */
export function wholeNumber(what: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw wrong(`${what} is ${shown(value)}: a whole number from ${least} to ${most} is needed`);
}

/** The value, if it is a number in the range, whole or not. */
export function anyNumber(what: string, value: number, least: number, most: number): number {
  if (typeof value === "number" && value >= least && value <= most) return value;
  throw wrong(`${what} is ${shown(value)}: a number from ${least} to ${most} is needed`);
}

/** The value, if it is a function or left out. */
export function functionOf<T>(what: string, value: T): T {
  if (value === undefined || typeof value === "function") return value;
  throw wrong(`${what} is ${shown(value)}: a function is needed`);
}

/** The value, if it is one of some words. */
export function oneOf<T extends string>(what: string, value: unknown, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T;
  throw wrong(`${what} is ${shown(value)}: ${allowed.map((word) => `"${word}"`).join(" or ")} is needed`);
}

/** A port to listen at or to connect to. */
export function portOf(value: number, least: number): number {
  return wholeNumber("port", value, least, 65_535);
}

/** A value as it stands in a message. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "object" && value !== null || typeof value === "function"
    ? `a ${Array.isArray(value) ? "list" : typeof value}`
    : String(value);
}

export function priorityOf(value: number): number {
  return wholeNumber("priority", value, 0, MAX_U32);
}

export function secondsOf(what: string, value: number, least: number = 0): number {
  return wholeNumber(what, value, least, MAX_U32);
}

export function jobId(value: number): number {
  return wholeNumber("a job's id", value, 0, Number.MAX_SAFE_INTEGER);
}

export function reserveCount(value: number): number {
  return wholeNumber("count", value, 1, MOST_RESERVED_AT_ONCE);
}

export function kickCount(value: number): number {
  return wholeNumber("count", value, 0, MAX_U32);
}

/** Bytes of a line without its CR LF. */
const LINE_TEXT_BYTES = LINE_BYTES - 2;
const CURSOR = /^[0-9.:]{1,65}$/;

export function listLimit(value: number | undefined): number {
  return wholeNumber("limit", value ?? DEFAULT_LISTED_JOBS, 1, MAX_LISTED_JOBS);
}

/** What ends a line that asks for a page: nothing, or the cursor behind a space. */
export function cursorArgument(cursor: string | null | undefined): string {
  if (cursor === null || cursor === undefined) return "";
  if (CURSOR.test(cursor)) return ` ${cursor}`;
  throw wrong(`not a cursor: ${JSON.stringify(cursor)}`);
}

export function stateWord(state: string, allowed: readonly string[]): string {
  if (allowed.includes(state)) return state;
  throw wrong(`not a state: ${JSON.stringify(state)} (one of ${allowed.join(", ")} is needed)`);
}

/** Whether a tube must be in use and be named by a hyphen, since with its own name the line is too long. */
export function isTooLong(line: string): boolean {
  return line.length > LINE_TEXT_BYTES;
}

/** Seconds, or null for ever. */
export function timeoutOf(options: ReserveOptions): number | null {
  const { timeout } = options;
  return timeout === undefined ? null : wholeNumber("timeout", timeout, 0, MAX_RESERVE_TIMEOUT_S);
}

const DEFAULT_NUMBERS: PutNumbers = { priority: DEFAULT_PRIORITY, delay: 0, ttr: DEFAULT_TTR_S };

/** Complete and checked. */
export function putNumbers(options: PutOptions | undefined): PutNumbers {
  if (options === undefined) return DEFAULT_NUMBERS;
  const { priority = DEFAULT_PRIORITY, delay = 0, ttr = DEFAULT_TTR_S } = options;
  return { priority: priorityOf(priority), delay: secondsOf("delay", delay), ttr: secondsOf("ttr", ttr, 1) };
}
