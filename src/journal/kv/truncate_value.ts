// A truncate as a store keeps it, until the keys of all jobs that it concerns have been removed; and what it means for a job.

import { BURIED, DELAYED, READY, STATES_ALL } from "../../core/jobs.ts";
import type { Truncation } from "../../ports/journal.ts";
import type { KvEntry, KvKey } from "../../ports/kv.ts";
import { KV_VALUE_BYTES } from "../../ports/kv.ts";
import { LogProblem } from "../problem.ts";
import { KV_FORMAT_VERSION } from "./layout.ts";

const HEAD_BYTES = 32;
const SPARED_PER_VALUE = KV_VALUE_BYTES / 8;

/** `wall` is added to the server's instants. */
export function encodeTruncate(truncation: Truncation, wall: number): Uint8Array {
  const { tube, states, spared, delayedFrom, delayedFromId } = truncation;
  const value = new Uint8Array(HEAD_BYTES + tube.length);
  const view = new DataView(value.buffer);
  view.setUint32(0, KV_FORMAT_VERSION, true);
  view.setUint32(4, states, true);
  view.setFloat64(8, delayedFrom + wall, true);
  view.setFloat64(16, delayedFromId, true);
  view.setUint32(24, spared.length, true);
  value.set(tube, HEAD_BYTES);
  return value;
}

/** The list of those that were spared, in as many values as it takes. */
export function encodeSpared(spared: readonly number[]): Uint8Array[] {
  const values: Uint8Array[] = [];
  for (let from = 0; from < spared.length; from += SPARED_PER_VALUE) {
    const ids = spared.slice(from, from + SPARED_PER_VALUE);
    const view = new DataView(new ArrayBuffer(ids.length * 8));
    ids.forEach((id, index) => view.setFloat64(index * 8, id, true));
    values.push(new Uint8Array(view.buffer));
  }
  return values;
}

/** A job as it was recorded. */
export interface RecordedJob {
  readonly id: number;
  readonly tube: Uint8Array;
  readonly state: number;
  readonly mark: number;
  readonly sequence: number;
}

interface ReadTruncate {
  readonly sequence: number;
  readonly states: number;
  readonly delayedFrom: number;
  readonly delayedFromId: number;
  readonly sparedCount: number;
  readonly spared: Set<number>;
}

/** The truncates that were found in a store. */
export class Truncates {
  /** Their keys, and those of lists whose truncate never came. */
  readonly keys: KvKey[] = [];
  lastSequence = 0;
  private readonly byTube = new Map<string, ReadTruncate[]>();
  private last: ReadTruncate | null = null;

  /** Entries come in the order of their keys: a truncate, then its list. */
  take({ key, value }: KvEntry): void {
    this.keys.push(key);
    const sequence = key[2] as number;
    if (key.length === 3) this.takeTruncate(key, sequence, value);
    else if (this.last?.sequence === sequence) {
      const view = new DataView(value.buffer, value.byteOffset, value.length);
      for (let at = 0; at + 8 <= value.length; at += 8) this.last.spared.add(view.getFloat64(at, true));
    }
  }

  /** There are no more. */
  end(): void {
    for (const truncates of this.byTube.values()) {
      for (const { sequence, spared, sparedCount } of truncates) {
        if (spared.size !== sparedCount) throw damaged([sequence]);
      }
    }
  }

  /** Whether a job is gone by one of them. */
  concern(job: RecordedJob): boolean {
    if (this.byTube.size === 0) return false;
    const truncates = this.byTube.get(nameOf(job.tube)) ?? [];
    return truncates.some((truncate) =>
      truncate.sequence > job.sequence && (truncate.states & 1 << stateAt(truncate, job)) !== 0 &&
      !truncate.spared.has(job.id)
    );
  }

  private takeTruncate(key: KvKey, sequence: number, value: Uint8Array): void {
    if (value.length <= HEAD_BYTES) throw damaged(key);
    const view = new DataView(value.buffer, value.byteOffset, value.length);
    const states = view.getUint32(4, true);
    const isFine = view.getUint32(0, true) === KV_FORMAT_VERSION && Number.isSafeInteger(sequence) &&
      states !== 0 && (states & ~STATES_ALL) === 0;
    if (!isFine) throw damaged(key);
    this.lastSequence = Math.max(this.lastSequence, sequence);
    this.last = {
      sequence,
      states,
      delayedFrom: view.getFloat64(8, true),
      delayedFromId: view.getFloat64(16, true),
      sparedCount: view.getUint32(24, true),
      spared: new Set(),
    };
    const name = nameOf(value.subarray(HEAD_BYTES));
    const others = this.byTube.get(name);
    if (others === undefined) this.byTube.set(name, [this.last]);
    else others.push(this.last);
  }
}

/** The state in which a truncate found a job: the end of a delay is not recorded. */
function stateAt({ delayedFrom, delayedFromId }: ReadTruncate, { id, state, mark }: RecordedJob): number {
  if (state === READY || state === BURIED) return state;
  const wasReady = mark !== delayedFrom ? mark < delayedFrom : id < delayedFromId;
  return wasReady ? READY : DELAYED;
}

function nameOf(tube: Uint8Array): string {
  return String.fromCharCode(...tube);
}

function damaged(key: KvKey): LogProblem {
  return new LogProblem(
    "damaged",
    `the truncate under ${JSON.stringify(key)} is not as this version of Runnerbean writes it`,
  );
}
