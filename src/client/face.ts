// The face that the queue in this process and the client of a server have in common. Types only.
// Times are whole seconds from 0 to 4,294,967,295, as on the wire; a smaller priority is more urgent.

import type { InvalidBodyError } from "./errors.ts";
import type { StandardSchema } from "./standard_schema.ts";

/**
 * A body as it may be given to a tube without a schema. A string is sent as UTF-8. Bytes may be changed as soon as the call has
 * returned its promise: they are sent, or copied, before.
 */
export type Body = string | Uint8Array;

/**
 * How a job is put.
 *
 * @example
 * ```ts
 * import { type PutOptions, Queue } from "@runnerbean/runnerbean";
 *
 * const later: PutOptions = { priority: 10, delay: 60, ttr: 300 };
 * await using queue = await Queue.open();
 * await queue.tube("reports").put("monthly", later);
 * ```
 */
export interface PutOptions {
  /** 0 (most urgent) to 4,294,967,295. Default 1024. */
  readonly priority?: number;
  /** Seconds until it can be reserved, 0 to 4,294,967,295. Default 0. */
  readonly delay?: number;
  /** Time to run: seconds that its holder has before it is given to another, 1 to 4,294,967,295. Default 60. */
  readonly ttr?: number;
  /** Gives up waiting; a put that was sent already may still happen. */
  readonly signal?: AbortSignal;
}

/** How long a reserve waits. */
export interface ReserveOptions {
  /** Seconds, 0 to 2,147,483,647; 0 does not wait. Default: for ever. */
  readonly timeout?: number;
  /** Ends the wait: the reserve rejects with the signal's reason, and no job is lost by it. */
  readonly signal?: AbortSignal;
}

/** How the jobs of a typed tube are reserved. */
export interface TubeReserveOptions extends ReserveOptions {
  /**
   * Told of a job whose body does not fit the schema; it has been buried, and the reserve goes on. Without it the reserve
   * rejects. What it throws or rejects with is printed on the standard error and changes nothing.
   */
  readonly onInvalid?: (error: InvalidBodyError) => unknown;
}

/** How a job is given back. */
export interface ReleaseOptions {
  /** A new priority. Default: the one it has. */
  readonly priority?: number;
  /** Seconds until it can be reserved again. Default 0. */
  readonly delay?: number;
}

/** How a job is buried. */
export interface BuryOptions {
  /** A new priority. Default: the one it has. */
  readonly priority?: number;
}

/** How a job was settled by its holder. */
export type JobOutcome = "deleted" | "released" | "buried";

/** Where a job is, in a word. */
export type StateWord = "ready" | "delayed" | "reserved" | "buried";

/** Which part of a list of jobs. */
export interface ListOptions {
  /** 1 to 1000 jobs. Default 100. */
  readonly limit?: number;
  /** The `cursor` of the page before. Default: from the first job on. */
  readonly cursor?: string | null;
}

/** A job in a list, with the figures of `stats-job`. Times in seconds. */
export interface ListedJob extends Stats {
  /** Its number. */
  readonly id: number;
  /** Where it is. */
  readonly state: StateWord;
  /** Its priority. */
  readonly pri: number;
  /** Since it was put. */
  readonly age: number;
  /** As last given by put or release. */
  readonly delay: number;
  /** Time to run. */
  readonly ttr: number;
  /** Until its delay or its ttr ends. */
  readonly "time-left": number;
  /** Size of its body. */
  readonly bytes: number;
}

/**
 * A page of a list of jobs. It may hold fewer jobs than were asked for, even none: the list is at its end when `cursor` is null.
 *
 * @example All ready jobs
 * ```ts
 * import { type JobList, Queue } from "@runnerbean/runnerbean";
 *
 * await using queue = await Queue.open();
 * await queue.tube("t").putMany(["a", "b", "c"]);
 * const ids: number[] = [];
 * let page: JobList | null = null;
 * do {
 *   page = await queue.tube("t").list("ready", { limit: 2, cursor: page?.cursor });
 *   ids.push(...page.jobs.map((job) => job.id));
 * } while (page.cursor !== null);
 * console.log(ids); // [1, 2, 3]
 * ```
 */
export interface JobList {
  /** In the order in which they come next. */
  readonly jobs: readonly ListedJob[];
  /** What the next page is asked for with; null at the end. It stays good whatever happens in between. */
  readonly cursor: string | null;
  /** Jobs are missing here: so many lie before them that the server does not look for them. */
  readonly isCut: boolean;
}

/** A document of statistics: the keys of the protocol with numbers or words, keys that are new to this version included. */
export type Stats = Readonly<Record<string, string | number>>;

