// A journal that remembers in memory: what is committed outlives the queue, not the process. It is a list of all that was ever
// recorded: the plainest thing that the port allows, to compare the others with.

import type {
  JobState,
  Journal,
  JournalFacts,
  LiveJob,
  LiveJobs,
  Restorer,
  Truncation,
} from "../../ports/journal.ts";

type ToldRecord = (restorer: Restorer) => void;

/** What outlives a queue. */
export class JournalMemory {
  readonly records: ToldRecord[] = [];
  nextId = 1;
  isInUse = false;

  /** Fills a queue and answers its journal. Throws when another one has it. */
  open(
    queue: { live: LiveJobs; restore(): Restorer & { finish(nextId: number, now: number): void } },
    now: number,
  ): MemoryJournal {
    if (this.isInUse) throw new Error("another queue has this memory");
    this.isInUse = true;
    const restorer = queue.restore();
    for (const tell of this.records) tell(restorer);
    restorer.finish(this.nextId, now);
    return new MemoryJournal(this, queue.live);
  }
}

export class MemoryJournal implements Journal {
  readonly isFull = false;
  readonly nextInstant: number = Infinity;
  ticket = 0;
  reached = 0;
  private readonly memory: JournalMemory;
  private readonly live: LiveJobs;
  private records: ToldRecord[] = [];

  constructor(memory: JournalMemory, live: LiveJobs) {
    this.memory = memory;
    this.live = live;
  }

  put(job: LiveJob): void {
    const state = copyOf(job);
    const body = bodyOf(job);
    this.record((restorer) => restorer.put(state, body, 0, body.length));
  }

  change(job: LiveJob): void {
    const state = copyOf(job);
    this.record((restorer) => restorer.change(state));
  }

  gone(id: number): void {
    this.record((restorer) => restorer.gone(id));
  }

  truncate(truncation: Truncation): void {
    const { tube, spared } = truncation;
    const kept = { ...truncation, tube: tube.slice(), spared: [...spared] };
    this.record((restorer) => restorer.truncate(kept));
  }

  dropped(): void {}

  hasRoomFor(): boolean {
    return true;
  }

  commit(): void {
    for (const record of this.records) this.memory.records.push(record);
    this.records = [];
    this.memory.nextId = this.live.nextId;
    this.reached = this.ticket;
  }

  get facts(): JournalFacts {
    return { oldest: 0, current: 0, migrated: 0, written: this.ticket };
  }

  listen(): void {}

  close(): void {
    this.commit();
    this.memory.isInUse = false;
  }

  private record(record: ToldRecord): void {
    this.records.push(record);
    this.ticket++;
  }
}

function copyOf(job: LiveJob): JobState {
  const { id, state, pri, delay, ttr, createdAt, mark, reserves, timeouts, releases, buries, kicks } = job;
  const tube = job.tube.slice();
  const { bodyBytes } = job;
  return {
    id,
    tube,
    state,
    pri,
    delay,
    ttr,
    createdAt,
    mark,
    reserves,
    timeouts,
    releases,
    buries,
    kicks,
    bodyBytes,
    file: 0,
  };
}

function bodyOf(job: LiveJob): Uint8Array {
  const body = new Uint8Array(job.bodyBytes);
  let at = 0;
  const take = (source: Uint8Array, from: number, to: number): void => {
    body.set(source.subarray(from, to), at);
    at += to - from;
  };
  job.readBody({ copy: take, keep: (piece, length) => take(piece, 0, length) });
  return body;
}
