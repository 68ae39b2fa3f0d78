// The commands of the text protocol: their words, and the one object that carries a parsed line.

import { READY, STATES_ALL } from "../core/jobs.ts";
import type { JobState } from "../core/jobs.ts";
import type { ListCursor } from "../core/list_cursor.ts";

/** What a line asks for. */
export const PUT = 1;
export const PEEK = 2;
export const PEEK_READY = 3;
export const PEEK_DELAYED = 4;
export const PEEK_BURIED = 5;
export const RESERVE_WITH_TIMEOUT = 6;
export const RESERVE_JOB = 7;
export const RESERVE = 8;
export const DELETE = 9;
export const RELEASE = 10;
export const BURY = 11;
export const KICK = 12;
export const KICK_JOB = 13;
export const TOUCH = 14;
export const STATS_JOB = 15;
export const STATS_TUBE = 16;
export const STATS = 17;
export const USE = 18;
export const WATCH = 19;
export const IGNORE = 20;
export const LIST_TUBES_WATCHED = 21;
export const LIST_TUBE_USED = 22;
export const LIST_TUBES = 23;
export const QUIT = 24;
export const PAUSE_TUBE = 25;
// Words of our own, unknown to a strict server; codes from here on are theirs.
export const TRUNCATE = 26;
export const DELETE_TUBE = 27;
export const LIST_JOBS = 28;
export const CAPABILITIES = 29;
export const PING = 30;
export const DRAIN = 31;
export const AUTH = 32;

/** Words in the order in which the reference tries them; the first that the line begins with counts. */
const WORDS: readonly (readonly [string, number])[] = [
  ["put ", PUT],
  ["peek ", PEEK],
  ["peek-ready", PEEK_READY],
  ["peek-delayed", PEEK_DELAYED],
  ["peek-buried", PEEK_BURIED],
  ["reserve-with-timeout ", RESERVE_WITH_TIMEOUT],
  ["reserve-job ", RESERVE_JOB],
  ["reserve", RESERVE],
  ["delete ", DELETE],
  ["release ", RELEASE],
  ["bury ", BURY],
  ["kick ", KICK],
  ["kick-job ", KICK_JOB],
  ["touch ", TOUCH],
  ["stats-job ", STATS_JOB],
  ["stats-tube ", STATS_TUBE],
  ["stats", STATS],
  ["use ", USE],
  ["watch ", WATCH],
  ["ignore ", IGNORE],
  ["list-tubes-watched", LIST_TUBES_WATCHED],
  ["list-tube-used", LIST_TUBE_USED],
  ["list-tubes", LIST_TUBES],
  ["quit", QUIT],
  ["pause-tube", PAUSE_TUBE],
];

const EXTENSIONS: readonly (readonly [string, number])[] = [
  ["truncate", TRUNCATE],
  ["delete-tube", DELETE_TUBE],
  ["list-jobs", LIST_JOBS],
  ["capabilities", CAPABILITIES],
  ["ping", PING],
  ["drain", DRAIN],
  ["auth", AUTH],
];

/** A word's bytes and what it asks for. */
export interface Word {
  readonly bytes: Uint8Array;
  readonly code: number;
}

/** The words by their first byte. */
export const WORDS_BY_FIRST_BYTE: readonly (readonly Word[])[] = byFirstByte(WORDS);

/** The same for our own words, which are looked for only when none of the others fits. */
export const EXTENSIONS_BY_FIRST_BYTE: readonly (readonly Word[])[] = byFirstByte(EXTENSIONS);

/** All words, as a client asks for them. */
export const ALL_WORDS: readonly string[] = [...WORDS, ...EXTENSIONS].map(([word]) => word.trim());

/**
 * The word of a command, for logs; "" when there is none.
 *
 * @example
 * ```ts
 * import { COMMANDS, wordOf } from "@runnerbean/runnerbean/protocol";
 *
 * console.log(wordOf(COMMANDS.PAUSE_TUBE)); // pause-tube
 * ```
 */
export function wordOf(code: number): string {
  return [...WORDS, ...EXTENSIONS].find(([, its]) => its === code)?.[0].trim() ?? "";
}

function byFirstByte(words: readonly (readonly [string, number])[]): Word[][] {
  const table: Word[][] = Array.from({ length: 256 }, () => []);
  for (const [word, code] of words) {
    const bytes = new TextEncoder().encode(word);
    table[bytes[0]].push({ bytes, code });
  }
  return table;
}

/**
 * A parsed line. One object per parser, filled again by each line; which fields mean something depends on `code`.
 * `source[nameFrom, nameTo)` is valid until the parser is called again.
 */
export class Command {
  /** Which command it is; see {@link COMMANDS}. */
  code = 0;
  /** A job's id. An id that no job can have is Infinity. */
  id = 0;
  /** The priority; 0 is the most urgent. */
  pri = 0;
  /** Seconds. */
  delay = 0;
  /** Seconds. */
  ttr = 0;
  /** put: length of the body in bytes, without CR LF. */
  bodyBytes = 0;
  /** put: something follows the last number. */
  hasTrailingText = false;
  /** kick, list-jobs: how many at most. */
  bound = 0;
  /** reserve-with-timeout, pause-tube: seconds. */
  seconds = 0;
  /** truncate: the states that are emptied, 1 << state for each. */
  states: number = STATES_ALL;
  /**
   * list-jobs: the state.
   * @internal
   */
  state: JobState = READY;
  /**
   * list-jobs: the end of the page before.
   * @internal
   */
  cursor: ListCursor | null = null;
  /** drain: on, off, or null for its status. */
  setting: boolean | null = null;
  /** A tube's name; auth: the token. */
  source: Uint8Array = new Uint8Array(0);
  /** Where the name begins in `source`. */
  nameFrom = 0;
  /** Where the name ends in `source`. */
  nameTo = 0;
  /** pause-tube: the name keeps the rules for names. */
  isNameValid = true;
}
