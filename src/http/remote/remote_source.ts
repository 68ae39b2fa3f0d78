// Another server as the API's source, over the wire: a beanstalkd, with what its protocol allows, or a Runnerbean, which
// allows more. Changes are the client's commands; nothing is kept but the figures of tubes, for a moment.

import type { Client } from "../../client/connect.ts";
import { DisconnectedError, QueueError } from "../../client/errors.ts";
import type { PeekedJob } from "../../client/face.ts";
import type {
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
  ActOutcome,
  BodyView,
  Capability,
  JobListQuery,
  PutNumbers,
  Source,
  TubeQuery,
} from "../source.ts";
import { jobOf, serverInfo, tubeOf } from "./shown.ts";
import { tubePage } from "./tube_page.ts";

/** The figures of all tubes are asked for at most so often. */
const TUBES_KEPT_MS = 900;

/** What the words of a server's protocol make possible here. */
const CAPABILITY_OF: Readonly<Record<string, readonly Capability[]>> = {
  "list-jobs": ["list-jobs", "list-reserved"],
  "truncate": ["truncate"],
  "delete-tube": ["delete-tube"],
  "drain": ["drain"],
};

export class RemoteSource implements Source {
  readonly capabilities: readonly Capability[];
  readonly maxJobBytes: number;
  readonly #queue: Client;
  readonly #words: readonly string[];
  #tubes: Promise<readonly Tube[]> | null = null;

  private constructor(queue: Client, words: readonly string[], maxJobBytes: number) {
    this.#queue = queue;
    this.#words = words;
    this.capabilities = words.flatMap((word) => CAPABILITY_OF[word] ?? []);
    this.maxJobBytes = maxJobBytes;
  }

  /** Looks at what the server behind the client can do. The source closes the client. */
  static async open(queue: Client): Promise<RemoteSource> {
    const words = await queue.capabilities().catch((error: unknown) => {
      if (error instanceof QueueError && error.code === "UNKNOWN_COMMAND") return [];
      throw error;
    });
    const stats = await queue.stats();
    return new RemoteSource(queue, words, Number(stats["max-job-size"]));
  }