/** What `stats-job` tells of a job. Times in seconds. */
export interface JobStats extends Stats {
  /** Its number. */
  readonly id: number;
  /** Where it is. */
  readonly tube: string;
  /** One of the four states. */
  readonly state: StateWord;
  /** Its priority. */
  readonly pri: number;
  /** Since it was put. */
  readonly age: number;
  /** As last given by put or release. */
  readonly delay: number;
  /** Time to run. */
  readonly ttr: number;
  /** Until its delay or its ttr ends. */
  readonly "time-left": number;
  /** How often it was reserved. */
  readonly reserves: number;
  /** How often its ttr ran out. */
  readonly timeouts: number;
  /** How often it was released. */
  readonly releases: number;
  /** How often it was buried. */
  readonly buries: number;
  /** How often it was kicked. */
  readonly kicks: number;
}

/** What `stats-tube` tells of a tube. */
export interface TubeStats extends Stats {
  /** Its name. */
  readonly name: string;
  /** Ready jobs with a priority below 1024. */
  readonly "current-jobs-urgent": number;
  /** Jobs that can be reserved. */
  readonly "current-jobs-ready": number;
  /** Jobs in hand. */
  readonly "current-jobs-reserved": number;
  /** Jobs that wait for their delay. */
  readonly "current-jobs-delayed": number;
  /** Jobs put aside. */
  readonly "current-jobs-buried": number;
  /** Jobs ever put here while the tube has existed. */
  readonly "total-jobs": number;
  /** Reserves that wait here. */
  readonly "current-waiting": number;
  /** Until its pause ends. */
  readonly "pause-time-left": number;
}

/** A job as it is seen without holding it. */
export interface PeekedJob {
  /** Its number. */
  readonly id: number;
  /** What was put. */
  readonly body: Uint8Array;
  /** The body as text (UTF-8). */
  text(): string;
}

/**
 * A job in hand. It is held until it is deleted, released or buried, its ttr runs out, or its queue is closed. All calls
 * reject with a LostLeaseError when it is not held any more.
 *
 * @example
 * ```ts
 * import { Queue } from "@runnerbean/runnerbean";
 *
 * await using queue = await Queue.open();
 * const tube = queue.tube("letters");
 * await tube.put("hello");
 * const job = await tube.reserve({ timeout: 1 });
 * if (job?.text() === "hello") await job.delete();
 * else await job?.release({ delay: 10 });
 * ```
 */
export interface Job<Content = Uint8Array> {
  /** Its number in the queue, never given again. */
  readonly id: number;
  /** What the tube's schema made of the body; without a schema its bytes. */
  readonly body: Content;
  /** The body as it was sent. */
  readonly bytes: Uint8Array;
  /** The body as text (UTF-8). */
  text(): string;
  /** Aborted with a LostLeaseError when the job's connection is lost or its queue closed. A ttr that runs out is only noticed by the next call. */
  readonly signal: AbortSignal;
  /** `settled`: deleted, released or buried through this object. `lost`: it was noticed that the lease is lost. */
  readonly state: "held" | "settled" | "lost";
  /** How it was settled through this object, as soon as the queue has said so; null before, and when its lease was lost. */
  readonly outcome: JobOutcome | null;
  /** Done: the job is gone for good. */
  delete(): Promise<void>;
  /** Gives it back, at once or after a delay. */
  release(options?: ReleaseOptions): Promise<void>;
  /** Puts it aside until it is kicked. */
  bury(options?: BuryOptions): Promise<void>;
  /** Starts its ttr anew. */
  touch(): Promise<void>;
  /** Its statistics. */
  stats(): Promise<JobStats>;
}

/**
 * A tube: where jobs of one kind are put and reserved. It is a name and nothing more: making one costs and keeps nothing.
 *
 * @example
 * ```ts
 * import { Queue } from "@runnerbean/runnerbean";
 *
 * await using queue = await Queue.open();
 * const tube = queue.tube("numbers");
 * await tube.putMany(["1", "2", "3"]);
 * const jobs = await tube.reserveMany(10, { timeout: 0 });
 * console.log(jobs.map((job) => job.text())); // ["1", "2", "3"]
 * await queue.deleteMany(jobs);
 * ```
 */
