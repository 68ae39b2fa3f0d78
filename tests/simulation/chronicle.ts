// What a journal has been told, record by record, and how much of it has been promised. After a restart it judges what
// came back: it must be what the journal was told up to some record, and that not before the last one promised.
//
// What is not recorded (reserves, timeouts, the end of a delay) may be remembered all the same, since a journal that tidies
// up writes jobs again as they are. So a job has several states that are legal: as last recorded, or as at any moment since.
// Independent of the journal's own order of bytes; cost: a small object per change, until it is too old to matter.

import type { Job, State } from "./places.ts";
import { violation } from "./violation.ts";

/** A job as it could be remembered at some moment. */
export interface Snapshot {
  /** How many records there had been. */
  readonly at: number;
  readonly isRecord: boolean;
  /** `gone`: the job has been deleted. */
  readonly state: State | "gone";
  readonly tube: string;
  readonly body: Uint8Array;
  readonly ttr: number;
  /** It was among a crowd of which nobody knows who has moved. */
  readonly isPending: boolean;
  readonly pri: number;
  readonly delay: number;
  readonly deadline: number;
  readonly burial: number;
  readonly reserves: number;
  readonly timeouts: number;
  readonly releases: number;
  readonly buries: number;
  readonly kicks: number;
}

/** A job that came back. */
export interface Recovered {
  readonly id: number;
  readonly tube: string;
  readonly body: Uint8Array;
  readonly state: State;
  readonly pri: number;
  readonly delay: number;
  readonly ttr: number;
  readonly createdAt: number;
  /** Of a delayed job. */
  readonly deadline: number;
  readonly reserves: number;
  readonly timeouts: number;
  readonly releases: number;
  readonly buries: number;
  readonly kicks: number;
}

/** So many records, and ids up to this one. */
export interface Moment {
  readonly at: number;
  readonly lastId: number;
}

/** What can be recorded. A requeue is a put of a job that is there. */
export type RecordKind = "put" | "change" | "gone" | "truncate" | "requeue";

interface History {
  readonly id: number;
  createdAt: number;
  /** In their order; the first is a record. */
  snapshots: Snapshot[];
}

/** What was found after a restart. */
export interface Finding {
  /** Of all that was recorded, how many records are there, and how many need not have been. */
  readonly kept: number;
  readonly lost: number;
  /** Each job with the state in which it was remembered. */
  readonly jobs: readonly { readonly job: Recovered; readonly snapshot: Snapshot }[];
}

const COUNTS = ["ttr", "pri", "delay", "reserves", "timeouts", "releases", "buries", "kicks"] as const;

export class Chronicle {
  /** Records so far. */
  count = 0;
  /** Records that clients may have been told of, and records that not even a power cut may lose. */
  private told = 0;
  private safe = 0;
  /** Highest id of any put, and the highest that clients may have been told. */
  private lastId = 0;
  private lastToldId = 0;
  private readonly isToldSafe: boolean;
  private readonly histories = new Map<number, History>();
  /** Whose snapshots came when; what is safe is not kept here. */
  private moments: { readonly at: number; readonly id: number }[] = [];
  private fresh: { readonly kind: RecordKind; readonly id: number }[] = [];

  /** `isToldSafe`: what clients have been told of must survive a power cut (sync `always`). */
  constructor(isToldSafe: boolean) {
    this.isToldSafe = isToldSafe;
  }

  // While the server runs.

  recorded(kind: RecordKind, id: number): void {
    this.count++;
    this.fresh.push({ kind, id });
    this.lastId = Math.max(this.lastId, id);
  }

  /**
   * A call is over: notes what was recorded, and what has changed besides. The records say how things are by now; a
   * truncate, that the jobs `truncated` are gone.
   */
  note(jobs: ReadonlyMap<number, Job>, changed: ReadonlySet<Job>, truncated: readonly number[] = []): void {
    let at = this.count - this.fresh.length;
    for (const { kind, id } of this.fresh) {
      at++;
      const job = jobs.get(id);
      // An id that no client was told may be given again: then its former job cannot come back.
      if (kind === "put") this.histories.delete(id);
      if (kind === "truncate") { for (const id of truncated) this.add(id, { ...NOTHING_LEFT, at }); }
      else if (kind === "gone") this.add(id, { ...NOTHING_LEFT, at });
      else if (job !== undefined) this.add(id, snapshotOf(job, at, true), job);
    }
    this.fresh.length = 0;
    for (const job of changed) {
      if (jobs.get(job.id) === job && this.histories.has(job.id)) {
        this.add(job.id, snapshotOf(job, this.count, false));
      }
    }
  }

