// The queue of this process as the API's source. Changes are tasks of the API's own sessions, as those of the library are;
// what is only looked at is read in turns of the server, in slices, and told when the journal has it.

import { STATE_WORDS } from "../../core/jobs.ts";
import type { JobState } from "../../core/jobs.ts";
import { cursorText, readCursor } from "../../core/list_cursor.ts";
import type { Tube as CoreTube } from "../../core/tube.ts";
import type { RefusalReason } from "../../ports/refusals.ts";
import { Inspector } from "../../server/inspector.ts";
import { PutTask } from "../../server/local_batches.ts";
import type { LocalPeer } from "../../server/local_peer.ts";
import type { Server } from "../../server/server.ts";
import type {
  Connection,
  ConnectionPage,
  Job,
  JobPage,
  LeasedJob,
  SearchPage,
  ServerInfo,
  State,
  Tube,
  TubePage,
} from "../model.ts";
import { badField, notFound, Problem } from "../problem.ts";
import type {
  Action,
  ActOutcome,
  BodyView,
  Capability,
  JobChanges,
  JobListQuery,
  JobMatch,
  LeaseAct,
  PutNumbers,
  ReserveQuery,
  SearchQuery,
  Source,
  TubeQuery,
} from "../source.ts";
import { ActTask, concerns } from "./act_task.ts";
import { JobList, PAGE_BODY_BYTES, shownBytes } from "./job_list.ts";
import { JobSearch } from "./job_search.ts";
import { Leases } from "./leases.ts";
import type { Pace } from "./pace.ts";
import { RequeueTask } from "./requeue_task.ts";
import { serverInfo } from "./server_info.ts";
import { nameOf, Shown } from "./shown.ts";
import type { TubeTrends } from "./shown.ts";
import { ask, BuryTask, LeaveTubeTask, LookTask, openPeer, outcome, SeenLineTask } from "./tasks.ts";
import { TubeList } from "./tube_list.ts";

/** Rows that one search looks at before it answers what it has; the next page goes on. */
export const MAX_SCANNED = 1_000_000;
/** Jobs that an action on many does in one go. */
const ACTS_AT_ONCE = 256;
/** Connections looked at before the clock is. */
const PEERS_PER_LOOK = 16;

const encoder = new TextEncoder();

export interface LocalSourceOptions {
  readonly server: Server;
  readonly pace: Pace;
  readonly runtime: string;
  readonly trends?: TubeTrends | null;
}

const CAPABILITIES: readonly Capability[] = [
  "list-jobs",
  "list-reserved",
  "search",
  "truncate",
  "delete-tube",
  "requeue",
  "drain",
  "connections",
  "leases",
  "wire",
];

export class LocalSource implements Source {
  readonly capabilities: readonly Capability[];
  readonly maxJobBytes: number;
  readonly #server: Server;
  readonly #runtime: string;
  readonly #inspector: Inspector;
  readonly #shown: Shown;
  readonly #pace: Pace;
  readonly #leases: Leases;
  /** The session of all that asks for no lease and ends at once. */
  readonly #peer: LocalPeer;

  constructor({ server, pace, runtime, trends = null }: LocalSourceOptions) {
    this.capabilities = trends === null ? CAPABILITIES : [...CAPABILITIES, "history"];
    this.#server = server;
    this.#runtime = runtime;
    this.maxJobBytes = server.facts.maxJobBytes;
    this.#inspector = new Inspector(server);
    this.#shown = new Shown(this.#inspector, trends);
    this.#pace = pace;
    this.#leases = new Leases(server);
    this.#peer = openPeer(server);
  }

  // The server.

  server(): Promise<ServerInfo> {
    return this.#look((now) => serverInfo(this.#inspector, now, this.#runtime, this.capabilities));
  }