  async server(): Promise<ServerInfo> {
    return serverInfo(await told(this.#queue.stats()), this.#words, this.capabilities);
  }

  async drain(isOn: boolean): Promise<boolean> {
    this.#need("drain");
    await told(this.#queue.drain(isOn));
    return isOn;
  }

  // Tubes.

  async tubes(query: TubeQuery, signal: AbortSignal): Promise<TubePage> {
    const tubes = await (this.#tubes ??= this.#lookAtTubes());
    signal.throwIfAborted();
    return tubePage(tubes, query);
  }

  async tube(name: string): Promise<Tube> {
    const stats = await told(this.#queue.tube(name).stats());
    if (stats === null) throw notFound(`tube ${name}`);
    return tubeOf(stats);
  }

  async deleteTube(name: string): Promise<void> {
    this.#need("delete-tube");
    await told(this.#queue.deleteTube(name), `tube ${name}`);
    this.#tubes = null;
  }

  async truncate(name: string, states: readonly State[]): Promise<number> {
    this.#need("truncate");
    const resting = states.filter((state) => state !== "reserved");
    const count = await told(this.#queue.tube(name).truncate(resting), `tube ${name}`);
    this.#tubes = null;
    return count;
  }

  async pause(name: string, seconds: number): Promise<Tube> {
    await told(this.#queue.tube(name).pause(seconds), `tube ${name}`);
    return await this.tube(name);
  }

  async kick(name: string, count: number): Promise<number> {
    await this.tube(name); // a kick would make one of that name
    return await told(this.#queue.tube(name).kick(count));
  }

  // Jobs.

  async jobs(name: string, query: JobListQuery): Promise<JobPage> {
    const { state, limit, cursor, view } = query;
    const total = (await this.tube(name))[state];
    if (!this.#can("list-jobs")) return await this.#firstJob(name, query, total);
    const page = await told(this.#queue.tube(name).list(state, { limit, cursor }));
    const bodies = view.encoding === "none"
      ? page.jobs.map(() => null)
      : await Promise.all(page.jobs.map(({ id }) => told(this.#queue.peek(id))));
    const jobs = page.jobs.map((job, i) => jobOf(job, name, job.bytes, bodies[i]?.body ?? null, view));
    return { jobs, total, next: page.cursor, isCut: page.isCut };
  }

  /** Without lists there is the first job of each state to be seen, and of reserved ones none. */
  async #firstJob(name: string, { state, cursor, view }: JobListQuery, total: number): Promise<JobPage> {
    if (cursor !== null) throw badField("cursor", "this server lists no jobs");
    const tube = this.#queue.tube(name);
    const looks: Readonly<Record<State, () => Promise<PeekedJob | null>>> = {
      ready: () => tube.peekReady(),
      delayed: () => tube.peekDelayed(),
      buried: () => tube.peekBuried(),
      reserved: () => Promise.resolve(null),
    };
    const first = await told(looks[state]());
    const job = first === null ? null : await this.#shown(first.id, first.body, view);
    const jobs = job === null ? [] : [job];
    return { jobs, total, next: null, isCut: total > jobs.length };
  }

  async put(tube: string, body: Uint8Array, { priority, delay, ttr }: PutNumbers): Promise<number> {
    return await told(this.#queue.tube(tube).put(body, { priority, delay, ttr }));
  }

  async job(id: number, view: BodyView): Promise<Job> {
    const peeked = await told(this.#queue.peek(id));
    const job = peeked === null ? null : await this.#shown(id, peeked.body, view);
    if (job === null) throw notFound(`job ${id}`);
    return job;
  }

  async #shown(id: number, body: Uint8Array, view: BodyView): Promise<Job | null> {
    const stats = await told(this.#queue.statsJob(id));
    return stats === null ? null : jobOf(stats, stats.tube, body.length, body, view);
  }

  requeue(): Promise<Job> {
    return this.#cannot("jobs cannot be changed there");
  }

  async deleteJob(id: number): Promise<void> {
    const { state } = await this.job(id, NO_BODY);
    if (state === "reserved") throw new Problem(409, `job ${id} is reserved`);
    await told(this.#queue.delete(id), `job ${id}`);
  }

  async kickJob(id: number): Promise<Job> {
    const { state } = await this.job(id, NO_BODY);
    if (state !== "buried" && state !== "delayed") {
      throw new Problem(409, `job ${id} is ${state}: only buried and delayed jobs can be kicked`);
    }
    await told(this.#queue.kickJob(id), `job ${id}`);
    return await this.job(id, NO_BODY);
  }

  buryJob(): Promise<Job> {
    return this.#cannot("only who holds a job can bury it there");
  }

  search(): Promise<SearchPage> {
    return this.#cannot("jobs cannot be searched there");
  }

  act(): Promise<ActOutcome> {
    return this.#cannot("jobs cannot be searched there");
  }

  connections(): Promise<ConnectionPage> {
    return this.#cannot("connections are not told there");
  }

  reserve(): Promise<readonly LeasedJob[]> {
    return this.#cannot("leases are given by the server itself");
  }

  lease(): Promise<{ expiresAt: string } | null> {
    return this.#cannot("leases are given by the server itself");
  }

  async tubeOfJob(id: number): Promise<string | null> {
    return (await told(this.#queue.statsJob(id)))?.tube ?? null;
  }

  tubeOfLease(): Promise<string | null> {
    return Promise.resolve(null);
  }

  close(): void {
    void this.#queue.close();
  }

  // Within.

  #lookAtTubes(): Promise<readonly Tube[]> {
    const look = async (): Promise<readonly Tube[]> => {
      const names = await told(this.#queue.tubes());
      const stats = await Promise.all(names.map((name) => told(this.#queue.tube(name).stats())));
      return stats.filter((tube) => tube !== null).map(tubeOf);
    };
    const tubes = look();
    const forget = (): void => {
      if (this.#tubes === tubes) this.#tubes = null;
    };
    tubes.then(() => setTimeout(forget, TUBES_KEPT_MS), forget);
    return tubes;
  }

  #can(capability: Capability): boolean {
    return this.capabilities.includes(capability);
  }

  #need(capability: Capability): void {
    if (!this.#can(capability)) throw new Problem(501, `the server behind this one has no ${capability}`);
  }

  #cannot(why: string): Promise<never> {
    return Promise.reject(new Problem(501, why));
  }
}

const NO_BODY: BodyView = { encoding: "none", maxBytes: 0 };

/** What a server refuses, and a server that is away, as problems. */
async function told<T>(answer: Promise<T>, what: string = "such thing"): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof DisconnectedError) {
      throw new Problem(502, `the server is not reached: ${error.message}`);
    }
    if (!(error instanceof QueueError)) throw error;
    switch (error.code) {
      case "NOT_FOUND":
        throw notFound(what);
      case "JOB_TOO_BIG":
        throw new Problem(413, error.message, { field: "body" });
      case "DRAINING":
        throw new Problem(503, "the server takes no more jobs: it is draining");
      case "OUT_OF_MEMORY":
        throw new Problem(507, "there is no room for the job");
      case "IN_USE":
        throw new Problem(409, `${what} is in use`);
      case "UNAUTHORIZED":
        throw new Problem(502, "the server behind this one does not allow it to the console's token");
      default:
        throw new Problem(502, `the server behind this one answered: ${error.message}`);
    }
  }
}