  /** How things are now; whoever is told of it hands it to {@link tell}. */
  get moment(): Moment {
    return { at: this.count, lastId: this.lastId };
  }

  /** Clients have been told how things were at that moment. */
  tell({ at, lastId }: Moment): void {
    this.lastToldId = Math.max(this.lastToldId, lastId);
    if (at <= this.told) return;
    this.told = at;
    if (this.isToldSafe) this.secure(at);
  }

  /** So many records must survive even a power cut. */
  secure(at: number): void {
    if (at <= this.safe) return;
    this.safe = at;
    let index = 0;
    for (; index < this.moments.length && this.moments[index].at <= at; index++) {
      this.prune(this.moments[index].id);
    }
    this.moments = this.moments.slice(index);
  }

  // After a restart.

  /** Judges what came back, and goes on from there. */
  judge(recovered: readonly Recovered[], isPowerCut: boolean, now: number): Finding {
    const least = isPowerCut ? this.safe : Math.max(this.told, this.safe);
    const jobs = new Map<number, Recovered>();
    for (const job of recovered) {
      if (jobs.has(job.id)) violation(`job ${job.id} came back twice`);
      const history = this.histories.get(job.id);
      if (history === undefined) violation(`job ${job.id} came back, but was deleted or never put`);
      const fault = faultOf(history, job);
      if (fault !== "") violation(`job ${job.id} came back ${fault}`);
      jobs.set(job.id, job);
    }
    const kept = this.longestMatch(jobs, least, now);
    if (kept < 0) violation(this.explain(jobs, least, now));
    const finding = {
      kept,
      lost: this.count - kept,
      jobs: recovered.map((job) => ({
        job,
        snapshot: this.match(this.histories.get(job.id)!, job, kept, now)!,
      })),
    };
    this.cutTo(kept);
    return finding;
  }

  /** The clock was stepped between two starts: all instants of the past move by so many milliseconds. */
  moveInstants(by: number): void {
    for (const history of this.histories.values()) {
      history.createdAt += by;
      history.snapshots = history.snapshots.map((one) =>
        one.state === "delayed" ? { ...one, deadline: one.deadline + by } : one
      );
    }
  }

  /** No client may meet an id that another job has had. What a power cut may take away, it takes with its id. */
  judgeNextId(nextId: number, isPowerCut: boolean): void {
    if (isPowerCut && !this.isToldSafe) this.lastToldId = Math.min(this.lastToldId, nextId - 1);
    if (nextId <= this.lastToldId) {
      violation(`ids go on from ${nextId}, but ${this.lastToldId} has been told to a client`);
    }
    this.lastId = nextId - 1;
  }

  /** The highest number of records after which things were as they are now; -1 when they never were. */
  private longestMatch(jobs: ReadonlyMap<number, Recovered>, least: number, now: number): number {
    const wrong = new Set<number>();
    const look = (id: number, count: number): void => {
      const history = this.histories.get(id);
      if (history === undefined || this.match(history, jobs.get(id), count, now) !== null) wrong.delete(id);
      else wrong.add(id);
    };
    for (const id of this.histories.keys()) look(id, least);
    let longest = wrong.size === 0 ? least : -1;
    let index = 0;
    for (let count = least + 1; count <= this.count; count++) {
      for (; index < this.moments.length && this.moments[index].at <= count; index++) {
        look(this.moments[index].id, count);
      }
      if (wrong.size === 0) longest = count;
    }
    return longest;
  }

  /** The snapshot that a job which came back (or did not) agrees with, if so many records were kept. */
  private match(history: History, job: Recovered | undefined, count: number, now: number): Snapshot | null {
    const legal = legalAfter(history, count);
    if (job === undefined) {
      const isAbsent = legal.length === 0 || legal[0].state === "gone";
      return isAbsent ? NOTHING_LEFT : null;
    }
    for (let i = legal.length - 1; i >= 0; i--) if (agrees(legal[i], job, now)) return legal[i];
    return null;
  }

