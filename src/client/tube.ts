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
import { abortable } from "./abortable.ts";
import type { Answer, Backend, PutResult } from "./backend.ts";
import type { BaseQueue } from "./base_queue.ts";
import type { Codec } from "./codec.ts";
import { fieldsOf, jobListOf } from "./documents.ts";
import { BatchError, InvalidBodyError, JobTooBigError, LostLeaseError, refusal } from "./errors.ts";
import type { QueueError } from "./errors.ts";
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
import { ignoreRejection, tell } from "./hooks.ts";
import { JobIterator } from "./job_iterator.ts";
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
    const areLent = bytes as unknown === body;
    const { backend } = this.owner;
    const { results: [result] } = await backend.put(
      this.name,
      { bodies: [bytes], areLent },
      numbers,
      options?.signal,
    );
    if (typeof result === "number") return result;
    throw await this.putRefusal(result, bytes);
  }

  async putMany(bodies: readonly Input[], options?: PutOptions): Promise<number[]> {
    const numbers = putNumbers(options);
    const encoded = this.encodedAll(bodies);
    const bytes = encoded instanceof Promise ? await encoded : encoded;
    const { backend } = this.owner;
    const areLent = this.codec.lendsBodies;
    const { results } = await backend.put(this.name, { bodies: bytes, areLent }, numbers, options?.signal);
    const refused = results.findIndex((result) => typeof result === "string");
    if (refused < 0) return results as number[];
    throw new BatchError(
      await this.putRefusal(results[refused], bytes[refused]),
      results.map((result) => typeof result === "number" ? result : null),
    );
  }

  async reserve(options: TubeReserveOptions = {}): Promise<Job<Output> | null> {
    const jobs = await this.take(1, options);
    return jobs.length === 0 ? null : jobs[0];
  }

  reserveMany(count: number, options: TubeReserveOptions = {}): Promise<Job<Output>[]> {
    return this.take(count, options);
  }

  jobs(options: TubeReserveOptions = {}): JobIterator<Output> {
    timeoutOf(options);
    return new JobIterator((each) => this.reserve(each), options);
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

  /** All bodies as bytes; a promise only when one of them needs time. Throws or rejects with the first fault. */
  private encodedAll(bodies: readonly Input[]): Uint8Array[] | Promise<Uint8Array[]> {
    if (!Array.isArray(bodies)) throw refusal("BAD_FORMAT", "putMany needs an array of bodies");
    const encoded: (Uint8Array | Promise<Uint8Array>)[] = [];
    try {
      for (const body of bodies as readonly Input[]) encoded.push(this.codec.encode(body));
    } catch (error) {
      encoded.forEach(ignoreRejection); // nobody waits for those that need time
      throw error;
    }
    const isReady = encoded.every((bytes) => bytes instanceof Uint8Array);
    return isReady ? encoded as Uint8Array[] : Promise.all(encoded);
  }

  private async putRefusal(result: PutResult, body: Uint8Array): Promise<QueueError> {
    if (result !== "JOB_TOO_BIG") return refusal(String(result), "put");
    return new JobTooBigError(body.length, await this.owner.backend.maxJobBytes());
  }

  /** Jobs whose bodies fit; those that do not are buried, and told of. */
  private async take(count: number, options: TubeReserveOptions): Promise<Job<Output>[]> {
    const timeout = timeoutOf(options);
    reserveCount(count);
    while (true) {
      const taken = await this.owner.lanes.reserve(this.names, count, timeout, options.signal);
      if (taken === null) return [];
      const jobs = this.decodedAtOnce(taken) ?? await this.decoded(taken, options);
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

  /** None when the jobs were lost meanwhile. Whatever else goes wrong, none of them stays in hand unseen. */
  private async decoded(taken: Taken, { onInvalid, signal }: TubeReserveOptions): Promise<Job<Output>[]> {
    const { ids, bodies, holding } = taken;
    const jobs: HeldJob<Output>[] = [];
    const faults: InvalidBodyError[] = [];
    try {
      const lost = holding.signalFor(ids[0]);
      const gaveUp = signal === undefined ? lost : AbortSignal.any([signal, lost]);
      for (let i = 0; i < ids.length; i++) {
        try {
          const decoded = this.codec.decode(bodies[i], ids[i]);
          const body = decoded instanceof Promise ? await abortable(decoded, gaveUp) : decoded;
          jobs.push(new HeldJob(ids[i], bodies[i], body, holding));
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
    } catch (error) {
      if (holding.isLost && error instanceof LostLeaseError) return [];
      if (error !== faults[0] || error === undefined) holding.lane.close();
      throw error;
    }
    for (const fault of faults) tell("onInvalid", onInvalid, fault);
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
