// How often each command was given, by its word.

import type { Counters } from "../core/counters.ts";

/** Each command's word and its counter. */
export const COMMAND_COUNTERS: readonly (readonly [word: string, counter: keyof Counters])[] = [
  ["put", "put"],
  ["peek", "peek"],
  ["peek-ready", "peekReady"],
  ["peek-delayed", "peekDelayed"],
  ["peek-buried", "peekBuried"],
  ["reserve", "reserve"],
  ["reserve-with-timeout", "reserveWithTimeout"],
  ["delete", "delete"],
  ["release", "release"],
  ["use", "use"],
  ["watch", "watch"],
  ["ignore", "ignore"],
  ["bury", "bury"],
  ["kick", "kick"],
  ["touch", "touch"],
  ["stats", "stats"],
  ["stats-job", "statsJob"],
  ["stats-tube", "statsTube"],
  ["list-tubes", "listTubes"],
  ["list-tube-used", "listTubeUsed"],
  ["list-tubes-watched", "listTubesWatched"],
  ["pause-tube", "pauseTube"],
  ["truncate", "truncate"],
  ["delete-tube", "deleteTube"],
  ["list-jobs", "listJobs"],
  ["capabilities", "capabilities"],
  ["ping", "ping"],
  ["drain", "drain"],
];
