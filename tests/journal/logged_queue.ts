// A queue with its log, driven directly: what the server does in a turn, without the server.

import { Engine } from "../../src/core/engine.ts";
import { BURIED, DELAYED, STATE_WORDS, STATES_ALL } from "../../src/core/jobs.ts";
import { DELETED, RECORD_CHANGE, RECORD_GONE, RECORD_PUT, RECORD_TRUNCATE } from "../../src/core/outbox.ts";
import { REQUEUED, TRUNCATED } from "../../src/core/outbox.ts";
import type { Session } from "../../src/core/session.ts";
import type { Binlog, SyncPolicy } from "../../src/journal/binlog.ts";
import { openLog, type Recovered } from "../../src/journal/recovery.ts";
import { hasRoomToRequeue } from "../../src/server/requeue.ts";
import type { Files } from "../../src/ports/files.ts";
import type { LiveJob } from "../../src/ports/journal.ts";

export interface LoggedQueueOptions {
  readonly segmentBytes: number;
  readonly sync?: SyncPolicy;
  /** When it is opened, in milliseconds since 1970. */
  readonly now?: number;
  /** Of a new log. */
  readonly identity?: Uint8Array;
}

const encoder = new TextEncoder();
const IDENTITY = new Uint8Array(16).map((_, index) => index + 1);
export const T0 = 1_700_000_000_000;

export class LoggedQueue {
  readonly engine: Engine = new Engine();
  readonly binlog: Binlog;
  readonly recovered: Recovered;
  readonly session: Session;
  now: number;
  /** Why the log is over. */
  failure: Error | null = null;

  constructor(files: Files, options: LoggedQueueOptions) {
    this.now = options.now ?? T0;
    this.recovered = openLog(files, this.engine, {
      segmentBytes: options.segmentBytes,
      sync: options.sync ?? { kind: "always" },
      stopwatch: () => 0,
      now: this.now,
      identity: options.identity ?? IDENTITY,
    });
    this.binlog = this.recovered.binlog;
    this.binlog.listen({
      progressed: () => {},
      failed: (error) => {
        this.failure = error;
      },
    });
    this.session = this.engine.open();
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
    if (!this.binlog.hasRoomFor(session.used.name.length, body.length, 0)) return 0;
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

  delete(id: number): void {
    this.engine.delete(this.session, id);
    if (this.record() !== DELETED) throw new Error(`job ${id} was not deleted`);
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
    const { engine, session, binlog, now } = this;
    const name = tube === null ? null : encoder.encode(tube);
    if (body !== null) {
      engine.beginReplacement(session, body.length - 2);
      engine.fillPut(session, body, 0, body.length);
    }
    if (!hasRoomToRequeue({ engine, journal: binlog }, session, id, name, now)) {
      engine.abandonPut(session);
      return false;
    }
    engine.requeue(session, id, name, 0, name?.length ?? 0, pri, delay, 60, now);
    if (this.record() !== REQUEUED) throw new Error(`job ${id} was not requeued`);
    return true;
  }

  /** Some of what is too much for one call. */
  work(): void {
    this.engine.work(this.now);
    this.record();
  }

  /** The end of a turn. */
  commit(): void {
    this.binlog.commit(++this.now, 1);
    if (this.failure !== null) throw this.failure;
  }

  /** Hands what the engine recorded to the log, as the server does; answers the last reply. */
  private record(): number {
    const { outbox, live } = this.engine;
    let reply = 0;
    for (let i = 0; i < outbox.recordCount; i++) {
      const kind = outbox.recordKind(i);
      const number = outbox.recordNumber(i);
      if (kind === RECORD_PUT) this.binlog.put(live.at(number));
      else if (kind === RECORD_CHANGE) this.binlog.change(live.at(number));
      else if (kind === RECORD_TRUNCATE) this.binlog.truncate(outbox.truncates[number]);
      else {
        const size = [outbox.recordFile(i), outbox.recordNameBytes(i), outbox.recordBodyBytes(i)] as const;
        if (kind === RECORD_GONE) this.binlog.gone(number, ...size);
        else this.binlog.dropped(number, ...size);
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
  const body: number[] = [];
  const take = (source: Uint8Array, from: number, to: number): void => {
    for (let i = from; i < to; i++) body.push(source[i]);
  };
  job.readBody({ copy: take, keep: (piece, length) => take(piece, 0, length) });
  const counts = [job.reserves, job.timeouts, job.releases, job.buries, job.kicks];
  const readyAt = job.state === DELAYED ? job.mark : 0;
  return `${job.id} ${new TextDecoder().decode(job.tube)} ${STATE_WORDS[job.state]} pri ${job.pri} ` +
    `delay ${job.delay} ttr ${job.ttr} created ${job.createdAt} at ${readyAt} ${counts} ${
      String.fromCharCode(...body)
    }`;
}
