// Makes room for a unix socket: a file left behind by a dead server goes, anything else stays untouched.
//
// Invariant: a socket that somebody listens on is never removed, neither before binding (the reference takes it over
// silently) nor at the end, when another server may have put its own in our place.
import { Buffer } from "node:buffer";
import { type BigIntStats, lstatSync, readFileSync, unlinkSync } from "node:fs";
import net from "node:net";
import { resolve as absolute } from "node:path";
import { EXIT_SOCKET } from "./exit_codes.ts";
import { reasonOf, type StartProblem, startProblem } from "./start_problem.ts";

/** sun_path holds 108 bytes on Linux, the last of them a NUL. */
export const LONGEST_SOCKET_PATH_BYTES = 107;

/** How long a listener may take to accept the question whether it lives; the kernel answers for it, so this is ample. */
const PROBE_MS = 2000;

/** A path that is free to bind. */
export interface PreparedUnixSocket {
  readonly kind: "prepared";
  readonly warnings: readonly string[];
  /** Call once bound: remembers which file is ours. */
  readonly bound: () => void;
  /** Call at a graceful stop: removes the file if it is still ours. Never throws. */
  readonly cleanup: () => void;
}

/** Checks the path and removes a stale socket file. */
export async function prepareUnixSocket(path: string): Promise<PreparedUnixSocket | StartProblem> {
  const bytes = Buffer.byteLength(path);
  if (bytes > LONGEST_SOCKET_PATH_BYTES) {
    return refused(path, `the path has ${bytes} bytes, at most ${LONGEST_SOCKET_PATH_BYTES} are possible`);
  }
  try {
    const existing = statusOf(path);
    if (!existing) return prepared(path, []);
    if (!existing.isSocket()) return refused(path, "there is a file there that is no socket");
    const liveness = await probe(path);
    if (liveness.kind === "live" || isListedAsLive(path, systemUnixSockets())) {
      return refused(path, "another server is listening there");
    }
    if (liveness.kind === "unclear") {
      return refused(path, `cannot tell whether a server listens there: ${liveness.reason}`);
    }
    // Another server may have started there while we asked.
    if (!isSameFile(statusOf(path), existing)) return refused(path, "another server is starting there");
    unlinkSync(path);
  } catch (error) {
    return refused(path, reasonOf(error));
  }
  return prepared(path, [`removed the socket that was left behind at ${path}`]);
}

function refused(path: string, reason: string): StartProblem {
  return startProblem(EXIT_SOCKET, `cannot listen on unix:${path}: ${reason}`);
}

function statusOf(path: string): BigIntStats | undefined {
  return lstatSync(path, { throwIfNoEntry: false, bigint: true });
}

/** The inode alone is not enough (a file system gives the number of a removed file to the next one); chmod changes neither. */
function isSameFile(one: BigIntStats | undefined, other: BigIntStats | undefined): boolean {
  return !!one && !!other && one.dev === other.dev && one.ino === other.ino && one.mtimeNs === other.mtimeNs;
}

type Liveness = { kind: "live" } | { kind: "stale" } | { kind: "unclear"; reason: string };

/** Asks by connecting. Refused means that nobody listens; a full backlog (EAGAIN) means that somebody does. */
function probe(path: string): Promise<Liveness> {
  return new Promise((resolve) => {
    const socket = net.connect({ path });
    const answer = (liveness: Liveness): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(liveness);
    };
    const timer = setTimeout(() => answer({ kind: "live" }), PROBE_MS);
    socket.once("connect", () => answer({ kind: "live" }));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED" || error.code === "ENOENT") answer({ kind: "stale" });
      else if (error.code === "EAGAIN") answer({ kind: "live" });
      else answer({ kind: "unclear", reason: reasonOf(error) });
    });
  });
}

/**
 * A second opinion, needed on Bun (1.4), which reports every failed connect as refused, a full backlog too: true when a
 * text laid out like /proc/net/unix has a listening or a datagram socket of this path.
 */
export function isListedAsLive(path: string, table: string): boolean {
  for (const line of table.split("\n")) {
    const fields = /^\S+: \S+ \S+ (\S+) (\S+) \S+ +\S+ (.+)$/.exec(line);
    if (!fields || (fields[3] !== path && fields[3] !== absolute(path))) continue;
    if (fields[1] === LISTENING || fields[2] === DATAGRAM) return true;
  }
  return false;
}

const LISTENING = "00010000";
const DATAGRAM = "0002";

function systemUnixSockets(): string {
  try {
    return readFileSync("/proc/net/unix", "utf8");
  } catch {
    // Not Linux: the answer to the connect has to do.
    return "";
  }
}

function prepared(path: string, warnings: readonly string[]): PreparedUnixSocket {
  let ours: BigIntStats | undefined;
  return {
    kind: "prepared",
    warnings,
    bound(): void {
      ours = statusOf(path);
    },
    cleanup(): void {
      try {
        if (isSameFile(statusOf(path), ours)) unlinkSync(path);
      } catch {
        // Already gone, or not ours to remove after -u: the next start finds it stale.
      }
    },
  };
}
