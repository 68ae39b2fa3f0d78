// The connections of an HTTP port: how many there are, who has to go when there are too many, and whose time is up. The same
// code on every runtime: sockets come from node:net or node:tls, and no runtime's own HTTP server is involved.

import type { Answer } from "./answer.ts";
import { describeError, type RateLimitedLog } from "../rate_limited_log.ts";
import { type ConnectionState, HttpConnection } from "./connection.ts";
import type { HttpLimits } from "./limits.ts";
import type { Budget, ConnectionOwner, HttpCounts, ReportRefusal } from "./owner.ts";
import { peerOf, type RawSocket } from "./socket.ts";

const LONGEST_SWEEP_MS = 1000;

class Sum implements Budget {
  total = 0;

  add(bytes: number): void {
    this.total += bytes;
  }
}

export class HttpServer implements ConnectionOwner {
  readonly limits: HttpLimits;
  readonly answer: Answer;
  readonly dress: (response: Response) => Response;
  readonly bodies = new Sum();
  readonly unsent = new Sum();
  readonly counts: HttpCounts = {
    accepted: 0,
    refused: 0,
    displaced: 0,
    malformed: 0,
    headTimeouts: 0,
    idleTimeouts: 0,
    stalled: 0,
    bodiesRefused: 0,
    webSocketsEnded: 0,
    failed: 0,
  };
  readonly report: ReportRefusal;
  readonly #hasDescriptors: () => boolean;
  readonly #log: RateLimitedLog;
  readonly #connections = new Set<HttpConnection>();
  /** Those that have not made a request yet, oldest first. */
  readonly #untried = new Set<HttpConnection>();
  /** Those between two requests, longest idle first. */
  readonly #idle = new Set<HttpConnection>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;

  /**
   * `hasDescriptors`: whether a connection that was accepted may keep its descriptor. It is closed if not, and this is called
   * again.
   */
  constructor(
    answer: Answer,
    dress: (response: Response) => Response,
    limits: HttpLimits,
    report: ReportRefusal,
    log: RateLimitedLog,
    hasDescriptors: () => boolean = () => true,
  ) {
    this.answer = answer;
    this.dress = dress;
    this.limits = limits;
    this.report = report;
    this.#log = log;
    this.#hasDescriptors = hasDescriptors;
  }

  /** Open connections. */
  get size(): number {
    return this.#connections.size;
  }

  /** Requests without an answer. Once none is left, all answers count as unsent or are sent. */
  get unanswered(): number {
    let count = 0;
    for (const connection of this.#connections) if (connection.isUnanswered) count++;
    return count;
  }

  /** Takes a connection over. */
  take(raw: RawSocket): void {
    if (this.#isClosed) return void raw.destroy();
    if (!this.#hasDescriptors()) return this.#giveBack(raw);
    const isFull = this.#connections.size >= this.limits.connections && !this.#displaceOne();
    const connection = new HttpConnection(raw, this);
    this.#connections.add(connection);
    this.counts.accepted++;
    if (isFull) this.#refuse(connection);
    else this.#untried.add(connection);
    this.#timer ??= setInterval(() => this.#sweep(), this.#sweepMs());
  }

  /** Ends all connections. */
  close(): void {
    this.#isClosed = true;
    for (const connection of [...this.#connections]) connection.socket.destroy();
  }

  // From the connections.

  now(): number {
    return performance.now();
  }

  entered(connection: HttpConnection, state: ConnectionState): void {
    if (state === "head") {
      this.#idle.delete(connection);
      return;
    }
    this.#untried.delete(connection);
    if (state === "idle") this.#idle.add(connection);
    else this.#idle.delete(connection);
  }

  closed(connection: HttpConnection): void {
    this.#connections.delete(connection);
    this.#untried.delete(connection);
    this.#idle.delete(connection);
    if (this.#connections.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  failed(error: unknown): void {
    this.counts.failed++;
    this.#log.say("failed", `an HTTP request failed: ${describeError(error)}`);
  }

  relieve(): void {
    let slowest: HttpConnection | null = null;
    for (const connection of this.#connections) {
      // A large answer that is alone may be as large as it is.
      if (connection.unsent === 0 || connection.unsent === this.unsent.total) continue;
      if (slowest === null || connection.deadline < slowest.deadline) slowest = connection;
    }
    if (slowest === null) return;
    this.counts.stalled++;
    this.report("http-timeout", slowest.socket.peer);
    slowest.socket.destroy();
  }

  // Within.

  /** Ends a connection that nobody waits for. Who has made a request before is spared as long as others have not. */
  #displaceOne(): boolean {
    for (const each of [this.#untried, this.#idle]) {
      for (const oldest of each) {
        this.counts.displaced++;
        this.report("http-connections", oldest.socket.peer);
        oldest.socket.destroy();
        return true;
      }
    }
    return false;
  }

  /** Its descriptor is needed elsewhere. */
  #giveBack(raw: RawSocket): void {
    const peer = peerOf(raw); // before it is closed: then it is not known any more
    raw.on("error", () => {});
    raw.destroy();
    this.#hasDescriptors();
    this.counts.refused++;
    this.report("descriptors", peer);
  }

  /** Over the limit for as long as it takes to say so. */
  #refuse(connection: HttpConnection): void {
    this.counts.refused++;
    this.report("http-connections", connection.socket.peer);
    const isFlood = this.#connections.size > this.limits.connections + MOST_REFUSALS;
    if (isFlood) connection.socket.destroy();
    else connection.turnAway(503, "as many connections are open as may be");
  }

  #sweep(): void {
    const now = this.now();
    for (const connection of [...this.#connections]) {
      if (connection.deadline <= now) connection.expire();
    }
  }

  #sweepMs(): number {
    const { headMs, idleMs, stallMs, lingerMs } = this.limits;
    return Math.min(LONGEST_SWEEP_MS, Math.max(10, Math.min(headMs, idleMs, stallMs, lingerMs) / 4));
  }
}

/** Refused connections that are being told at once; further ones are closed without a word. */
const MOST_REFUSALS = 16;
