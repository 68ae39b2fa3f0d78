// What the face stands on: a narrow way to reach a queue, with one implementation in this process and one over TCP.

/** An answer to a command line. */
export interface Answer {
  /** Its first word. */
  readonly word: string;
  /** The first number behind it; 0 when there is none. */
  readonly number: number;
  /** Body or document, without CR LF; null when there is none. */
  readonly bytes: Uint8Array | null;
}

/** How jobs are put, checked and complete. */
export interface PutNumbers {
  readonly priority: number;
  readonly delay: number;
  readonly ttr: number;
}

/** What became of a put: an id, or the word of the refusal. */
export type PutResult = number | string;

/** What is put. */
export interface PutBodies {
  readonly bodies: readonly Uint8Array[];
  /** They are the caller's, who may change them when the call has returned its promise; else nobody changes them. */
  readonly areLent: boolean;
}

/** What became of a batch, in order. */
export interface PutOutcome {
  readonly results: readonly PutResult[];
}

/** Which jobs of a batch of deletes were not deleted. */
export interface DeleteOutcome {
  /** Those that were not found: their lease is lost. */
  readonly missing: readonly number[];
  /** Those that are still held, since the server refused to delete them. */
  readonly refused: readonly number[];
  /** The word of the last refusal. */
  readonly word: string;
}

/** Reserved jobs, as parallel lists. */
export interface Reserved {
  readonly ids: readonly number[];
  readonly bodies: readonly Uint8Array[];
}

/**
 * One session of the queue: what it has reserved is held by it alone, and is given back when it closes. A lane that is lost
 * stays lost: whoever still needs one opens another.
 */
export interface Lane {
  /** It is gone: nothing that it reserved is held any more. */
  readonly isLost: boolean;
  /** Called once when it is lost. */
  onLost: () => void;
  /** Waits for one job, takes up to `count`; none when the time is up. `timeout` in seconds, null waits for ever. */
  reserve(count: number, timeout: number | null, signal: AbortSignal | undefined): Promise<Reserved>;
  /** Runs one command line. */
  ask(line: string): Promise<Answer>;
  /** Deletes jobs. */
  delete(ids: readonly number[]): Promise<DeleteOutcome>;
  close(): void;
}

/** A queue as it is reached. */
export interface Backend {
  /** Puts bodies in order; one result for each. */
  put(
    tube: string,
    bodies: PutBodies,
    numbers: PutNumbers,
    signal: AbortSignal | undefined,
  ): Promise<PutOutcome>;
  /** Runs one command line, with a tube in use if it needs one. */
  ask(tube: string | null, line: string): Promise<Answer>;
  /** The largest body that may be put, in bytes; null when it cannot be known. Never rejects. */
  maxJobBytes(): Promise<number | null>;
  /** A session that watches these tubes and no other. */
  openLane(tubes: readonly string[]): Lane;
  /** Rejects when a lane was lost and there will be none any more; else resolves when another may be tried. */
  recover(attempt: number, signal: AbortSignal | undefined): Promise<void>;
  close(): Promise<void>;
}
