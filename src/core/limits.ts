// Every limit of the queue in one place: unit, reason, and how it stands to the others.
// Source of the protocol's own limits: the beanstalk protocol text and beanstalkd 1.13 as measured.

import { assert } from "./assert.ts";

/** Longest command line in bytes, its CR LF included: `pause-tube ` + 200-byte name + space + 10 digits + CR LF. */
export const LINE_BYTES = 224;

/** Longest tube name in bytes. */
export const TUBE_NAME_BYTES = 200;

/** Largest body a put may have, in bytes, unless the server is told otherwise (`-z`). */
export const DEFAULT_MAX_JOB_BYTES = 65_535;

/** Largest value that can be set for the above, in bytes. */
export const MAX_JOB_BYTES_CAP = 1_073_741_824;

/** Ready jobs with a priority below this count as urgent. */
export const URGENT_PRIORITY = 1024;

/** A reserve is answered DEADLINE_SOON from this many milliseconds before the end of a held job's ttr. */
export const SAFETY_MARGIN_MS = 1000;

/** Longest wait of reserve-with-timeout, in seconds; more is BAD_FORMAT since 1.13. */
export const MAX_RESERVE_TIMEOUT_S = 2_147_483_647;

/**
 * Jobs moved by one engine call (kick, close, tick) before it gives the turn back and goes on in the next. A move costs
 * up to three microseconds in a heap of a million, so nobody waits for more than a millisecond.
 */
export const MOVES_PER_CALL = 500;

/** Rows that one look at a list of jobs may visit: a millisecond in order, up to five in a heap of a million. */
export const VISITS_PER_LOOK = 20_000;

/** Jobs on one page of a list: at most, and when nobody says how many. */
export const MAX_LISTED_JOBS = 1000;
export const DEFAULT_LISTED_JOBS = 100;

/** Truncates are counted in 32 bits; from this many on the count begins anew as soon as nothing is left to be cleared away. */
export const RENUMBER_TRUNCATES_AT: number = 2 ** 31;

/** Job rows per page of the job table (a power of two). The table grows and shrinks by one page: well under a millisecond. */
export const PAGE_ROWS = 8192;

/** Bytes of one slab of job bodies. A slab is given back as a whole when its last body is gone. */
export const SLAB_BYTES = 1_048_576;

/**
 * Tables and slabs take memory in regions of about this many bytes, once they have grown beyond two small ones: more than
 * 32 MiB, since glibc maps what is larger by itself and unmaps it when it is freed.
 */
export const REGION_BYTES = 35_651_584;

/** Bodies are placed at multiples of this many bytes, so that 32 bits address 32 GiB of them. */
export const CELL_UNIT_BYTES = 8;

/** A body with its CR LF up to this size lives in a slab's cell; a larger one in pieces of its own. */
export const LARGEST_CELL_BYTES = 65_544;

/** A large body is held in pieces of this many bytes, allocated as it arrives: what was only announced costs nothing. */
export const PIECE_BYTES = 262_144;

/** Slabs and large bodies share this many numbers; beyond it a put gets OUT_OF_MEMORY. */
export const MAX_SLABS = (2 ** 32 * CELL_UNIT_BYTES) / SLAB_BYTES;

/** What a job costs beside its body, in bytes: its row, its places in a heap and in the index. For the memory limit. */
export const JOB_ROW_BYTES = 80;

/** The same for a tube, beside its name, and for a watch. */
export const TUBE_BYTES = 1200;
export const WATCH_BYTES = 112;

/** The same for a session with its connection and socket: some 1300 on Bun, 4500 on Deno, 10,200 on Node. */
export const SESSION_BYTES = 8192;

/**
 * Tubes, watches, sessions and buffers may take this part of the memory limit without being counted against it, but at least so many
 * bytes: else a queue that is full of jobs would take in no workers, and stay full.
 */
export const SPARE_SHARE = 8;
export const LEAST_SPARE_BYTES = 1_048_576;

/** Commands of one connection run in one turn before the others get theirs (a put counts as two: its line, its body). */
export const COMMANDS_PER_TURN = 128;

/**
 * What one call does beyond the usual is counted in steps: a look at a watched tube, a watch taken out. So many cost as much as a
 * command, and count as one in the share above: some two microseconds.
 */
export const STEPS_PER_COMMAND = 32;

/** Looks at up to so many watches cost less than the command that makes them, and are not counted. */
export const CHEAP_WATCHES = 16;

/** A session that watches more tubes than this has an index of those with ready jobs; up to it a reserve looks at each. */
export const MOST_UNINDEXED_WATCHES = 1024;

/** Watches that are taken out when sessions are closed, by one call and between two, before it gives the turn back: less than a millisecond. */
export const WATCHES_PER_CALL = 2048;

/** A closed session that holds no more jobs, and has no more than CHEAP_WATCHES, is closed at once, however many are. */
export const FEW_HELD_JOBS = 16;

/** Commands of one peer in this process run in one turn: they cost no parsing and no reply, so it may be more. */
export const LOCAL_COMMANDS_PER_TURN = 1024;

/** A connection with this many unsent reply bytes runs no further command until they have left. */
export const OUTPUT_HIGH_WATER_BYTES = 262_144;

/** Unread commands kept for a connection that may not run them now; beyond it nothing is read from its socket. */
export const INPUT_HIGH_WATER_BYTES = 131_072;

assert(LINE_BYTES >= "pause-tube ".length + TUBE_NAME_BYTES + 1 + 10 + 2, "the longest command fits a line");
assert(DEFAULT_MAX_JOB_BYTES + 2 <= LARGEST_CELL_BYTES, "default bodies live in slabs");
assert(
  LARGEST_CELL_BYTES % CELL_UNIT_BYTES === 0 && LARGEST_CELL_BYTES * 8 <= SLAB_BYTES,
  "cells waste little of a slab",
);
assert(REGION_BYTES - SLAB_BYTES > 33_554_432, "a region of whole blocks is above 32 MiB");
assert(MAX_LISTED_JOBS * 10 <= VISITS_PER_LOOK, "most visits of a look can be spent on finding its page");
assert((PAGE_ROWS & (PAGE_ROWS - 1)) === 0, "a row number splits into page and place by bits");
assert(
  DEFAULT_MAX_JOB_BYTES <= MAX_JOB_BYTES_CAP && MAX_JOB_BYTES_CAP + 2 < 2 ** 32,
  "body sizes fit 32 bits",
);