  private explain(jobs: ReadonlyMap<number, Recovered>, least: number, now: number): string {
    const lines = [
      `what came back agrees with no moment from record ${least} to ${this.count}; after ${least}:`,
    ];
    for (const history of this.histories.values()) {
      const job = jobs.get(history.id);
      if (this.match(history, job, least, now) !== null) continue;
      const legal = legalAfter(history, least).map(tell).join(" | ") || "not there";
      const found = job === undefined ? "missing" : tell(job);
      lines.push(`job ${history.id} is ${found}, could be ${legal}`);
    }
    return lines.slice(0, 12).join("\n");
  }

  /** What came after so many records never happened. */
  private cutTo(count: number): void {
    for (const history of [...this.histories.values()]) {
      history.snapshots = history.snapshots.filter(({ at }) => at <= count);
      if (history.snapshots.length === 0) this.histories.delete(history.id);
    }
    this.moments = this.moments.filter(({ at }) => at <= count);
    this.count = count;
    this.told = Math.min(this.told, count);
  }

  private add(id: number, snapshot: Snapshot, job?: Job): void {
    let history = this.histories.get(id);
    if (history === undefined) {
      if (job === undefined) return;
      history = { id, createdAt: job.createdAt, snapshots: [] };
      this.histories.set(id, history);
    }
    history.snapshots.push(snapshot);
    this.moments.push({ at: snapshot.at, id });
  }

  /** Drops what cannot come back. */
  private prune(id: number): void {
    const history = this.histories.get(id);
    if (history === undefined) return;
    history.snapshots = history.snapshots.slice(eraOf(history, this.safe));
    if (history.snapshots.length === 1 && history.snapshots[0].state === "gone") this.histories.delete(id);
  }
}

const NOTHING_LEFT: Snapshot = {
  at: 0,
  isRecord: true,
  state: "gone",
  tube: "",
  body: new Uint8Array(0),
  ttr: 0,
  isPending: false,
  pri: 0,
  delay: 0,
  deadline: 0,
  burial: 0,
  reserves: 0,
  timeouts: 0,
  releases: 0,
  buries: 0,
  kicks: 0,
};

function snapshotOf(job: Job, at: number, isRecord: boolean): Snapshot {
  const {
    body,
    ttr,
    state,
    isPending,
    pri,
    delay,
    deadline,
    burial,
    reserves,
    timeouts,
    releases,
    buries,
    kicks,
  } = job;
  return {
    at,
    isRecord,
    state: state === "reserved" ? "ready" : state,
    tube: job.tube.name,
    body,
    ttr,
    isPending,
    pri,
    delay,
    deadline,
    burial,
    reserves,
    timeouts: isPending && state === "reserved" ? NaN : timeouts,
    releases,
    buries,
    kicks,
  };
}

/** Index of the last record up to a count; 0 when there is none. */
function eraOf({ snapshots }: History, count: number): number {
  let index = 0;
  for (let i = 1; i < snapshots.length && snapshots[i].at <= count; i++) if (snapshots[i].isRecord) index = i;
  return index;
}

/** The states that are legal when so many records were kept: from the last record on. None: the job is not there yet. */
function legalAfter(history: History, count: number): Snapshot[] {
  const legal = history.snapshots.slice(eraOf(history, count));
  return legal.filter(({ at }) => at <= count);
}

/** What never changes in a job's life. */
function faultOf(history: History, job: Recovered): string {
  return job.createdAt === history.createdAt ? "" : `as of ${job.createdAt} instead of ${history.createdAt}`;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function agrees(snapshot: Snapshot, job: Recovered, now: number): boolean {
  if (snapshot.tube !== job.tube || !isSame(snapshot.body, job.body)) return false;
  for (const count of COUNTS) {
    if (snapshot[count] !== job[count] && !Number.isNaN(snapshot[count])) return false;
  }
  const isDelayed = snapshot.state === "delayed" && snapshot.deadline > now;
  if (isDelayed && job.state === "delayed") return snapshot.deadline === job.deadline;
  const isReady = snapshot.state === "delayed"
    ? !isDelayed || snapshot.isPending
    : snapshot.state === "ready";
  return isReady ? job.state === "ready" : job.state === snapshot.state;
}

function tell(job: Snapshot | Recovered): string {
  const until = job.state === "delayed" ? ` until ${job.deadline}` : "";
  return `${job.state}${until} in ${job.tube} with ${job.body.length} bytes ${
    COUNTS.map((count) => `${count} ${job[count]}`).join(" ")
  }`;
}