export interface Tube<Input = Body, Output = Uint8Array> {
  /** 1 to 200 of `A-Z a-z 0-9 - + / ; . $ _ ( )`, the first not a hyphen. */
  readonly name: string;
  /** Puts a job; resolves with its id when the queue has it for sure. */
  put(body: Input, options?: PutOptions): Promise<number>;
  /** Puts many with one promise for all, in order. Rejects with a BatchError when some were refused. */
  putMany(bodies: readonly Input[], options?: PutOptions): Promise<number[]>;
  /** The best ready job, or null when the time is up. */
  reserve(options?: TubeReserveOptions): Promise<Job<Output> | null>;
  /** Waits for one job and takes up to `count` (1 to 10,000) that are ready then. They are held together, by one session. */
  reserveMany(count: number, options?: TubeReserveOptions): Promise<Job<Output>[]>;
  /**
   * One job after the other; ends when the time is up or the signal is aborted. A job that was neither deleted, released nor
   * buried when the next one is asked for is given back, and comes again after a second; when the loop is left, at once. For
   * several jobs at a time use {@link reserve} or a worker.
   */
  jobs(options?: TubeReserveOptions): AsyncIterableIterator<Job<Output>>;
  /** The job that would be reserved next. */
  peekReady(): Promise<PeekedJob | null>;
  /** The job whose delay ends next. */
  peekDelayed(): Promise<PeekedJob | null>;
  /** The job that was buried first. */
  peekBuried(): Promise<PeekedJob | null>;
  /** Makes up to `count` buried jobs ready, or delayed ones if none is buried; resolves with how many it were. */
  kick(count: number): Promise<number>;
  /** Holds its jobs back for some seconds; 0 ends that. Rejects with NOT_FOUND when the tube does not exist. */
  pause(seconds: number): Promise<void>;
  /**
   * Deletes all jobs that nobody holds, or those in some states, in one step however many they are; resolves with how many
   * it were. An extension: a server that does not have it rejects with UNKNOWN_COMMAND.
   */
  truncate(states?: readonly Exclude<StateWord, "reserved">[]): Promise<number>;
  /** Jobs in one state, in the order in which they come next. An extension, like {@link truncate}. */
  list(state: StateWord, options?: ListOptions): Promise<JobList>;
  /** Its statistics, or null when it does not exist: nobody waits at it and no job is in it. */
  stats(): Promise<TubeStats | null>;
  /** The queue it belongs to. */
  readonly queue: JobQueue;
}

/**
 * A queue, in this process (`Queue`) or reached over TCP (`Client`).
 *
 * @example A function that takes either
 * ```ts
 * import { type JobQueue, Queue } from "@runnerbean/runnerbean";
 *
 * const backlog = async (queue: JobQueue) => (await queue.stats())["current-jobs-ready"];
 * await using queue = await Queue.open();
 * console.log(await backlog(queue)); // 0
 * ```
 */
export interface JobQueue extends AsyncDisposable {
  /** A tube of bytes. */
  tube(name: string): Tube;
  /** A tube of JSON bodies that fit a schema. */
  tube<Input, Output>(name: string, schema: StandardSchema<Input, Output>): Tube<Input, Output>;
  /** The best ready job of several tubes, or null when the time is up. */
  reserve(tubes: readonly string[], options?: ReserveOptions): Promise<Job | null>;
  /** Waits for one job and takes up to `count` (1 to 10,000) that are ready then. */
  reserveMany(tubes: readonly string[], count: number, options?: ReserveOptions): Promise<Job[]>;
  /**
   * Deletes jobs in hand with one promise for all; resolves with those whose lease was lost, usually none. Rejects when the
   * server refused to delete some; those are held as before.
   */
  deleteMany<Output>(jobs: readonly Job<Output>[]): Promise<Job<Output>[]>;
  /** A job by its id, whatever its state. */
  peek(id: number): Promise<PeekedJob | null>;
  /** Deletes a job that nobody holds. Rejects with NOT_FOUND when there is none. */
  delete(id: number): Promise<void>;
  /** Makes a buried or delayed job ready. Rejects with NOT_FOUND when there is none. */
  kickJob(id: number): Promise<void>;
  /** The statistics of a job, or null when there is none. */
  statsJob(id: number): Promise<JobStats | null>;
  /** The statistics of the queue. */
  stats(): Promise<Stats>;
  /** The names of all tubes. */
  tubes(): Promise<string[]>;
  /**
   * Deletes a tube with all its jobs. Rejects with NOT_FOUND when there is none, with IN_USE while somebody uses it, waits
   * at it or holds one of its jobs. An extension: a server that does not have it rejects with UNKNOWN_COMMAND.
   */
  deleteTube(name: string): Promise<void>;
  /** Resolves when the queue has answered. An extension. */
  ping(): Promise<void>;
  /** The words of all commands that it knows. An extension. */
  capabilities(): Promise<string[]>;
  /** Accepts no more jobs: puts are refused with DRAINING, all else goes on. `false` ends that. An extension. */
  drain(on?: boolean): Promise<void>;
  /** Ends it. Jobs in hand are given back; what waits rejects with CLOSED. */
  close(): Promise<void>;
}
