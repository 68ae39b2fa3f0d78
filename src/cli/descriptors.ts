// How many connections fit into the process's limit of open files, so that accept never runs out of descriptors: a
// server that does can neither accept nor refuse, and spins.
import { readFileSync } from "node:fs";

/** Kept free for the listener, the binlog's files, the runtime's own descriptors and what a library opens for a moment. */
export const RESERVED_DESCRIPTORS = 64;
/** Taken where the limit cannot be read: what is left of 1024, the usual soft limit. */
export const FALLBACK_CONNECTIONS: number = 1024 - RESERVED_DESCRIPTORS;
/** The most that Linux lets a process open unless told otherwise (fs.nr_open); stands for "unlimited". */
const UNLIMITED_DESCRIPTORS = 1_048_576;

/** The soft limit in a text laid out like /proc/PID/limits; null when it is not there. */
export function openFilesLimit(limits: string): number | null {
  const soft = /^Max open files\s+(\d+|unlimited)\s/m.exec(limits)?.[1];
  if (soft === undefined) return null;
  return soft === "unlimited" ? UNLIMITED_DESCRIPTORS : Number(soft);
}

/** The limit of this process (the runtimes raise the soft limit to the hard one at their start); null without /proc. */
export function systemOpenFilesLimit(): number | null {
  try {
    return openFilesLimit(readFileSync("/proc/self/limits", "utf8"));
  } catch {
    return null;
  }
}

/**
 * How many connections the HTTP port may have: a quarter of the limit of open files (null when unknown), at most 1,024. They
 * are not counted against --max-connections.
 */
export function httpConnectionLimit(openFiles: number | null): number {
  return Math.max(1, Math.min(MOST_HTTP_CONNECTIONS, Math.floor((openFiles ?? 1024) / 4)));
}

const MOST_HTTP_CONNECTIONS = 1024;

/** How many connections to accept at once, and a warning when fewer than asked for fit. */
export interface ConnectionLimit {
  readonly connections: number;
  readonly warning: string | null;
}

/** `asked` is --max-connections (null when not given), `openFiles` the limit of open files (null when unknown). */
export function connectionLimit(asked: number | null, openFiles: number | null): ConnectionLimit {
  if (openFiles === null) return { connections: asked ?? FALLBACK_CONNECTIONS, warning: null };
  // Under a tiny limit half of it is kept: better a few connections than none.
  const fits = Math.max(
    1,
    openFiles - RESERVED_DESCRIPTORS,
    Math.min(RESERVED_DESCRIPTORS, Math.floor(openFiles / 2)),
  );
  if (asked === null || asked <= fits) return { connections: asked ?? fits, warning: null };
  return {
    connections: fits,
    warning: `--max-connections ${asked} does not fit the limit of ${openFiles} open files; using ${fits}`,
  };
}
