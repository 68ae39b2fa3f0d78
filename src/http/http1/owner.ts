// What a connection needs of the server that it belongs to.

import type { RefusalReason } from "../../ports/refusals.ts";
import type { Answer } from "./answer.ts";
import type { ConnectionState, HttpConnection } from "./connection.ts";
import type { HttpLimits } from "./limits.ts";

/** Is told of each refusal, with the address of the peer if it is known. */
export type ReportRefusal = (reason: RefusalReason, peer: string | null) => void;

/** Connections and requests that were refused or ended, since the start. */
export interface HttpCounts {
  /** Connections that were accepted. */
  accepted: number;
  /** Answered 503 and closed, since as many as may be were open and none could be ended; or closed, for want of descriptors. */
  refused: number;
  /** Ended to make room for another connection. */
  displaced: number;
  /** Heads that could not be read. */
  malformed: number;
  /** Heads that did not come in time. */
  headTimeouts: number;
  /** Connections without a request for too long. */
  idleTimeouts: number;
  /** Peers that did not take an answer, or did not send the rest of a body. */
  stalled: number;
  /** Requests refused because the bodies being received fill their share of memory. */
  bodiesRefused: number;
  /** WebSockets that broke the protocol or a limit. */
  webSocketsEnded: number;
  /** Requests that failed by a fault of this program. */
  failed: number;
}

/** A sum over all connections. */
export interface Budget {
  readonly total: number;
  add(bytes: number): void;
}

export interface ConnectionOwner {
  readonly limits: HttpLimits;
  readonly counts: HttpCounts;
  readonly answer: Answer;
  /** Sets the headers that every answer has. */
  readonly dress: (response: Response) => Response;
  /** Request bodies that are being received. */
  readonly bodies: Budget;
  /** Answers that have not been taken. */
  readonly unsent: Budget;
  readonly report: ReportRefusal;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  entered(connection: HttpConnection, state: ConnectionState): void;
  closed(connection: HttpConnection): void;
  /** A request failed by a fault of this program. */
  failed(error: unknown): void;
  /** The answers not taken are more than may be. */
  relieve(): void;
}
