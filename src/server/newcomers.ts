// Connections that have completed no command yet. When there are as many connections as there may be, the oldest of these
// makes room for a new one: so a flood of connections that say nothing does not keep out who has something to say.

/** Such a connection, as far as it matters here. */
export interface Newcomer {
  /** When it was accepted, in milliseconds. */
  readonly acceptedAt: number;
  /** Closes it at once; what its peer has not taken is dropped. */
  abort(): void;
}

export class Newcomers {
  /** Until a connection is this old it is left alone, in milliseconds. */
  private readonly graceMs: number;
  /** In the order in which they came. */
  private readonly list = new Set<Newcomer>();

  /** Infinity: none is ever ended. */
  constructor(graceMs: number) {
    this.graceMs = graceMs;
  }

  add(connection: Newcomer): void {
    this.list.add(connection);
  }

  /** It has completed a command, or is gone. */
  delete(connection: Newcomer): void {
    this.list.delete(connection);
  }

  /** Ends the oldest one. False: there is none, or it has not been here for long enough. */
  endOldest(now: number): boolean {
    for (const oldest of this.list) {
      if (now - oldest.acceptedAt < this.graceMs) return false;
      this.list.delete(oldest);
      oldest.abort();
      return true;
    }
    return false;
  }
}
