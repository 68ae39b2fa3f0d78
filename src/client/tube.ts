// A tube of the face: a name, a way to write bodies, and the queue that it belongs to.

import {
  cursorArgument,
  isTooLong,
  kickCount,
  listLimit,
  putNumbers,
  reserveCount,
  secondsOf,
  stateWord,
  timeoutOf,
} from "./arguments.ts";
import type { Answer, Backend, PutResult } from "./backend.ts";
import type { BaseQueue } from "./base_queue.ts";
import type { Codec } from "./codec.ts";
import { fieldsOf, jobListOf } from "./documents.ts";
import { BatchError, InvalidBodyError, LostLeaseError, refusal } from "./errors.ts";
import type {
  Job,
  JobList,
  ListOptions,
  PeekedJob,
  PutOptions,
  StateWord,
  Tube,
  TubeReserveOptions,
  TubeStats,
} from "./face.ts";
import { HeldJob } from "./held_job.ts";
import type { Lanes, Taken } from "./lanes.ts";
import { peekedJob } from "./peeked_job.ts";

/** What a tube needs of its queue. */
export interface TubeOwner {
  readonly queue: BaseQueue;
  readonly backend: Backend;
  readonly lanes: Lanes;
}

export class NamedTube<Input, Output> implements Tube<Input, Output> {
  readonly name: string;
  private readonly owner: TubeOwner;
  private readonly codec: Codec<Input, Output>;
  private readonly names: readonly string[];

  constructor(owner: TubeOwner, name: string, codec: Codec<Input, Output>) {
    this.owner = owner;
    this.name = name;
    this.names = [name];
    this.codec = codec;
  }

  get queue(): BaseQueue {
    return this.owner.queue;
  }

  async put(body: Input, options?: PutOptions): Promise<number> {
    const numbers = putNumbers(options);
    const encoded = this.codec.encode(body);
    const bytes = encoded instanceof Uint8Array ? encoded : await encoded;
    const { results: [result] } = await this.owner.backend.put(this.name, [bytes], numbers, options?.signal);
    if (typeof result === "number") return result;
    throw refusal(result, "put");
  }

  async putMany(bodies: readonly Input[], options?: PutOptions): Promise<number[]> {
    const numbers = putNumbers(options);
    const encoded = bodies.map((body) => this.codec.encode(body));
    const isReady = encoded.every((bytes) => bytes instanceof Uint8Array);
    const bytes = isReady ? encoded as Uint8Array[] : await Promise.all(encoded);
    const { results } = await this.owner.backend.put(this.name, bytes, numbers, options?.signal);
    return idsOf(results);
  }

  async reserve(options: TubeReserveOptions = {}): Promise<Job<Output> | null> {
    const jobs = await this.take(1, options);
    return jobs.length === 0 ? null : jobs[0];
  }

  reserveMany(count: number, options: TubeReserveOptions = {}): Promise<Job<Output>[]> {
    return this.take(count, options);
  }

  async *jobs(options: TubeReserveOptions = {}): AsyncIterableIterator<Job<Output>> {
    while (!options.signal?.aborted) {
      let job: Job<Output> | null;
      try {
        job = await this.reserve(options);
      } catch (error) {
        if (options.signal?.aborted) return;
        throw error;
      }
      if (job === null) return;
      yield job;
    }
  }

  peekReady(): Promise<PeekedJob | null> {
    return this.peek("peek-ready");
  }

  peekDelayed(): Promise<PeekedJob | null> {
    return this.peek("peek-delayed");
  }

  peekBuried(): Promise<PeekedJob | null> {
    return this.peek("peek-buried");
  }

  async kick(count: number): Promise<number> {
    const answer = await this.owner.backend.ask(this.name, `kick ${kickCount(count)}`);
    if (answer.word !== "KICKED") throw refusal(answer.word, "kick");
    return answer.number;
  }

  async pause(seconds: number): Promise<void> {
    const line = `pause-tube ${this.name} ${secondsOf("seconds", seconds)}`;
    const answer = await this.owner.backend.ask(null, line);
    if (answer.word !== "PAUSED") throw refusal(answer.word, "pause-tube");
  }

  async truncate(states: readonly StateWord[] = []): Promise<number> {
    const words = states.map((state) => ` ${stateWord(state, ["ready", "delayed", "buried"])}`).join("");
    const answer = await this.askNamed((name) => `truncate ${name}${words}`);
    if (answer.word === "NOT_FOUND") return 0;
    if (answer.word !== "TRUNCATED") throw refusal(answer.word, "truncate");
    return answer.number;
  }

