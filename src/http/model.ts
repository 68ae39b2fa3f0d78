// What the API tells, as plain data: the shapes behind the JSON, for the console and the command line as well.
// Seconds are seconds, names with Ms milliseconds, instants are ISO 8601.

export type State = "ready" | "delayed" | "reserved" | "buried";
export const STATES: readonly State[] = ["ready", "delayed", "reserved", "buried"];

/** How a body is written in JSON. */
export type Encoding = "text" | "json" | "hex" | "base64";

/** A body, or its beginning. What is no UTF-8 comes as base64 when text was asked for. */
export interface BodyText {
  readonly encoding: Encoding;
  readonly text: string;
  /** False: only the beginning. */
  readonly isWhole: boolean;
}

export interface JobCounts {
  readonly reserves: number;
  readonly timeouts: number;
  readonly releases: number;
  readonly buries: number;
  readonly kicks: number;
}

export interface Job {
  readonly id: number;
  readonly tube: string;
  readonly state: State;
  readonly priority: number;
  /** As last given by put or release. */
  readonly delay: number;
  readonly ttr: number;
  readonly ageSeconds: number;
  /** Until a delayed job is ready, or a reserved one's ttr runs out; else 0. */
  readonly timeLeftSeconds: number;
  readonly createdAt: string;
  readonly counts: JobCounts;
  readonly bytes: number;
  /** Number of the connection that holds it. */
  readonly heldBy: number | null;
  readonly body?: BodyText;
}

export interface Rates {
  readonly put: number;
  readonly reserved: number;
  readonly deleted: number;
  readonly released: number;
  readonly buried: number;
  readonly timeouts: number;
}

export interface Tube {
  readonly name: string;
  readonly ready: number;
  readonly urgent: number;
  readonly delayed: number;
  readonly reserved: number;
  readonly buried: number;
  readonly totalJobs: number;
  readonly deletes: number;
  readonly pauses: number;
  readonly using: number;
  readonly watching: number;
  readonly waiting: number;
  readonly pause: { readonly seconds: number; readonly leftSeconds: number } | null;
  /** How long the oldest ready job has been ready; null when there is none, or when nobody keeps count. */
  readonly oldestReadySeconds: number | null;
  /** Per second; null when nobody keeps count. */
  readonly rates: Rates | null;
}

/** What a server has refused for one reason; see docs/OPERATIONS.md. */
export interface Refusal {
  readonly reason: string;
  readonly count: number;
  /** Seconds since the last one; null when that is not known. */
  readonly lastSecondsAgo: number | null;
  /** The last one was within a minute. */
  readonly isCurrent: boolean;
  /** The server lacks something: somebody has to act. */
  readonly isShortage: boolean;
}

export interface ServerInfo {
  readonly version: string;
  readonly runtime: string;
  readonly pid: number;
  readonly id: string;
  readonly hostname: string;
  readonly uptimeSeconds: number;
  readonly isDraining: boolean;
  readonly backend: "runnerbean" | "beanstalkd";
  readonly capabilities: readonly string[];
  readonly maxJobBytes: number;
  readonly tubes: number;
  readonly jobs: {
    readonly ready: number;
    readonly urgent: number;
    readonly delayed: number;
    readonly reserved: number;
    readonly buried: number;
  };
  readonly totals: {
    readonly jobs: number;
    readonly timeouts: number;
    readonly connections: number;
    readonly commands: Readonly<Record<string, number>>;
  };
  /** What was refused since the start, by reason; null when the server does not tell. */
  readonly refusals: readonly Refusal[] | null;
  readonly connections: {
    readonly now: number;
    readonly producers: number;
    readonly workers: number;
    readonly waiting: number;
  };
  readonly binlog: {
    readonly oldestSegment: number;
    readonly currentSegment: number;
    readonly recordsMigrated: number;
    readonly recordsWritten: number;
    readonly segmentBytes: number;
    /** What the log has done since the start; not told by another server. */
    readonly work?: {
      readonly commits: number;
      readonly writtenBytes: number;
      readonly syncs: number;
      readonly syncMs: number;
      readonly longestSyncMs: number;
      readonly keptBytes: number;
      readonly liveBytes: number;
    };
  } | null;
  /** Not told by another server. */
  readonly memory: {
    readonly rssBytes: number;
    readonly heapBytes: number;
    readonly jobBytes: number;
  } | null;
  readonly loop: { readonly longestTurnMs: number; readonly timerLatenessMs: number } | null;
}

export interface Connection {
  readonly number: number;
  readonly kind: "tcp" | "unix" | "websocket" | "http" | "local";
  readonly peer: string | null;
  readonly identity: string | null;
  readonly using: string;
  readonly watching: readonly string[];
  readonly isWaiting: boolean;
  readonly isProducer: boolean;
  readonly isWorker: boolean;
  /** The jobs it holds: the first 20 of them, and how many there are. */
  readonly holds: readonly number[];
  readonly held: number;
  readonly unsentBytes: number;
}

export interface LeasedJob {
  readonly token: string;
  readonly id: number;
  readonly tube: string;
  readonly priority: number;
  readonly ttr: number;
  readonly expiresAt: string;
  readonly body: BodyText;
}

export interface TubePage {
  readonly tubes: readonly Tube[];
  /** How many there are, on all pages. */
  readonly total: number;
  readonly next: string | null;
}

export interface JobPage {
  /** Jobs are missing here, since so many lie before them that they are not looked for. */
  readonly isCut: boolean;
  readonly jobs: readonly Job[];
  readonly total: number;
  readonly next: string | null;
}

export interface SearchPage {
  readonly jobs: readonly Job[];
  readonly next: string | null;
  /** Jobs looked at for this page. */
  readonly scanned: number;
  /** All jobs have been looked at, in this page and those before it. */
  readonly isComplete: boolean;
}

export interface ConnectionPage {
  readonly connections: readonly Connection[];
  readonly next: string | null;
}

export interface AuditEntry {
  readonly at: string;
  readonly who: string;
  readonly action: string;
  readonly target: string;
  readonly count: number | null;
  readonly outcome: string;
}