  drain(isOn: boolean): Promise<boolean> {
    this.#server.drain(isOn);
    return Promise.resolve(this.#server.engine.isDraining);
  }

  async connections(limit: number, cursor: string | null): Promise<ConnectionPage> {
    let at = cursor === null ? 0 : placeOf(cursor);
    const connections: Connection[] = [];
    await this.#pace.walk(NEVER, (isTimeUp) =>
      this.#look(() => {
        const { peers } = this.#inspector;
        for (; at < peers.length && connections.length < limit; at++) {
          if (at % PEERS_PER_LOOK === 0 && isTimeUp()) return false;
          const peer = peers[at];
          if (peer !== undefined) connections.push(this.#shown.connection(peer));
        }
        return true;
      }));
    return { connections, next: at < this.#inspector.peers.length ? String(at) : null };
  }

  // Tubes.

  async tubes(query: TubeQuery, signal: AbortSignal): Promise<TubePage> {
    const list = new TubeList(this.#inspector, this.#shown, query);
    await this.#pace.walk(signal, (isTimeUp) => this.#look((now) => list.goOn(now, isTimeUp)));
    const tubes: Tube[] = [];
    const rows = list.rows.slice(0, query.limit);
    await this.#pace.walk(signal, (isTimeUp) =>
      this.#look((now) => {
        while (tubes.length < rows.length && !isTimeUp()) {
          tubes.push(this.#shown.tube(rows[tubes.length].tube, now));
        }
        return tubes.length === rows.length;
      }));
    return { tubes, total: list.total, next: list.next };
  }

  tube(name: string): Promise<Tube> {
    return this.#look((now) => this.#shown.tube(this.#tube(name), now));
  }

  async deleteTube(name: string): Promise<void> {
    const { word } = await ask(this.#peer, `delete-tube ${name}`);
    if (word === "NOT_FOUND") throw notFound(`tube ${name}`);
    if (word === "IN_USE") {
      throw new Problem(409, `tube ${name} is in use: somebody uses or watches it, or holds one of its jobs`);
    }
  }

  async truncate(name: string, states: readonly State[]): Promise<number> {
    await this.#look(() => void this.#tube(name));
    // By the tube in use, since a long name leaves no room for the states.
    const truncated = ask(this.#peer, `truncate - ${states.join(" ")}`, encoder.encode(name));
    this.#peer.run(new LeaveTubeTask());
    const { word, number } = await truncated;
    if (word !== "TRUNCATED") {
      throw new Problem(507, "too many jobs of the tube are reserved just now", { refusal: "truncate" });
    }
    return number;
  }

  async pause(name: string, seconds: number): Promise<Tube> {
    const shown = (now: number): Tube => this.#shown.tube(this.#tube(name), now);
    const { seen } = await outcome(this.#peer, new SeenLineTask(`pause-tube ${name} ${seconds}`, shown));
    return seen ?? refuseTube(name);
  }

  async kick(name: string, count: number): Promise<number> {
    await this.#look(() => void this.#tube(name));
    const peer = openPeer(this.#server); // its own: a large kick takes many turns
    try {
      return (await ask(peer, `kick ${count}`, encoder.encode(name))).number;
    } finally {
      peer.close();
    }
  }

  // Jobs.

  async jobs(tube: string, { state, limit, cursor, view }: JobListQuery): Promise<JobPage> {
    const list = new JobList(
      this.#inspector,
      this.#shown,
      STATE_WORDS.indexOf(state) as JobState,
      limit,
      view,
    );
    if (cursor !== null) list.after = readCursor(cursor) ?? refuseCursor();
    let total = 0;
    await this.#pace.walk(NEVER, (isTimeUp) =>
      this.#look((now) => {
        const from = this.#tube(tube);
        total = countOf(from, state);
        return list.goOn(from, now, isTimeUp);
      }));
    const { jobs, after, isCut } = list;
    return { jobs, total, next: after === null ? null : cursorText(after), isCut };
  }

  async put(tube: string, body: Uint8Array, { priority, delay, ttr }: PutNumbers): Promise<number> {
    const put = outcome(this.#peer, new PutTask(encoder.encode(tube), [body], priority, delay, ttr));
    this.#peer.run(new LeaveTubeTask());
    const { results: [result], refusal } = await put;
    if (typeof result === "number") return result;
    if (result === "JOB_TOO_BIG") throw this.#tooLarge();
    if (result === "DRAINING") {
      throw new Problem(503, "the server takes no more jobs: it is draining", { refusal: "draining" });
    }
    throw noRoom(refusal);
  }

  job(id: number, view: BodyView): Promise<Job> {
    return this.#look((now) => this.#shown.job(this.#row(id), now, view));
  }

  async requeue(id: number, changes: JobChanges): Promise<Job> {
    if (changes.body !== undefined && changes.body.length > this.maxJobBytes) throw this.#tooLarge();
    const task = new RequeueTask(id, changes, this.#shownWithoutBody(id));
    const { outcome: became, seen } = await outcome(this.#peer, task);
    if (became === "no room") throw noRoom(task.refusal);
    return seen ?? await this.#refuse(id);
  }

  async deleteJob(id: number): Promise<void> {
    const { word } = await ask(this.#peer, `delete ${id}`);
    if (word === "NOT_FOUND") await this.#refuse(id);
  }

  async kickJob(id: number): Promise<Job> {
    const task = new SeenLineTask(`kick-job ${id}`, this.#shownWithoutBody(id));
    const { seen } = await outcome(this.#peer, task);
    return seen ?? await this.#look(() => {
      const state = STATE_WORDS[this.#inspector.jobs.state.get(this.#row(id))];
      throw new Problem(409, `job ${id} is ${state}: only buried and delayed jobs can be kicked`);
    });
  }

  async buryJob(id: number, priority: number | undefined): Promise<Job> {
    const { seen } = await outcome(this.#peer, new BuryTask(id, priority, this.#shownWithoutBody(id)));
    return seen ?? await this.#refuse(id);
  }

  /** Taken in the turn of an act, so that what others do to the job afterwards does not belie the act. */
  #shownWithoutBody(id: number): (now: number) => Job {
    return (now) => this.#shown.job(this.#row(id), now, NO_BODY);
  }

  async search({ match, limit, cursor, view }: SearchQuery, signal: AbortSignal): Promise<SearchPage> {
    const search = new JobSearch(this.#inspector, match, cursor === null ? 1 : placeOf(cursor));
    const jobs: Job[] = [];
    let bytes = 0;
    await this.#pace.walk(signal, (isTimeUp) =>
      this.#look((now) => {
        const isOver = search.goOn(now, isTimeUp, (row) => {
          const job = this.#shown.job(row, now, view);
          bytes += shownBytes(job, view);
          return jobs.push(job) >= limit || bytes >= PAGE_BODY_BYTES;
        });
        return isOver || search.scanned >= MAX_SCANNED;
      }));
    const isComplete = search.at === 0;
    return { jobs, next: isComplete ? null : String(search.at), scanned: search.scanned, isComplete };
  }

  async act(
    match: JobMatch,
    action: Action,
    expectedCount: number | null,
    signal: AbortSignal,
  ): Promise<ActOutcome> {
    const search = new JobSearch(this.#inspector, match, 1);
    const batches: number[][] = [];
    const count = await this.#find(search, action, expectedCount === null ? null : batches, signal);
    if (expectedCount === null) return { count, failed: 0, isDone: false };
    if (count !== expectedCount) {
      throw new Problem(409, `${count} jobs match by now`, { field: "expectedCount", more: { count } });
    }
    const peer = openPeer(this.#server);
    let done = 0;
    try {
      for (const ids of batches) {
        if (signal.aborted) break;
        const task = new ActTask(ids, action, (row, now) => search.isMatch(row, now));
        await outcome(peer, task).catch((error) => {
          throw done + task.done === 0 ? error : brokenOff(error, done + task.done);
        });
        done += task.done;
        await this.#pace.rest();
      }
    } finally {
      peer.close();
    }
    return { count: done, failed: count - done, isDone: true };
  }

  /** Counts the jobs that match and that the action is for; their ids come in batches, if they are wanted. */
  async #find(
    search: JobSearch,
    action: Action,
    batches: number[][] | null,
    signal: AbortSignal,
  ): Promise<number> {
    const { jobs } = this.#inspector;
    let count = 0;
    let batch: number[] = [];
    const found = (row: number): boolean => {
      if (!concerns(action, jobs.state.get(row))) return false;
      // Never one array for all: to grow it would be a long pause.
      if (batches !== null && count % ACTS_AT_ONCE === 0) batches.push(batch = []);
      if (batches !== null) batch.push(jobs.id.get(row));
      count++;
      return false;
    };
    await this.#pace.walk(signal, (isTimeUp) => this.#look((now) => search.goOn(now, isTimeUp, found)));
    return count;
  }

  // Leases.

  reserve(query: ReserveQuery, signal: AbortSignal): Promise<readonly LeasedJob[]> {
    return this.#leases.reserve(query, signal);
  }

  lease(token: string, act: LeaseAct): Promise<{ expiresAt: string } | null> {
    return this.#leases.act(token, act);
  }

  // For rights.

  tubeOfJob(id: number): Promise<string | null> {
    const row = this.#inspector.jobs.find(id);
    return Promise.resolve(row === 0 ? null : nameOf(this.#inspector.tubeOf(row)));
  }

  tubeOfLease(token: string): Promise<string | null> {
    return Promise.resolve(this.#leases.tubeOf(token));
  }

  close(): void {
    this.#leases.close();
    this.#peer.close();
  }

  // Within.

  /** A refusal of the look rejects; anything else that it throws is a bug, as in every turn. */
  async #look<T>(look: (now: number) => T): Promise<T> {
    const { result } = await outcome(
      this.#peer,
      new LookTask((now): { value: T } | Problem => {
        try {
          return { value: look(now) };
        } catch (error) {
          if (error instanceof Problem) return error;
          throw error;
        }
      }),
    );
    if (result instanceof Problem) throw result;
    return result!.value;
  }

  #tube(name: string): CoreTube {
    const tube = this.#inspector.tube(name);
    if (tube === undefined) throw notFound(`tube ${name}`);
    return tube;
  }

  #row(id: number): number {
    const row = this.#inspector.jobs.find(id);
    if (row === 0) throw notFound(`job ${id}`);
    return row;
  }

  #tooLarge(): Problem {
    return new Problem(413, `jobs are at most ${this.maxJobBytes} bytes`, {
      field: "body",
      refusal: "job-size",
    });
  }

  /** Says why a job could not be had: it is gone, or somebody holds it. Not before the journal knows that, too. */
  #refuse(id: number): Promise<never> {
    return this.#look(() => {
      const holder = this.#inspector.holderOf(this.#row(id));
      throw new Problem(
        409,
        `job ${id} is reserved${holder === null ? "" : ` by connection ${holder.number}`}`,
      );
    });
  }
}

const NEVER: AbortSignal = new AbortController().signal;
const NO_BODY: BodyView = { encoding: "none", maxBytes: 0 };

function refuseTube(name: string): never {
  throw notFound(`tube ${name}`);
}

/** An act on many of which some were reached: how many, so that nobody takes it for nothing. */
function brokenOff(error: unknown, count: number): unknown {
  if (!(error instanceof Problem)) return error;
  return new Problem(
    error.status,
    `the server stops; it was done with ${count} jobs, which may not all be kept`,
    {
      more: { count },
    },
  );
}

function refuseCursor(): never {
  throw badField("cursor", "it is not one that a page ended with");
}

function placeOf(cursor: string): number {
  if (!/^\d{1,10}$/.test(cursor)) refuseCursor();
  return Number(cursor);
}

function countOf(tube: CoreTube, state: State): number {
  switch (state) {
    case "ready":
      return tube.ready.length;
    case "delayed":
      return tube.delayed.length;
    case "reserved":
      return tube.reservedCount;
    default:
      return tube.buried.length;
  }
}

function noRoom(refusal: RefusalReason | null): Problem {
  return new Problem(507, "there is no room for the job", { refusal: refusal ?? undefined });
}