  async list(state: StateWord, options: ListOptions = {}): Promise<JobList> {
    const word = stateWord(state, ["ready", "delayed", "reserved", "buried"]);
    const rest = `${word} ${listLimit(options.limit)}${cursorArgument(options.cursor)}`;
    const answer = await this.askNamed((name) => `list-jobs ${name} ${rest}`);
    if (answer.word === "NOT_FOUND") return { jobs: [], cursor: null, isCut: false };
    if (answer.bytes === null) throw refusal(answer.word, "list-jobs");
    return jobListOf(answer.bytes);
  }

  async stats(): Promise<TubeStats | null> {
    const answer = await this.owner.backend.ask(null, `stats-tube ${this.name}`);
    if (answer.word === "NOT_FOUND") return null;
    if (answer.bytes === null) throw refusal(answer.word, "stats-tube");
    return fieldsOf(answer.bytes) as TubeStats;
  }

  /** Asks with the tube's name, or with a hyphen and the tube in use where the name leaves no room for the rest. */
  private askNamed(line: (name: string) => string): Promise<Answer> {
    const { backend } = this.owner;
    return isTooLong(line(this.name))
      ? backend.ask(this.name, line("-"))
      : backend.ask(null, line(this.name));
  }

  private async peek(line: string): Promise<PeekedJob | null> {
    return peekedJob(await this.owner.backend.ask(this.name, line), line);
  }

  /** Jobs whose bodies fit; those that do not are buried, and told of. */
  private async take(count: number, options: TubeReserveOptions): Promise<Job<Output>[]> {
    const timeout = timeoutOf(options);
    reserveCount(count);
    while (true) {
      const taken = await this.owner.lanes.reserve(this.names, count, timeout, options.signal);
      if (taken === null) return [];
      const jobs = this.decodedAtOnce(taken) ?? await this.decoded(taken, options.onInvalid);
      if (jobs.length > 0) return jobs;
    }
  }

  /** The usual case: nothing to wait for and nothing wrong; else null. */
  private decodedAtOnce({ ids, bodies, holding }: Taken): Job<Output>[] | null {
    const jobs: HeldJob<Output>[] = [];
    try {
      for (let i = 0; i < ids.length; i++) {
        const decoded = this.codec.decode(bodies[i], ids[i]);
        if (decoded instanceof Promise) {
          decoded.catch(() => {}); // asked again by whoever waits for it
          return null;
        }
        jobs.push(new HeldJob(ids[i], bodies[i], decoded, holding));
      }
    } catch (error) {
      if (error instanceof InvalidBodyError) return null;
      throw error;
    }
    return jobs;
  }

  private async decoded(
    { ids, bodies, holding }: Taken,
    onInvalid: TubeReserveOptions["onInvalid"],
  ): Promise<Job<Output>[]> {
    const jobs: HeldJob<Output>[] = [];
    const faults: InvalidBodyError[] = [];
    for (let i = 0; i < ids.length; i++) {
      try {
        const decoded = this.codec.decode(bodies[i], ids[i]);
        jobs.push(
          new HeldJob(ids[i], bodies[i], decoded instanceof Promise ? await decoded : decoded, holding),
        );
      } catch (error) {
        if (!(error instanceof InvalidBodyError)) throw error;
        const job = new HeldJob(ids[i], bodies[i], null, holding);
        if (await isStillHeld(job.bury())) faults.push(error);
      }
    }
    if (faults.length > 0 && onInvalid === undefined) {
      for (const job of jobs) await isStillHeld(job.release());
      throw faults[0];
    }
    faults.forEach((fault) => onInvalid?.(fault));
    return jobs;
  }
}

/** False when the lease was lost before the job could be settled: then it is for its next holder to see to. */
function isStillHeld(settled: Promise<void>): Promise<boolean> {
  return settled.then(() => true, (error) => {
    if (error instanceof LostLeaseError) return false;
    throw error;
  });
}

function idsOf(results: readonly PutResult[]): number[] {
  const refused = results.find((result) => typeof result === "string");
  if (refused === undefined) return results as number[];
  throw new BatchError(
    refusal(refused as string, "put"),
    results.map((result) => typeof result === "number" ? result : null),
  );
}
