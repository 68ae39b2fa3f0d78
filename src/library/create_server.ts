// A server put together by hand: an engine, a clock, perhaps a journal; whoever listens hands it connections.

import { wholeNumber } from "../client/arguments.ts";
import { tell } from "../client/hooks.ts";
import type { Engine } from "../core/engine.ts";
import { DEFAULT_MAX_JOB_BYTES, MAX_JOB_BYTES_CAP } from "../core/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import type { Accept } from "../ports/transport.ts";
import { assembleServer } from "./assemble.ts";

/** What a server is put together from. */
export interface ServerParts {
  /** The queue. Filled by its journal already, if there is one. */
  readonly engine: Engine;
  /** Its time, and its turns. */
  readonly clock: Clock;
  /** What remembers its jobs. Default: nothing does. */
  readonly journal?: Journal;
  /** Largest body in bytes, 0 to 1 GiB. Default 65,535. */
  readonly maxJobBytes?: number;
  /** More connections are closed at once. Default: no limit. */
  readonly maxConnections?: number;
  /**
   * Called once when the journal has failed; the server has stopped. What it throws or rejects with is printed on the standard
   * error and changes nothing.
   */
  readonly onFailed?: (error: Error) => unknown;
}

/** A server that speaks the protocol on each connection that it is handed. */
export interface AssembledServer {
  /** What a listener calls for each connection. */
  readonly accept: Accept;
  /** Accepts no more puts. */
  drain(): void;
  /**
   * Closes all connections and the journal. Resolves when all that was accepted is kept: a journal that cannot write at once gets
   * the time it needs, and the replies that waited for it are sent.
   */
  stop(): Promise<void>;
}

/**
 * Puts a server together. `Queue.open` does it for you; this is for those who bring a part of their own.
 *
 * @example Two ways to listen, one queue, a connection limit
 * ```ts
 * import process from "node:process";
 * import { Engine } from "@runnerbean/runnerbean/core";
 * import { createServer, listen, openClock } from "@runnerbean/runnerbean/node"; // or /deno, /bun
 *
 * const clock = await openClock();
 * const server = createServer({ engine: new Engine(), clock, maxConnections: 100 });
 * const tcp = await listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, server.accept);
 * const unix = await listen({ kind: "unix", path: `/tmp/runnerbean-${process.pid}` }, server.accept);
 * for (const listener of [tcp, unix]) listener.close();
 * await server.stop();
 * ```
 */
export function createServer(parts: ServerParts): AssembledServer {
  const { engine, clock, journal, maxJobBytes = DEFAULT_MAX_JOB_BYTES, maxConnections, onFailed } = parts;
  wholeNumber("maxJobBytes", maxJobBytes, 0, MAX_JOB_BYTES_CAP);
  if (maxConnections !== undefined) wholeNumber("maxConnections", maxConnections, 0, Number.MAX_SAFE_INTEGER);
  const settings = {
    clock,
    maxJobBytes,
    maxConnections,
    onFailed: (error: Error) => tell("onFailed", onFailed, error),
  };
  const server = assembleServer(engine, journal, clock.now(), settings);
  return { accept: server.accept, drain: () => server.drain(), stop: () => server.end() };
}
