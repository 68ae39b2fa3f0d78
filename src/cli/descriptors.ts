// One budget for the descriptors of the process: what connections by TCP and by HTTP may take, and what is kept for the rest,
// so that accept never runs out of them and the log never wants for one.

import { readdirSync, readFileSync } from "node:fs";

/** Taken where the limit cannot be read: the usual soft limit. */
export const FALLBACK_OPEN_FILES = 1024;
/** What a runtime has open, where that cannot be counted. */
const FALLBACK_USED = 32;
/** Kept for what the runtime and libraries open later or for a moment: threads, lookups, files that are read again. */
const MARGIN = 20;
/** Kept for a binlog: its files, its lock, duplicates for syncs. */
const BINLOG_FILES = 12;
/** Held in reserve by a binlog, at most and under a tiny limit. */
const MOST_RESERVED = 16;
const LEAST_RESERVED = 4;
/** Kept for a Deno KV: SQLite's files, or connections to a database elsewhere. */
const KV_FILES = 16;
/** TLS handshakes under way, at most. */
const MOST_HANDSHAKES = 256;
/** With fewer than this left for everything a server could not do its work. */
const LEAST_FREE = { memory: 8, binlog: 24, kv: 24 } as const;
/** HTTP gets at least one in so many of the connections, whatever --max-connections says. */
const LEAST_HTTP_SHARE = 16;
/** The most that Linux lets a process open unless told otherwise (fs.nr_open); stands for "unlimited". */
const UNLIMITED_DESCRIPTORS = 1_048_576;

/** The soft limit in a text laid out like /proc/PID/limits; null when it is not there. */
export function openFilesLimit(limits: string): number | null {
  const soft = /^Max open files\s+(\d+|unlimited)\s/m.exec(limits)?.[1];
  if (soft === undefined) return null;
  return soft === "unlimited" ? UNLIMITED_DESCRIPTORS : Number(soft);
}

/** What this process may have open and has open now; null where that cannot be told. */
export interface OpenFiles {
  /** The soft limit, which the runtimes raise to the hard one at their start. */
  readonly limit: number | null;
  readonly used: number | null;
}

/** The same of this process, by Linux's /proc. */
export function systemOpenFiles(): OpenFiles {
  const orNull = (look: () => number | null): number | null => {
    try {
      return look();
    } catch {
      return null;
    }
  };
  return {
    limit: orNull(() => openFilesLimit(readFileSync("/proc/self/limits", "utf8"))),
    used: orNull(() => readdirSync("/proc/self/fd").length),
  };
}

/** What a start asks for. */
export interface DescriptorNeeds {
  /** --max-connections; null when not given. */
  readonly maxConnections: number | null;
  /** Sockets that listen, HTTP's included, and are not open yet. */
  readonly listeners: number;
  readonly hasHttp: boolean;
  readonly hasTls: boolean;
  readonly store: "memory" | "binlog" | "kv";
}

/** Who gets how many descriptors. */
export interface DescriptorBudget {
  /** Connections by TCP, Unix sockets and WebSockets at once. */
  readonly connections: number;
  /** Connections by HTTP at once, those of WebSockets included; 0 without it. */
  readonly httpConnections: number;
  /** TLS handshakes under way at once; 0 without TLS. */
  readonly handshakes: number;
  /** Descriptors that the log holds in reserve. */
  readonly reserved: number;
  /** Why the server must not start: the limit is too low for it; else null. */
  readonly problem: string | null;
  /** Said when fewer connections than asked for fit. */
  readonly warning: string | null;
}

/** Shares out what there is. Each gets at least one, however low the limit. */
export function shareDescriptors(needs: DescriptorNeeds, { limit, used }: OpenFiles): DescriptorBudget {
  const openFiles = limit ?? FALLBACK_OPEN_FILES;
  const free = openFiles - (used ?? FALLBACK_USED) - needs.listeners;
  const wanted = { memory: 0, binlog: BINLOG_FILES + MOST_RESERVED, kv: KV_FILES }[needs.store] + MARGIN;
  // Under a tiny limit half of it is kept: better a few connections than none.
  const all = Math.max(free - wanted, Math.floor(free / 2), 1);
  const reserved = Math.min(MOST_RESERVED, Math.max(LEAST_RESERVED, Math.floor((free - all) / 2)));
  const handshakes = needs.hasTls ? atLeastOne(Math.min(MOST_HANDSHAKES, all / 8)) : 0;
  const shared = all - handshakes;
  const { maxConnections: asked } = needs;
  let httpConnections = 0;
  if (needs.hasHttp) {
    const left = asked === null ? shared / 4 : shared - asked;
    httpConnections = atLeastOne(Math.max(left, shared / LEAST_HTTP_SHARE));
  }
  const fits = atLeastOne(shared - httpConnections);
  const isCut = limit !== null && asked !== null && asked > fits;
  const besides = needs.hasHttp ? ` beside ${httpConnections} of HTTP` : "";
  return {
    connections: limit === null ? asked ?? fits : Math.min(asked ?? fits, fits),
    httpConnections,
    handshakes,
    reserved,
    problem: limit !== null && free < LEAST_FREE[needs.store]
      ? `the limit of ${limit} open files is too low: at least ${
        limit - free + LEAST_FREE[needs.store]
      } are needed; ` +
        "raise it (ulimit -n, LimitNOFILE=)"
      : null,
    warning: isCut
      ? `--max-connections ${asked} does not fit the limit of ${openFiles} open files${besides}; using ${fits}: ` +
        "raise the limit (ulimit -n, LimitNOFILE=)"
      : null,
  };
}

function atLeastOne(count: number): number {
  return Math.max(1, Math.floor(count));
}
