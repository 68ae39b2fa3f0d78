// The server as those see it who only look: its queue, its connections, its process. Nothing can be changed through it.
// Rows, tubes and sessions are good until the loop is given away; every method's work is bounded.

import type { BodyReader } from "../core/bodies.ts";
import type { Counters } from "../core/counters.ts";
import type { Inspection } from "../core/inspection.ts";
import type { JobTable } from "../core/jobs.ts";
import { RESERVED } from "../core/jobs.ts";
import type { Tube } from "../core/tube.ts";
import type { JournalWork } from "../ports/journal.ts";
import type { ServerFacts } from "../protocol/stats.ts";
import type { LoopLag } from "./loop_lag.ts";
import type { Refusals } from "./refusals.ts";
import type { Server } from "./server.ts";
import type { ServerPeer } from "./server_peer.ts";

const encoder = new TextEncoder();

export class Inspector {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  get facts(): ServerFacts {
    return this.#server.facts;
  }
  /** An instant of the server's as the machine's clock has it by now, which may have been stepped since the start. */
  wallInstant(instant: number): number {
    return this.#server.wallInstant(instant);
  }
  /** What the journal has done, if it measures that. */
  get journalWork(): JournalWork | undefined {
    return this.#server.journal.facts.work;
  }
  get lag(): LoopLag {
    return this.#server.lag;
  }
  /** What was refused, and why. */
  get refusals(): Pick<Refusals, "all"> {
    return this.#server.refusals;
  }
  get counters(): Readonly<Counters> {
    return this.#server.engine.counters;
  }
  get isDraining(): boolean {
    return this.#server.engine.isDraining;
  }
  /** Bytes that jobs take. */
  get jobBytes(): number {
    return this.#server.engine.usedBytes;
  }
  /** The columns of all jobs. */
  get jobs(): JobTable {
    return this.#server.engine.jobs;
  }
  /** Lists and scans of jobs. */
  get inspection(): Inspection {
    return this.#server.engine.inspection;
  }
  get tubes(): readonly Tube[] {
    return this.#server.engine.tubes.list;
  }
  /** Connections and peers of this process by the slot of their session; some places are empty. */
  get peers(): readonly (ServerPeer | undefined)[] {
    return this.#server.peers;
  }

  tube(name: string): Tube | undefined {
    const bytes = encoder.encode(name);
    return this.#server.engine.tubes.find(bytes, 0, bytes.length);
  }

  /** Whether a tube that was seen before is still there. */
  isThere(tube: Tube): boolean {
    return this.tubes[tube.listPlace] === tube;
  }

  tubeOf(row: number): Tube {
    return this.#server.engine.tubes.at(this.jobs.tube.get(row));
  }

  /** Who holds a reserved job; null when nobody does, or has gone just now. */
  holderOf(row: number): ServerPeer | null {
    if (this.jobs.state.get(row) !== RESERVED) return null;
    return this.peers[this.jobs.holder.get(row)] ?? null;
  }

  /** Hands over a body, CR LF included. */
  readBody(row: number, reader: BodyReader): void {
    this.#server.engine.readBody(row, reader);
  }
}
