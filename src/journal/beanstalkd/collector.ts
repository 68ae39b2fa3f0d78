// What beanstalkd's records mean for the jobs: which are alive, in which order they were buried, whose body is torn.

import { BURIED, DELAYED, READY } from "../../core/jobs.ts";
import type { JobState, Restorer } from "../../ports/journal.ts";
import { INVALID, STORED_BURIED, STORED_DELAYED } from "./layout.ts";
import type { StoredFields } from "./layout.ts";
import type { RecordSink } from "./reader.ts";

/** State and mark of a job that is known so far. */
export type FindJob = (id: number) => { readonly state: number; readonly mark: number } | null;

/** Burials remembered of jobs whose full record is still to come; beyond that the place of that record counts. */
const MOST_EARLY_BURIALS = 1_000_000;
const CR = 0x0d;
const LF = 0x0a;
const NO_NAME = new Uint8Array(0);

export class JobCollector implements RecordSink {
  /** Jobs whose stored body does not end in CR LF: the end of the record never reached the disk. */
  readonly torn: Set<number> = new Set();
  private readonly restorer: Restorer;
  private readonly find: FindJob;
  private burials = 0;
  /** Number of the burial of jobs that have not been seen whole: compaction moved them behind it. */
  private readonly earlyBurials = new Map<number, number>();

  constructor(restorer: Restorer, find: FindJob) {
    this.restorer = restorer;
    this.find = find;
  }

  /** A put, or a job that compaction wrote again: its burial is not the newest then. */
  full(fields: StoredFields, name: Uint8Array, bytes: Uint8Array, from: number, to: number): void {
    const { id, state } = fields;
    const known = this.find(id);
    const early = this.earlyBurials.get(id);
    this.earlyBurials.delete(id);
    if (known !== null) this.forget(id);
    if (state === INVALID) return;
    let mark = fields.deadlineAt;
    if (state === STORED_BURIED) mark = (known?.state === BURIED ? known.mark : early) ?? ++this.burials;
    this.restorer.put(jobState(fields, name, mark), bytes, from, to);
    if (bytes[to - 2] !== CR || bytes[to - 1] !== LF) this.torn.add(id);
  }

  short(fields: StoredFields): void {
    const { id, state } = fields;
    if (this.find(id) === null) {
      this.early(id, state);
      return;
    }
    if (state === INVALID) this.forget(id);
    else {
      const mark = state === STORED_BURIED ? ++this.burials : fields.deadlineAt;
      this.restorer.change(jobState(fields, NO_NAME, mark));
    }
  }

  private forget(id: number): void {
    this.torn.delete(id);
    this.restorer.gone(id);
  }

  /** Of a job that is deleted or written again later. */
  private early(id: number, state: number): void {
    if (state !== STORED_BURIED) this.earlyBurials.delete(id);
    else if (this.earlyBurials.size < MOST_EARLY_BURIALS) this.earlyBurials.set(id, ++this.burials);
  }
}

/** A reserved job is ready again: its holder is gone. */
function jobState(fields: StoredFields, tube: Uint8Array, mark: number): JobState {
  const stored = fields.state;
  const state = stored === STORED_BURIED ? BURIED : stored === STORED_DELAYED ? DELAYED : READY;
  const { id, pri, delay, ttr, createdAt, reserves, timeouts, releases, buries, kicks, bodyBytes } = fields;
  return {
    id,
    tube,
    state,
    pri,
    delay,
    ttr,
    createdAt,
    mark: state === READY ? 0 : mark,
    reserves,
    timeouts,
    releases,
    buries,
    kicks,
    bodyBytes,
    file: 0,
  };
}
