// Jobs from lines of JSON on their way into a queue. Ids and burials that lines do not give are given when all lines
// have been read: above all that were.

import { Buffer } from "node:buffer";
import { BURIED, DELAYED, READY } from "../../core/jobs.ts";
import { HIGHEST_ID } from "../../journal/free_id.ts";
import type { RestorableQueue } from "../../journal/recovery.ts";
import type { BodySink, JobState } from "../../ports/journal.ts";
import { contradiction, firstSchema, type JobFields, jobSchema, readFields, tooLarge } from "./job_schema.ts";
import { LineProblem } from "./lines.ts";

const STATES = { ready: READY, delayed: DELAYED, buried: BURIED } as const;
const MOST_DELAY_SECONDS = 4_294_967_295;
/** Jobs without an id have one beyond all others until they get theirs. */
const FIRST_NAMELESS = HIGHEST_ID + 1;
const CR_LF = Buffer.from("\r\n");

export class LoadedJobs {
  /** How many jobs the first line speaks of. */
  announced: number | undefined;
  private readonly queue: RestorableQueue;
  private readonly restorer: ReturnType<RestorableQueue["restore"]>;
  private readonly now: number;
  private readonly tubes = new Map<string, Uint8Array>();
  private line = 0;
  private isBegun = false;
  private nextId = 1;
  private nextNameless = FIRST_NAMELESS;
  private lastBurial = 0;
  /** Ids of buried jobs whose line says nothing of when. */
  private readonly unordered: number[] = [];

  constructor(queue: RestorableQueue, now: number) {
    this.queue = queue;
    this.restorer = queue.restore();
    this.now = now;
  }

  /** Takes the next line; an empty one is nothing. Throws a LineProblem that names the line and the field. */
  add(line: string): void {
    this.line++;
    if (line.trim() === "") return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      this.fail(`it is not JSON: ${(error as Error).message}`);
    }
    const isFirst = !this.isBegun;
    this.isBegun = true;
    if (typeof value === "object" && value !== null && Object.hasOwn(value, "runnerbean")) {
      if (!isFirst) this.fail("runnerbean: only the first line may have it");
      const first = readFields(firstSchema, value);
      if (typeof first === "string") this.fail(first);
      this.nextId = first.nextId;
      this.announced = first.jobs;
      return;
    }
    const job = readFields(jobSchema, value);
    if (typeof job === "string") this.fail(job);
    this.addJob(job);
  }

  /** All lines have been taken. */
  finish(): void {
    const { live } = this.queue;
    const given = this.nextId;
    const idOf = (id: number): number => id < FIRST_NAMELESS ? id : given + (id - FIRST_NAMELESS);
    if (idOf(this.nextNameless) > FIRST_NAMELESS) {
      throw new LineProblem("there are not enough ids above those given for the jobs without one");
    }
    for (let id = FIRST_NAMELESS; id < this.nextNameless; id++) this.name(id, idOf(id));
    for (const id of this.unordered) {
      this.restorer.change({ ...stateOf(live.find(idOf(id))!), mark: ++this.lastBurial });
    }
    this.restorer.finish(idOf(this.nextNameless), -Infinity);
  }

  private addJob(job: JobFields): void {
    const fault = contradiction(job);
    if (fault !== null) this.fail(fault);
    const body = bodyOf(job);
    const size = tooLarge(body.length - CR_LF.length);
    if (size !== null) this.fail(size);
    const id = job.id ?? this.nextNameless++;
    if (this.queue.live.find(id) !== null) this.fail(`id: there is a job ${id} already`);
    if (job.id !== undefined) this.nextId = Math.max(this.nextId, id + 1);
    const { state, createdAt, burial, pri, ttr, reserves, timeouts, releases, buries, kicks } = job;
    if (burial !== undefined) this.lastBurial = Math.max(this.lastBurial, burial);
    else if (state === "buried") this.unordered.push(id);
    this.restorer.put(
      {
        id,
        tube: this.tubeOf(job.tube),
        state: STATES[state],
        pri,
        delay: this.delayOf(job),
        ttr,
        createdAt: createdAt ?? this.now,
        mark: this.markOf(job),
        reserves,
        timeouts,
        releases,
        buries,
        kicks,
        bodyBytes: body.length,
        file: 0,
      },
      body,
      0,
      body.length,
    );
  }

  /** Nothing waits for longer than its delay when it is served: a line that only says when the job is ready means one until then. */
  private delayOf({ state, readyAt, delay }: JobFields): number {
    if (delay !== undefined || state !== "delayed" || readyAt === undefined) return delay ?? 0;
    return Math.max(0, Math.min(MOST_DELAY_SECONDS, Math.ceil((readyAt - this.now) / 1000)));
  }

  private markOf({ state, readyAt, delay = 0, burial }: JobFields): number {
    if (state === "delayed") return readyAt ?? this.now + delay * 1000;
    return state === "buried" ? burial ?? HIGHEST_ID : 0;
  }

  /** Gives a job without an id one. */
  private name(nameless: number, id: number): void {
    const job = this.queue.live.find(nameless)!;
    const state = stateOf(job);
    const body = new WholeBody(state.bodyBytes);
    job.readBody(body);
    this.restorer.gone(nameless);
    this.restorer.put({ ...state, id }, body.bytes, 0, body.bytes.length);
  }

  /** Its bytes: the same array for the same name, as a restorer asks for. */
  private tubeOf(name: string): Uint8Array {
    let tube = this.tubes.get(name);
    if (tube === undefined) {
      tube = new Uint8Array(Buffer.from(name, "latin1"));
      this.tubes.set(name, tube);
    }
    return tube;
  }

  private fail(message: string): never {
    throw new LineProblem(`line ${this.line}: ${message}`);
  }
}

function bodyOf(job: JobFields): Uint8Array {
  const body = job.body !== undefined ? Buffer.from(job.body) : Buffer.from(job.bodyBase64!, "base64");
  return Buffer.concat([body, CR_LF]);
}

/** A copy of a job's fields. */
function stateOf(job: JobState): JobState {
  const { id, tube, state, pri, delay, ttr, createdAt, mark, bodyBytes, file } = job;
  const { reserves, timeouts, releases, buries, kicks } = job;
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
    file,
  };
}

class WholeBody implements BodySink {
  readonly bytes: Uint8Array;
  private at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
  }

  copy(source: Uint8Array, from: number, to: number): void {
    this.bytes.set(source.subarray(from, to), this.at);
    this.at += to - from;
  }

  keep(piece: Uint8Array, length: number): void {
    this.copy(piece, 0, length);
  }
}
