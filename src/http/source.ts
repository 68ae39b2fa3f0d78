// Where the API has its queue from: the server in this process, or another one over the wire. What a source cannot do it
// leaves out of its capabilities and refuses with a problem.
//
// Methods reject with a Problem when they refuse. A signal that aborts ends walks and waits.

import type {
  ConnectionPage,
  Encoding,
  Job,
  JobPage,
  LeasedJob,
  SearchPage,
  ServerInfo,
  State,
  Tube,
  TubePage,
} from "./model.ts";

/** What not every source can do. */
export type Capability =
  | "list-jobs"
  | "list-reserved"
  | "search"
  | "truncate"
  | "delete-tube"
  | "requeue"
  | "drain"
  | "connections"
  | "leases"
  | "history"
  | "wire";

export type TubeSort = "name" | "ready" | "delayed" | "reserved" | "buried" | "waiting" | "oldest";

export interface TubeQuery {
  /** Names, with `*` for any number of characters and `?` for one. */
  readonly match: string;
  readonly filter: "all" | "problems";
  readonly sort: TubeSort;
  readonly isDescending: boolean;
  /** From this age on a ready job counts as a problem. */
  readonly oldSeconds: number;
  readonly limit: number;
  readonly cursor: string | null;
}

/** Whether bodies are shown, how, and how much of them. */
export interface BodyView {
  readonly encoding: Encoding | "none";
  readonly maxBytes: number;
}

export interface JobListQuery {
  readonly state: State;
  readonly limit: number;
  readonly cursor: string | null;
  readonly view: BodyView;
}

/** Which jobs; what is not given does not matter. */
export interface JobMatch {
  readonly tube?: string;
  readonly state?: State;
  /** Bytes that the body contains. */
  readonly bytes?: Uint8Array;
  readonly minAgeSeconds?: number;
  readonly maxAgeSeconds?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly minPriority?: number;
  readonly maxPriority?: number;
  readonly minReserves?: number;
  readonly minTimeouts?: number;
  readonly minReleases?: number;
  readonly minBuries?: number;
  readonly minKicks?: number;
}

export interface SearchQuery {
  readonly match: JobMatch;
  readonly limit: number;
  readonly cursor: string | null;
  readonly view: BodyView;
}

export type Action =
  | { readonly kind: "delete" | "kick" | "bury" }
  | { readonly kind: "move"; readonly tube: string };

export interface ActOutcome {
  /** With how many jobs it was done, or would be. */
  readonly count: number;
  /** Jobs that matched when they were counted and not any more when their turn came. */
  readonly failed: number;
  /** False: they were only counted. */
  readonly isDone: boolean;
}

export interface PutNumbers {
  readonly priority: number;
  readonly delay: number;
  readonly ttr: number;
}

/** New values of a job; what is not given stays. */
export interface JobChanges {
  readonly tube?: string;
  readonly priority?: number;
  readonly delay?: number;
  readonly ttr?: number;
  readonly body?: Uint8Array;
}

export interface ReserveQuery {
  readonly tubes: readonly string[];
  readonly count: number;
  readonly timeoutSeconds: number;
  readonly encoding: Encoding;
  /** Where who asks is, and who that is, for the list of connections. */
  readonly peer: string | null;
  readonly identityName: string | null;
}

export type LeaseAct =
  | { readonly kind: "delete" | "touch" }
  | { readonly kind: "release"; readonly priority?: number; readonly delay: number }
  | { readonly kind: "bury"; readonly priority?: number };

export interface Source {
  readonly capabilities: readonly Capability[];
  readonly maxJobBytes: number;
  server(): Promise<ServerInfo>;
  drain(isOn: boolean): Promise<boolean>;
  tubes(query: TubeQuery, signal: AbortSignal): Promise<TubePage>;
  tube(name: string): Promise<Tube>;
  deleteTube(name: string): Promise<void>;
  /** Answers how many jobs there were. */
  truncate(name: string, states: readonly State[]): Promise<number>;
  pause(name: string, seconds: number): Promise<Tube>;
  kick(name: string, count: number): Promise<number>;
  jobs(tube: string, query: JobListQuery): Promise<JobPage>;
  /** Answers the id. */
  put(tube: string, body: Uint8Array, numbers: PutNumbers): Promise<number>;
  job(id: number, view: BodyView): Promise<Job>;
  requeue(id: number, changes: JobChanges): Promise<Job>;
  deleteJob(id: number): Promise<void>;
  kickJob(id: number): Promise<Job>;
  buryJob(id: number, priority: number | undefined): Promise<Job>;
  search(query: SearchQuery, signal: AbortSignal): Promise<SearchPage>;
  /** Counts the matches first, and does nothing unless there are as many as expected; with null it only counts. */
  act(
    match: JobMatch,
    action: Action,
    expectedCount: number | null,
    signal: AbortSignal,
  ): Promise<ActOutcome>;
  connections(limit: number, cursor: string | null): Promise<ConnectionPage>;
  reserve(query: ReserveQuery, signal: AbortSignal): Promise<readonly LeasedJob[]>;
  /** What a lease's holder may do. Answers when the lease ends now, for touch. */
  lease(token: string, act: LeaseAct): Promise<{ expiresAt: string } | null>;
  /** The tube of a job or of a lease's job, for who may do what; null when there is none. */
  tubeOfJob(id: number): Promise<string | null>;
  tubeOfLease(token: string): Promise<string | null>;
  close(): void;
}
