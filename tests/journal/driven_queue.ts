// A queue and its journal, driven directly: what the server does in a turn, without the server.

import type { Engine } from "../../src/core/engine.ts";
import { BURIED, DELAYED, STATE_WORDS, STATES_ALL } from "../../src/core/jobs.ts";
import { DELETED, RECORD_CHANGE, RECORD_GONE, RECORD_PUT, RECORD_TRUNCATE } from "../../src/core/outbox.ts";
import { REQUEUED, TRUNCATED } from "../../src/core/outbox.ts";
import type { Session } from "../../src/core/session.ts";
import { hasRoomToRequeue } from "../../src/server/requeue.ts";
import type { Journal, LiveJob } from "../../src/ports/journal.ts";

const encoder = new TextEncoder();
export const T0 = 1_700_000_000_000;

export class DrivenQueue {
  readonly engine: Engine;
  readonly journal: Journal;
  readonly session: Session;
  now: number;
  /** Why the journal is over. */
  failure: Error | null = null;
  private waiting: (() => void)[] = [];

  /** The engine has been filled by the journal. */
  constructor(engine: Engine, journal: Journal, now: number) {
    this.engine = engine;
    this.journal = journal;
    this.now = now;
    journal.listen({
      progressed: () => this.wakeAll(),
      failed: (error) => {
        this.failure = error;
        this.wakeAll();
      },
    });
    this.session = engine.open();
  }

  get jobs(): number {
    return this.engine.jobs.count;
  }

  use(tube: string): void {
    const name = encoder.encode(tube);
    this.engine.use(this.session, name, 0, name.length);
    this.record();
  }

  /** The new job's id; 0 when there is no room for it. The body is given with its CR LF. */
  put(body: Uint8Array, pri = 0, delay = 0, ttr = 60): number {
    const { engine, session, now } = this;
    if (!this.journal.hasRoomFor(session.used.name.length, body.length, 0)) return 0;
    engine.beginPut(session, body.length - 2, now);
    engine.fillPut(session, body, 0, body.length);
    engine.put(session, pri, delay, ttr, now);
    this.record();
    return engine.live.nextId - 1;
  }

  reserve(id: number): void {
    this.engine.reserveJob(this.session, id, this.now);
    this.record();
  }

  release(id: number, pri: number, delay: number): void {
    this.engine.release(this.session, id, pri, delay, this.now);
    this.record();
  }

  bury(id: number, pri: number): void {
    this.engine.bury(this.session, id, pri);
    this.record();
  }

  kick(id: number): void {
    this.engine.kickJob(this.session, id, this.now);
    this.record();
  }

  /** Answers how many jobs there were. What they took is cleared away by {@link work}. */
  truncate(tube: string, states: number = STATES_ALL): number {
    const name = encoder.encode(tube);
    this.engine.truncate(this.session, name, 0, name.length, states);
    const count = this.engine.outbox.number(0);
    if (this.record() !== TRUNCATED) throw new Error(`${tube} was not truncated`);
    return count;
  }

  /** Null leaves the tube, or the body, as it is. False: there is no room for it. */
  requeue(id: number, tube: string | null, body: Uint8Array | null, pri = 0, delay = 0): boolean {
    const { engine, session, journal, now } = this;
    const name = tube === null ? null : encoder.encode(tube);
    if (body !== null) {
      engine.beginReplacement(session, body.length - 2);
      engine.fillPut(session, body, 0, body.length);
    }
    if (!hasRoomToRequeue({ engine, journal }, session, id, name, now)) {
      engine.abandonPut(session);
      return false;
    }
    engine.requeue(session, id, name, 0, name?.length ?? 0, pri, delay, 60, now);
    if (this.record() !== REQUEUED) throw new Error(`job ${id} was not requeued`);
    return true;
  }

  /** What is due by now. */
  tick(): void {
    this.engine.tick(this.now);
    this.record();
  }

  /** Some of what is too much for one call. */
  work(): void {
    this.engine.work(this.now);
    this.record();
  }

  delete(id: number): void {
    this.engine.delete(this.session, id);
    if (this.record() !== DELETED) throw new Error(`job ${id} was not deleted`);
  }

  /** The end of a turn. */
  commit(): void {
    this.journal.commit(++this.now, 1);
    if (this.failure !== null) throw this.failure;
  }

  /** Commits until all that was recorded is durable. */
  async settle(): Promise<void> {
    for (;;) {
      this.commit();
      if (this.journal.reached >= this.journal.ticket) return;
      await this.progress();
    }
  }

  /** Resolves when the journal has come further, or failed. */
  progress(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private wakeAll(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Hands what the engine recorded to the journal, as the server does; answers the last reply. */
  private record(): number {
    const { outbox, live } = this.engine;
    let reply = 0;
    for (let i = 0; i < outbox.recordCount; i++) {
      const kind = outbox.recordKind(i);
      const number = outbox.recordNumber(i);
      if (kind === RECORD_PUT) this.journal.put(live.at(number));
      else if (kind === RECORD_CHANGE) this.journal.change(live.at(number));
      else if (kind === RECORD_TRUNCATE) this.journal.truncate(outbox.truncates[number]);
      else {
        const size = [outbox.recordFile(i), outbox.recordNameBytes(i), outbox.recordBodyBytes(i)] as const;
        if (kind === RECORD_GONE) this.journal.gone(number, ...size);
        else this.journal.dropped(number, ...size);
      }
    }
    for (let i = 0; i < outbox.length; i++) reply = outbox.kind(i);
    outbox.clear();
    return reply;
  }
}

/** Everything that a queue remembers of its jobs, in words; equal for equal queues. */
export function describeJobs(engine: Engine): string {
  const lines: [number, string][] = [];
  const buried: { id: number; mark: number }[] = [];
  engine.live.each((job) => {
    lines.push([job.id, describeJob(job)]);
    if (job.state === BURIED) buried.push({ id: job.id, mark: job.mark });
  });
  lines.sort((a, b) => a[0] - b[0]);
  buried.sort((a, b) => a.mark - b.mark);
  return `${lines.map(([, line]) => line).join("\n")}\nburied ${buried.map(({ id }) => id).join(" ")}`;
}

function describeJob(job: LiveJob): string {
  const body = new Uint8Array(job.bodyBytes);
  let at = 0;
  const take = (source: Uint8Array, from: number, to: number): void => {
    body.set(source.subarray(from, to), at);
    at += to - from;
  };
  job.readBody({ copy: take, keep: (piece, length) => take(piece, 0, length) });
  const counts = [job.reserves, job.timeouts, job.releases, job.buries, job.kicks];
  const readyAt = job.state === DELAYED ? job.mark : 0;
  return `${job.id} ${new TextDecoder().decode(job.tube)} ${STATE_WORDS[job.state]} pri ${job.pri} ` +
    `delay ${job.delay} ttr ${job.ttr} created ${job.createdAt} at ${readyAt} ${counts} ${
      new TextDecoder("latin1").decode(body)
    }`;
}
