// The face over a backend: what a queue in this process and the client of a server do in the same way.

import { jobId, reserveCount, timeoutOf, tubeName } from "./arguments.ts";
import type { Backend, DeleteOutcome } from "./backend.ts";
import { BYTES, jsonCodec } from "./codec.ts";
import { fieldsOf, itemsOf } from "./documents.ts";
import { refusal } from "./errors.ts";
import type { Body, Job, JobQueue, JobStats, PeekedJob, ReserveOptions, Stats, Tube } from "./face.ts";
import { HeldJob } from "./held_job.ts";
import type { Holding } from "./holding.ts";
import { Lanes } from "./lanes.ts";
import { peekedJob } from "./peeked_job.ts";
import type { StandardSchema } from "./standard_schema.ts";
import { NamedTube } from "./tube.ts";

/** How often, and after which pause, a tube is tried to be deleted while idle sessions of this queue are on their way out. */
const MOST_DELETE_ATTEMPTS = 20;
const DELETE_PAUSE_MS = 25;

/**
 * What `Queue` and `Client` have in common. Not to be made by itself.
 *
 * @example Tell a queue from other things
 * ```ts
 * import { BaseQueue, Queue } from "@runnerbean/runnerbean";
 *
 * await using queue = await Queue.open();
 * console.log(queue instanceof BaseQueue); // true
 * ```
 */
export abstract class BaseQueue implements JobQueue {
  readonly #backend: Backend;
  readonly #lanes: Lanes;
  #closing: Promise<void> | null = null;

  /** How the queue is reached. */
  protected constructor(backend: Backend) {
    this.#backend = backend;
    this.#lanes = new Lanes(backend);
  }

