// What each reason of ports/refusals.ts means: a row each, for the log, for `runnerbean health` and for the documentation.

import type { RefusalReason } from "../ports/refusals.ts";

/** A row of the table. */
export interface RefusalRow {
  /** What the server did; the address of the peer follows. */
  readonly what: string;
  /** Why, and what to do about it. */
  readonly why: string;
  /**
   * The server lacks something, so that it refuses clients that do nothing wrong: somebody has to act. The others concern one
   * client, or were asked for.
   */
  readonly isShortage: boolean;
}

export const REFUSAL_TABLE: Readonly<Record<RefusalReason, RefusalRow>> = {
  "disk": shortage(
    "refused a job",
    "the disk has no room for it in the log; free space on it, or delete jobs",
  ),
  "memory": shortage(
    "refused a job, tube or connection",
    "--max-memory is reached; delete jobs, start more workers, or raise it",
  ),
  "allocation": shortage(
    "refused a job",
    "the system gave no memory for it; free memory, or set --max-memory",
  ),
  "descriptors": shortage(
    "could not accept a connection",
    "no file descriptors are left; raise the limit of open files (ulimit -n, LimitNOFILE)",
  ),
  "connections": shortage(
    "refused a connection",
    "--max-connections is reached; close idle clients, or raise it",
  ),
  "silent": shortage(
    "ended a connection that had sent nothing",
    "its place was needed for another one; close idle clients, or raise --max-connections",
  ),
  "lease": shortage(
    "held replies back",
    "the lease of the KV could not be renewed in time; look whether the KV answers",
  ),
  "draining": client("refused a job", "the server is draining; `drain off` ends that"),
  "job-size": client(
    "refused a job",
    "it is larger than --max-job-bytes; raise that, or keep large data elsewhere",
  ),
  "truncate": client(
    "refused a truncate",
    "too many jobs of the tube are reserved to be noted in one record; try again when fewer are",
  ),
  "unauthorized": client(
    "refused a command",
    "its identity lacks the scope for it, or it gave no token; see --auth",
  ),
  "token": client("refused a token", "it is not known, or not any more; see --auth"),
  "attempts": client("refused to look at tokens", "too many wrong ones came; it has to wait for a minute"),
  "stranger": client(
    "ended a connection without identity",
    "it exceeded the limits of time, bytes or number for connections that gave no token",
  ),
  "http-request": client(
    "ended a connection to the text port",
    "it began with an HTTP request; the HTTP API has a port of its own, see --http",
  ),
  "tls-greeting": client(
    "ended a connection to the text port",
    "it began with a TLS handshake, and this port has no TLS; see --tls-cert",
  ),
  "tls-handshake": client(
    "ended a connection during its TLS handshake",
    "it failed, or was the oldest of too many; see --tls-cert",
  ),
  "http-connections": shortage(
    "refused an HTTP connection",
    "as many are open as may be; close idle clients, or raise the limit of open files",
  ),
  "http-timeout": client("ended an HTTP connection", "its request did not come to an end in time"),
  "http-bad-request": client("refused an HTTP request", "it is malformed or too large"),
  "http-origin": client(
    "refused an HTTP request",
    "a page of another origin made it, or it names an unknown host; see --cors and --http-name",
  ),
  "http-leases": client(
    "refused a reserve over HTTP",
    "too many requests wait for jobs, or too many jobs are leased; try again later",
  ),
  "http-events": client(
    "refused a client of live events",
    "as many listen as may; close pages that nobody reads",
  ),
  "websocket": client("ended a WebSocket", "it exceeded the limits of message size, number or time"),
};

/** Whether a reason by its name, perhaps of another version's server, is a shortage. */
export function isShortage(reason: string): boolean {
  return (REFUSAL_TABLE as Readonly<Record<string, RefusalRow | undefined>>)[reason]
    ?.isShortage ?? false;
}

function shortage(what: string, why: string): RefusalRow {
  return { what, why, isShortage: true };
}

function client(what: string, why: string): RefusalRow {
  return { what, why, isShortage: false };
}
