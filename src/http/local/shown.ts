// Rows, tubes and peers as the API shows them.

import type { BodyReader } from "../../core/bodies.ts";
import { DELAYED, RESERVED, STATE_WORDS } from "../../core/jobs.ts";
import type { Tube as CoreTube } from "../../core/tube.ts";
import { describeCounts } from "../../observe/tube_facts.ts";
import type { Inspector } from "../../server/inspector.ts";
import type { ServerPeer } from "../../server/server_peer.ts";
import { bodyTextOf } from "../job_text.ts";
import type { BodyText, Connection, Job, Rates, State, Tube } from "../model.ts";
import type { BodyView } from "../source.ts";

/** Ids of held jobs that are shown, and names of watched tubes. */
const SHOWN_HELD = 20;
const SHOWN_WATCHED = 100;

/** What somebody who watches the server over time adds to a tube. */
export interface TubeTrends {
  rates(tube: CoreTube): Rates | null;
  /** Since when the oldest ready job has been ready, in milliseconds since 1970; null: none is, or it is not known. */
  oldestReadySince(tube: CoreTube): number | null;
}

/** The name of a tube: the protocol lets only ASCII in. */
export function nameOf(tube: CoreTube): string {
  return String.fromCharCode(...tube.name);
}

export class Shown {
  readonly #inspector: Inspector;
  readonly #trends: TubeTrends | null;

  constructor(inspector: Inspector, trends: TubeTrends | null) {
    this.#inspector = inspector;
    this.#trends = trends;
  }

  job(row: number, now: number, view: BodyView): Job {
    const { jobs } = this.#inspector;
    const state = jobs.state.get(row);
    const isTimed = state === RESERVED || state === DELAYED;
    const createdAt = jobs.createdAt.get(row);
    const bytes = jobs.bodyBytes.get(row) - 2;
    const shown: Job = {
      id: jobs.id.get(row),
      tube: nameOf(this.#inspector.tubeOf(row)),
      state: STATE_WORDS[state] as State,
      priority: jobs.pri.get(row),
      delay: jobs.delayOf(row),
      ttr: jobs.ttr.get(row),
      ageSeconds: secondsOf(now - createdAt),
      timeLeftSeconds: isTimed ? secondsOf(jobs.deadlineAt.get(row) - now) : 0,
      createdAt: new Date(this.#inspector.wallInstant(createdAt)).toISOString(),
      counts: {
        reserves: jobs.reserves.get(row),
        timeouts: jobs.timeoutsOf(row),
        releases: jobs.releasesOf(row),
        buries: jobs.buriesOf(row),
        kicks: jobs.kicksOf(row),
      },
      bytes,
      heldBy: this.#inspector.holderOf(row)?.number ?? null,
    };
    return view.encoding === "none" ? shown : { ...shown, body: this.#body(row, bytes, view) };
  }

  #body(row: number, bytes: number, { encoding, maxBytes }: BodyView): BodyText {
    const beginning = new Beginning(Math.min(bytes, maxBytes));
    this.#inspector.readBody(row, beginning);
    return bodyTextOf(beginning.bytes, encoding as BodyText["encoding"], bytes <= maxBytes);
  }

  tube(tube: CoreTube, now: number): Tube {
    return {
      ...describeCounts(tube, nameOf(tube), now),
      oldestReadySeconds: this.oldestReadySeconds(tube, now),
      rates: this.#trends?.rates(tube) ?? null,
    };
  }

  /** Without trends: how long ago the oldest ready job was put, as far as a short look shows it. */
  oldestReadySeconds(tube: CoreTube, now: number): number | null {
    if (tube.ready.length === 0) return null;
    const { inspection, jobs } = this.#inspector;
    const since = this.#trends === null
      ? jobs.createdAt.get(inspection.oldestReady(tube, LOOKED_AT_FOR_AGE).row)
      : this.#trends.oldestReadySince(tube);
    return since === null ? null : secondsOf(now - since);
  }

  connection(peer: ServerPeer): Connection {
    const { session } = peer;
    const { jobs, inspection } = this.#inspector;
    const holds = inspection.heldBy(session, null, SHOWN_HELD).rows.map((row) => jobs.id.get(row));
    return {
      number: peer.number,
      kind: peer.kind,
      peer: peer.peerAddress,
      identity: peer.identityName ?? null,
      using: nameOf(session.used),
      watching: session.watches.slice(0, SHOWN_WATCHED).map(({ tube }) => nameOf(tube)),
      isWaiting: session.isWaiting,
      isProducer: session.isProducer,
      isWorker: session.isWorker,
      holds,
      held: session.heldCount,
      unsentBytes: peer.unsentBytes,
    };
  }
}

const LOOKED_AT_FOR_AGE = 200;

/** To a thousandth. */
function secondsOf(ms: number): number {
  return Math.max(0, Math.round(ms) / 1000);
}

/** Takes the first bytes of a body. */
export class Beginning implements BodyReader {
  readonly bytes: Uint8Array;
  private at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
  }

  copy(source: Uint8Array, from: number, to: number): void {
    const count = Math.min(to - from, this.bytes.length - this.at);
    if (count <= 0) return;
    this.bytes.set(source.subarray(from, from + count), this.at);
    this.at += count;
  }

  keep(piece: Uint8Array, length: number): void {
    this.copy(piece, 0, length);
  }
}
