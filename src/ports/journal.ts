// What the server needs of a journal: a place that remembers what each job is. Records say a job's state, not commands,
// so a file can append them and a key-value store can overwrite by key.

/** A job as a journal keeps it. Times in milliseconds since 1970, delay and ttr in seconds. */
export interface JobState {
  readonly id: number;
  readonly tube: Uint8Array;
  /** One of the states of core/jobs.ts; a reserved job is recorded as ready. */
  readonly state: number;
  readonly pri: number;
  readonly delay: number;
  readonly ttr: number;
  readonly createdAt: number;
  /** When a delayed job becomes ready; 0 in other states. */
  readonly readyAt: number;
  readonly reserves: number;
  readonly timeouts: number;
  readonly releases: number;
  readonly buries: number;
  readonly kicks: number;
}

/** How far a journal has come: counts up with each commit. */
export type Position = number;

export interface Journal {
  /** A job came into being. The body (with CR LF) is borrowed for the call. */
  put(job: JobState, body: Uint8Array): void;
  /** A job's state or counts changed. */
  change(job: JobState): void;
  /** A job is gone for good. */
  gone(id: number): void;
  /** Makes all since the last commit durable, as far as its policy asks. Answers where that will be. */
  commit(): Position;
  /** All commits up to here are durable. */
  readonly durable: Position;
  /** Called when `durable` moves on, or with the error after which nothing will be durable any more. */
  onDurable(callback: (error: Error | null) => void): void;
  /** Whether a put of this many bytes, and the job's later delete, will fit. */
  promise(bytes: number): boolean;
  /** Hands over every job that lives, in no order but buried ones in order of burial; answers the next id. */
  replay(restore: (job: JobState, body: Uint8Array) => void): Promise<number>;
  /** Ends it in good order: all is durable when this resolves. */
  close(): Promise<void>;
}