  /** A tube of bytes. */
  tube(name: string): Tube<Body, Uint8Array>;
  /** A tube of JSON bodies that fit a schema. */
  tube<Input, Output>(name: string, schema: StandardSchema<Input, Output>): Tube<Input, Output>;
  tube(name: string, schema?: StandardSchema): Tube<Body, Uint8Array> | Tube<unknown, unknown> {
    const owner = { queue: this, backend: this.#backend, lanes: this.#lanes };
    tubeName(name);
    return schema === undefined
      ? new NamedTube(owner, name, BYTES)
      : new NamedTube(owner, name, jsonCodec(name, schema));
  }

  /** The best ready job of several tubes, or null when the time is up. */
  async reserve(tubes: readonly string[], options: ReserveOptions = {}): Promise<Job | null> {
    const [job] = await this.reserveMany(tubes, 1, options);
    return job ?? null;
  }

  /** Waits for one job of several tubes and takes up to `count` (1 to 10,000) that are ready then. */
  async reserveMany(tubes: readonly string[], count: number, options: ReserveOptions = {}): Promise<Job[]> {
    if (tubes.length === 0) throw refusal("BAD_FORMAT", "reserve from no tube");
    tubes.forEach(tubeName);
    const timeout = timeoutOf(options);
    const taken = await this.#lanes.reserve(tubes, reserveCount(count), timeout, options.signal);
    if (taken === null) return [];
    const { ids, bodies, holding } = taken;
    return ids.map((id, i) => new HeldJob(id, bodies[i], bodies[i], holding));
  }

  /**
   * Deletes jobs in hand with one promise for all; resolves with those whose lease was lost, usually none. Rejects when the
   * server refused to delete some; those are held as before.
   */
  async deleteMany<Output>(jobs: readonly Job<Output>[]): Promise<Job<Output>[]> {
    const lost: Job<Output>[] = [];
    let refused = "";
    for (const [holding, held] of byHolding(jobs, lost)) {
      for (const job of held) job.state = "settled";
      let outcome: DeleteOutcome;
      try {
        outcome = await holding.lane.delete(held.map((job) => job.id));
      } catch (error) {
        if (!holding.isLost) throw error;
        for (const job of held) job.state = "lost";
        lost.push(...held);
        continue;
      }
      const missing = new Set(outcome.missing);
      const kept = new Set(outcome.refused);
      if (kept.size > 0) refused = outcome.word;
      for (const job of held) {
        if (kept.has(job.id)) {
          job.state = "held";
          continue;
        }
        job.leave();
        if (missing.has(job.id)) {
          job.state = "lost";
          lost.push(job);
        } else job.outcome = "deleted";
      }
    }
    if (refused !== "") throw refusal(refused, "delete");
    return lost;
  }

  /** A job by its id, whatever its state; null when there is none. */
  async peek(id: number): Promise<PeekedJob | null> {
    return peekedJob(await this.#backend.ask(null, `peek ${jobId(id)}`), "peek");
  }

  /** Deletes a job that nobody holds. Rejects with NOT_FOUND when there is none. */
  async delete(id: number): Promise<void> {
    await this.#expect(`delete ${jobId(id)}`, "DELETED");
  }

  /** Makes a buried or delayed job ready. Rejects with NOT_FOUND when there is none. */
  async kickJob(id: number): Promise<void> {
    await this.#expect(`kick-job ${jobId(id)}`, "KICKED");
  }

  /** The statistics of a job, or null when there is none. */
  async statsJob(id: number): Promise<JobStats | null> {
    const answer = await this.#backend.ask(null, `stats-job ${jobId(id)}`);
    if (answer.word === "NOT_FOUND") return null;
    if (answer.bytes === null) throw refusal(answer.word, "stats-job");
    return fieldsOf(answer.bytes) as JobStats;
  }

  /** The statistics of the queue. */
  async stats(): Promise<Stats> {
    return fieldsOf(await this.#document("stats"));
  }

  /** The names of all tubes. */
  async tubes(): Promise<string[]> {
    return itemsOf(await this.#document("list-tubes"));
  }

  /**
   * Deletes a tube with all its jobs. Rejects with NOT_FOUND when there is none, with IN_USE while somebody uses it, waits
   * at it or holds one of its jobs.
   */
  async deleteTube(name: string): Promise<void> {
    const line = `delete-tube ${tubeName(name)}`;
    // Sessions of this queue that are only kept for later do not count as somebody; over TCP they need a moment to go.
    let patience = this.#lanes.closeIdle(name) > 0 ? MOST_DELETE_ATTEMPTS : 1;
    while (true) {
      const { word } = await this.#backend.ask("default", line);
      if (word === "DELETED") return;
      if (word !== "IN_USE" || --patience === 0) throw refusal(word, line);
      await new Promise((resolve) => setTimeout(resolve, DELETE_PAUSE_MS));
    }
  }

  /** Resolves when the queue has answered. */
  async ping(): Promise<void> {
    await this.#expect("ping", "PONG");
  }

  /** The words of all commands that it knows. */
  async capabilities(): Promise<string[]> {
    return itemsOf(await this.#document("capabilities"));
  }

  /** Accepts no more jobs: puts are refused with DRAINING, all else goes on. `false` ends that. */
  async drain(on: boolean = true): Promise<void> {
    await this.#expect(`drain ${on ? "on" : "off"}`, "DRAIN");
  }

  /** Ends it. Jobs in hand are given back; what waits rejects with CLOSED. May be called again. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** The same as {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#lanes.close();
    await this.#backend.close();
  }

  async #expect(line: string, word: string): Promise<void> {
    const answer = await this.#backend.ask(null, line);
    if (answer.word !== word) throw refusal(answer.word, line);
  }

  async #document(line: string): Promise<Uint8Array> {
    const { bytes, word } = await this.#backend.ask(null, line);
    if (bytes === null) throw refusal(word, line);
    return bytes;
  }
}

/** Jobs in hand by what holds them; those that are not are put into `lost`. */
function byHolding<Output>(
  jobs: readonly Job<Output>[],
  lost: Job<Output>[],
): Map<Holding, HeldJob<Output>[]> {
  const groups = new Map<Holding, HeldJob<Output>[]>();
  let last: Holding | null = null;
  let group: HeldJob<Output>[] = [];
  for (const job of jobs as readonly HeldJob<Output>[]) {
    const { holding } = job;
    if (job.state !== "held" || holding.isLost) {
      lost.push(job);
      continue;
    }
    if (holding !== last) {
      last = holding;
      group = groups.get(holding) ?? [];
      groups.set(holding, group);
    }
    group.push(job);
  }
  return groups;
}
