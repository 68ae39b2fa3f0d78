// The documented differences: everywhere else each reply byte must be equal.
//
// Two kinds. Commands that are not compared: the generator may produce them, but the step that holds one is left out, since
// the reference is wrong or depends on the instant there. And bytes of a reply that may differ. Each with its reason.
import { type Ask, parsePut } from "./framing.ts";

/** Reasons found by framing and by the situation (see there); here with what is behind them. */
export const NOT_COMPARED = {
  framing:
    "the reference loses the line, or the next one, at a CR that is bare or at a 224-byte boundary; Runnerbean does not",
  upload:
    "the reference shows a job whose body has not arrived yet to peek and stats-job; for Runnerbean it does not exist",
  waitingOrder:
    "several waiters of one tube: the reference serves 4 and more, and those after a removal, in an odd order; " +
    "Runnerbean serves first come, first served",
  allAtOnce:
    "when a connection ends that holds several jobs, the reference gives the first of them to a waiter before the next " +
    "is ready; for Runnerbean all are ready first, and the best one goes first",
  reserveNumber:
    "reserve-with-timeout takes other numbers in 1.12 (any text, negative, 2^31 and more) than in 1.13",
  http: "a first line that looks like HTTP closes the connection in Runnerbean",
  unread:
    "the reference reads nothing from a connection that waits, not even its end behind 64 KiB; Runnerbean does",
  refusedPut:
    "the reference runs the body of a put line in the wrong form; without --strict Runnerbean passes over it",
  ownWord: "without --strict Runnerbean knows words of its own",
  clock: "the time falls due while the sequence runs",
} as const;

export type NotCompared = keyof typeof NOT_COMPARED;

/** Times shorter than this could run out within a sequence on a slow machine. */
const SHORTEST_SECONDS = 100;

const shortTime = (seconds: number): boolean => seconds > 0 && seconds < SHORTEST_SECONDS;

const OWN_WORD = /^(?:truncate|delete-tube|list-jobs|capabilities|ping|drain|auth)(?: |$)/;
const OWN_KEY =
  /^(?:cmd-(?:truncate|delete-tube|list-jobs|capabilities|ping|drain)|refused-[a-z-]+|refusing): /;

/** Why this line is not compared; `first`: it is the first of its connection. */
export function lineNotCompared(ask: Ask, first: boolean, isStrict: boolean): NotCompared | undefined {
  const { line } = ask;
  if (first && /^[A-Z]+ .* HTTP\/\d/.test(line)) return "http";
  if (!isStrict) {
    if (first && (line.startsWith("\x16") || / HTTP\/\d(?:\.\d)?[ \t\r]*(?:\n|$)/i.test(line))) return "http";
    if (isRefusedPut(line)) return "refusedPut";
    if (OWN_WORD.test(line)) return "ownWord";
  }
  if (line.startsWith("reserve-with-timeout ")) {
    const number = /^reserve-with-timeout +(\d+)/.exec(line)?.[1];
    if (number === undefined || Number(number) > 2147483647) return "reserveNumber";
    if (shortTime(Number(number))) return "clock";
  }
  if (usesShortTime(line)) return "clock";
  return undefined;
}

/** A put line that may be passed over with a body. */
function isRefusedPut(line: string): boolean {
  if (!line.startsWith("put ")) return false;
  const put = parsePut(line);
  return line.includes("\0") || put === undefined || put.rest !== "";
}

function usesShortTime(line: string): boolean {
  const put = line.startsWith("put ") ? parsePut(line) : undefined;
  if (put) return shortTime(put.delay) || put.ttr < SHORTEST_SECONDS;
  const release = /^release +\d+ +\d+ +(\d+)$/.exec(line);
  if (release) return shortTime(Number(release[1]));
  const pause = /^pause-tube *[^ ]+ +(\d+)$/.exec(line);
  return pause !== null && shortTime(Number(pause[1]));
}

/** Fields whose value is the server's own or depends on the instant: how much they may differ. */
const NOISY_FIELDS: Record<string, RegExp | number> = {
  "pid": /^\d+$/, // two processes
  "id": /^[0-9a-f]{16}$/, // drawn per process (in stats; a job's id is caught by being digits of equal value)
  "version": /^".+"$/, // two programs
  "rusage-utime": /^\d+\.\d{6}$/,
  "rusage-stime": /^\d+\.\d{6}$/,
  "uptime": 5, // whole seconds since starts that were not at the same instant
  "age": 2, // whole seconds; a second may end between the two answers
  "time-left": 2,
  "pause-time-left": 2,
};

/** 1.13 puts these into quotes, 1.12 does not. */
const QUOTED_FIELDS: readonly string[] = ["tube", "name", "hostname", "os", "platform"];

/** Whether two replies are equal but for the documented differences. */
export function sameReply(reference: string, subject: string, isStrict: boolean = true): boolean {
  if (reference === subject) return true;
  if (!reference.startsWith("OK ") || !subject.startsWith("OK ")) return false;
  const expected = reference.split("\n");
  const actual = isStrict ? subject.split("\n") : subject.split("\n").filter((line) => !OWN_KEY.test(line));
  // The first line holds the length, which follows from the rest and is checked by reading the reply with it.
  return expected.length === actual.length &&
    expected.every((line, i) => i === 0 || sameField(line, actual[i], isStrict));
}

function sameField(reference: string, subject: string, isStrict: boolean): boolean {
  if (reference === subject) return true;
  // Of a list that YAML would misread; when that is so is tests/protocol/yaml_name_test.ts's affair.
  if (!isStrict && reference.startsWith("- ")) return subject === `- "${reference.slice(2)}"`;
  const [key, value] = field(reference);
  const [otherKey, other] = field(subject);
  if (key !== otherKey) return false;
  if (QUOTED_FIELDS.includes(key)) return other === `"${value}"`;
  const noise = NOISY_FIELDS[key];
  if (noise === undefined) return false;
  if (typeof noise === "number") {
    return /^-?\d+$/.test(other) && Math.abs(Number(value) - Number(other)) <= noise;
  }
  return noise.test(value) && noise.test(other);
}

function field(line: string): [string, string] {
  const colon = line.indexOf(": ");
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 2)];
}
