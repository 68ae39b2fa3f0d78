// What the server needs of whoever has a session with it: a connection, or a peer in this process.

export interface ServerPeer {
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
