// Jobs as plain objects, for tests that write logs record by record or look at what was read from one.
import { Engine } from "../../src/core/engine.ts";
import type { RestorableQueue } from "../../src/journal/recovery.ts";
import type { BodySink, JobState, LiveJob, LiveJobs, Restorer, Truncation } from "../../src/ports/journal.ts";

export interface PlainJob extends Omit<JobState, "tube" | "bodyBytes" | "file"> {
  readonly tube: string;
  /** One character a byte, CR LF included. */
  readonly body: string;
}

export const READY = 1;
export const DELAYED = 2;
export const BURIED = 4;

export function plainJob(id: number, changes: Partial<PlainJob> = {}): PlainJob {
  const counts = { reserves: 0, timeouts: 0, releases: 0, buries: 0, kicks: 0 };
  const times = { delay: 0, ttr: 60, createdAt: 1_700_000_000_000, mark: 0 };
  return {
    id,
    tube: "default",
    state: READY,
    pri: 0,
    ...times,
    ...counts,
    body: `job ${id}\r\n`,
    ...changes,
  };
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const textOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

/** A set of jobs that a journal can read. */
export class PlainJobs implements LiveJobs {
  nextId = 1;
  readonly jobs = new Map<number, LiveJob>();

  set(job: PlainJob): LiveJob {
    const body = bytesOf(job.body);
    const live: LiveJob = {
      ...job,
      tube: bytesOf(job.tube),
      bodyBytes: body.length,
      file: this.jobs.get(job.id)?.file ?? 0,
      isDead: false,
      readBody: (sink: BodySink) => sink.copy(body, 0, body.length),
    };
    this.jobs.set(job.id, live);
    this.nextId = Math.max(this.nextId, job.id + 1);
    return live;
  }

  find(id: number): LiveJob | null {
    return this.jobs.get(id) ?? null;
  }

  each(visit: (job: LiveJob) => void): void {
    for (const job of [...this.jobs.values()]) visit(job);
  }

  findAny(id: number): LiveJob | null {
    return this.find(id);
  }

  eachAny(visit: (job: LiveJob) => void): void {
    this.each(visit);
  }
}

/** Keeps jobs as their records say: what a log must come back as. */
export class Ledger implements Restorer {
  readonly jobs = new Map<number, PlainJob>();

  put(job: JobState, source: Uint8Array, from: number, to: number): void {
    this.jobs.set(job.id, plain(job, source.slice(from, to)));
  }

  change(job: JobState): void {
    const known = this.jobs.get(job.id);
    if (known === undefined) return;
    const { state, pri, delay, mark, reserves, timeouts, releases, buries, kicks } = job;
    const changed = { state, pri, delay, mark, reserves, timeouts, releases, buries, kicks };
    this.jobs.set(job.id, { ...known, ...changed });
  }

  gone(id: number): void {
    this.jobs.delete(id);
  }

  truncate({ tube, states, spared, delayedFrom, delayedFromId }: Truncation): void {
    for (const { id, tube: name, state, mark } of [...this.jobs.values()]) {
      if (name !== textOf(tube) || spared.includes(id)) continue;
      const isOver = mark < delayedFrom || (mark === delayedFrom && id < delayedFromId);
      const stateThen = state === DELAYED && isOver ? READY : state;
      if ((states & 1 << stateThen) !== 0) this.jobs.delete(id);
    }
  }

  /** In the order of their ids. */
  list(): PlainJob[] {
    return [...this.jobs.values()].sort((a, b) => a.id - b.id);
  }
}

/** The jobs of a queue in the order of their ids. */
export function jobsOf(live: LiveJobs): PlainJob[] {
  const found: PlainJob[] = [];
  live.each((job) => {
    const body = new Uint8Array(job.bodyBytes);
    let at = 0;
    const copy = (source: Uint8Array, from: number, to: number): void => {
      body.set(source.subarray(from, to), at);
      at += to - from;
    };
    job.readBody({ copy, keep: (piece, length) => copy(piece, 0, length) });
    found.push(plain(job, body));
  });
  return found.sort((a, b) => a.id - b.id);
}

function plain(job: JobState, body: Uint8Array): PlainJob {
  const { id, tube, state, pri, delay, ttr, createdAt, mark, reserves, timeouts, releases, buries, kicks } =
    job;
  const counts = { reserves, timeouts, releases, buries, kicks };
  return { id, tube: textOf(tube), state, pri, delay, ttr, createdAt, mark, ...counts, body: textOf(body) };
}

export function emptyQueue(): RestorableQueue {
  return new Engine({ seed: 1 });
}
