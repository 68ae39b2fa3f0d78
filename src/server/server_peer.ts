// What the server needs of whoever has a session with it: a connection, or a peer in this process.

import type { Session } from "../core/session.ts";

/** How a peer came to the server: by which door, or from within the process. */
export type PeerKind = "tcp" | "unix" | "websocket" | "http" | "local";

/** Where a peer is, for the log: its address, or how it came; null when nothing is known. */
export function whereOf(
  { kind, peerAddress, identityName = null }: Pick<ServerPeer, "kind" | "peerAddress" | "identityName">,
): string | null {
  const where = peerAddress ?? (kind === "unix" ? "a unix socket" : kind === "local" ? "this process" : null);
  return where === null || identityName === null ? where : `${where} (${identityName})`;
}

export interface ServerPeer {
  /** Counts peers since the start; names this one. */
  readonly number: number;
  readonly kind: PeerKind;
  /** Where it is, if that is known. */
  readonly peerAddress: string | null;
  /** Who it is, where there is access control and it has said so. */
  readonly identityName?: string | null;
  readonly session: Session;
  /** Bytes of replies that have not left yet. */
  readonly unsentBytes: number;
  /** It is in the server's list of those that have something to send or to go on with. */
  isListed: boolean;
  /** It is in the server's list of those that wait for the journal. */
  isAwaiting: boolean;
  /** The engine answers; rows named in the reply are valid during this call only. */
  reply(kind: number, number: number): void;
  /** End of a turn: goes on with what was kept. */
  goOn(now: number): void;
  /** After it, when the journal has committed: passes on what may leave. */
  send(): void;
  /** The server stops in good order. */
  shut(): void;
  /** The server has failed: what has not left never will. */
  abandon(): void;
}
