// What the server needs of a journal: a place that remembers what each job is. Records say a job's state, not commands,
// so a file can append them and a key-value store can overwrite by key.

/** A job as a journal keeps it. Instants in milliseconds since 1970, delay and ttr in seconds. */
export interface JobState {
  /** Its number. */
  readonly id: number;
  /** The tube's name. */
  readonly tube: Uint8Array;
  /** READY, DELAYED or BURIED of core/jobs.ts; a reserved job is remembered as ready. */
  readonly state: number;
  /** Its priority. */
  readonly pri: number;
  /** As last given by put or release. */
  readonly delay: number;
  /** Time to run. */
  readonly ttr: number;
  /** Instant of its put. */
  readonly createdAt: number;
  /** Delayed: when it becomes ready. Buried: the number of its burial, which gives their order. Ready: 0. */
  readonly mark: number;
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
  /** Bytes of the body, CR LF included. */
  readonly bodyBytes: number;
  /** Number of the segment that holds its body; 0 when there is none. Kept for the journal. */
  readonly file: number;
}

/** A truncate: the jobs of a tube that are in certain states are gone, all at once. */
export interface Truncation {
  /** The tube's name. */
  readonly tube: Uint8Array;
  /** Which states: a mask, one bit for each at its number (READY, DELAYED, BURIED of core/jobs.ts). */
  readonly states: number;
  /** Ids of its jobs that were reserved just then, which nothing else tells: they live on as they are remembered. */
  readonly spared: readonly number[];
  /**
   * Deadline and id of the first job that was still delayed; Infinity and 0 when there was none. What is remembered as delayed
   * until before that was ready, since the end of a delay is not told.
   */
  readonly delayedFrom: number;
  /** See `delayedFrom`. */
  readonly delayedFromId: number;
}

/** Takes the bytes of a body, in order. */
export interface BodySink {
  /** Bytes that must be copied before this call returns. */
  copy(source: Uint8Array, from: number, to: number): void;
  /** Bytes that never change and may be kept; only the first `length` count. */
  keep(piece: Uint8Array, length: number): void;
}

/** A job of the running queue. The object is used again for the next job: nobody may keep it. */
export interface LiveJob extends JobState {
  /** It was truncated, and waits for being cleared away; see {@link LiveJobs.findAny}. */
  readonly isDead: boolean;
  /** Number of the segment that holds its body; set by the journal. */
  file: number;
  /** Hands over the body, CR LF included. */
  readBody(sink: BodySink): void;
}

/** The running queue as a journal sees it. */
export interface LiveJobs {
  /** No job has this id yet, nor any higher one. */
  readonly nextId: number;
  /** The job of that number, if it lives. */
  find(id: number): LiveJob | null;
  /** Calls back with every job. */
  each(visit: (job: LiveJob) => void): void;
  /** The same, but jobs that were truncated and are not cleared away yet are found too. */
  findAny(id: number): LiveJob | null;
  /** Calls back with every job, those included. */
  eachAny(visit: (job: LiveJob) => void): void;
  /** How many those are. */
  readonly deadCount: number;
}

/** Takes what a journal remembers, in the order of the records, before the queue runs. */
export interface Restorer {
  /** A job with its body `source[from, to)`; a known one is replaced. */
  put(job: JobState, source: Uint8Array, from: number, to: number): void;
  /** New state, priority, delay, mark and counts; the other fields are meaningless. An unknown job is nothing to say. */
  change(job: JobState): void;
  /** A job was deleted. */
  gone(id: number): void;
  /** Jobs of a tube were truncated. Whatever a later record tells of, is there. */
  truncate(truncation: Truncation): void;
}

/** What a journal has done since the start, for metrics. */
export interface JournalWork {
  /** Writes of what one or several turns recorded. */
  readonly commits: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Syncs. */
  readonly syncs: number;
  /** Their time together in milliseconds. */
  readonly syncMs: number;
  /** The longest one, in milliseconds. */
  readonly longestSyncMs: number;
  /** Bytes that the journal takes. */
  readonly keptBytes: number;
  /** Those of them that live jobs need. */
  readonly liveBytes: number;
}

/** State of the log for stats; all zero without one. */
export interface JournalFacts {
  /** Number of the oldest segment. */
  readonly oldest: number;
  /** Number of the segment being written. */
  readonly current: number;
  /** Records written again by compaction. */
  readonly migrated: number;
  /** Records written. */
  readonly written: number;
  /** Size of one of its files in bytes; left out by journals without files, and without one. */
  readonly maxBytes?: number;
  /** Left out by journals that do not measure it, and without one. */
  readonly work?: JournalWork;
}

/** What a journal tells its server by itself. */
export interface JournalEvents {
  /** Replies may leave, or commands go on, that could not before. */
  progressed(): void;
  /** Nothing will be durable any more. Called once; nothing else is called after it. */
  failed(error: Error): void;
  /** Replies are held back, since it is not sure that this process may still write. */
  held?(): void;
}

/** Remembers the jobs of one server. */
export interface Journal {
  /** A job came into being, or is another now: what was told of its id before counts no more. */
  put(job: LiveJob): void;
  /** A job's state, priority, delay or counts changed. */
  change(job: LiveJob): void;
  /** A job is gone for good; what its record took is told by the bytes of its tube's name and body. */
  gone(id: number, file: number, nameBytes: number, bodyBytes: number): void;
  /** Jobs were truncated. Of each that is gone by this, {@link dropped} is called some time later. */
  truncate(truncation: Truncation): void;
  /**
   * The record of this put counts no more, and there is nothing to remember: the job was truncated, which is told already, or is put
   * anew right after this. `file` is 0 when the journal knows it.
   */
  dropped(id: number, file: number, nameBytes: number, bodyBytes: number): void;
  /**
   * So many changes of jobs it can take at once, at least 1: the server has the queue record no more in one call. Left out: as
   * many as there are. Fixed from the start.
   */
  readonly changesAtOnce?: number;
  /** Whether the record of such a put fits, so that the job can later be changed and deleted as often as needed. */
  hasRoomFor(nameBytes: number, bodyBytes: number, now: number): boolean;
  /** So much is waiting for the next commit that no command should add to it. */
  readonly isFull: boolean;
  /** What a reply given now has to wait for: it may leave when `reached` is at least this. Never decreases. */
  readonly ticket: number;
  /** Up to which ticket all is durable. */
  readonly reached: number;
  /** End of a turn: writes what was recorded, and syncs as its policy asks. `waiting`: connections with replies held. */
  commit(now: number, waiting: number): void;
  /** When commit() is to be called even if nothing happens before; an instant that is past means as soon as may be. */
  readonly nextInstant: number;
  /** State of the log for stats. */
  readonly facts: JournalFacts;
  /** Called once, before anything else. */
  listen(events: JournalEvents): void;
  /**
   * Only a journal that cannot write at once has it: writes what is left, and lets go of what it holds for others. Nothing
   * is recorded from this call on; `close` comes after it.
   */
  finish?(): Promise<void>;
  /** Ends it in good order; all is durable, and all tickets are reached, when this returns (after `finish`, if it has that). */
  close(): void;
}
