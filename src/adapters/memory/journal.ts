// A journal that remembers in memory: what is committed outlives the queue, not the process. The plainest thing that
// the port allows, to compare the others with.

import type {
  JobState,
  Journal,
  JournalEvents,
  JournalFacts,
  LiveJob,
  LiveJobs,
  Restorer,
} from "../../ports/journal.ts";

interface RememberedJob {
  readonly job: JobState;
  readonly body: Uint8Array;
}

/** What outlives a queue. */
export class JournalMemory {
  readonly jobs = new Map<number, RememberedJob>();
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
    for (const { job, body } of this.jobs.values()) restorer.put(job, body, 0, body.length);
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
  private records: (() => void)[] = [];
  private written = 0;

  constructor(memory: JournalMemory, live: LiveJobs) {
    this.memory = memory;
    this.live = live;
  }

  put(job: LiveJob): void {
    const remembered = { job: copyOf(job), body: bodyOf(job) };
    this.record(() => this.memory.jobs.set(remembered.job.id, remembered));
  }

  change(job: LiveJob): void {
    const changed = copyOf(job);
    this.record(() => {
      const { body } = this.memory.jobs.get(changed.id)!;
      this.memory.jobs.set(changed.id, { job: changed, body });
    });
  }

  gone(id: number): void {
    this.record(() => this.memory.jobs.delete(id));
  }

  hasRoomFor(): boolean {
    return true;
  }

  commit(): void {
    for (const apply of this.records) apply();
    this.records = [];
    this.memory.nextId = this.live.nextId;
    this.reached = this.ticket;
  }

  get facts(): JournalFacts {
    return { oldest: 0, current: 0, migrated: 0, written: this.written };
  }

  listen(_events: JournalEvents): void {}

  close(): void {
    this.commit();
    this.memory.isInUse = false;
  }

  private record(apply: () => void): void {
    this.records.push(apply);
    this.written++;
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
