// What a tube must look like that only one connection works on: each command changes it in one way and has one reply. Time
// plays no part: nobody's ttr or delay runs out here, and delays differ by hours, so their order is that of their lengths.

export type State = "ready" | "delayed" | "reserved" | "buried";

export type Command =
  | {
    readonly verb: "put";
    readonly pri: number;
    readonly delay: number;
    readonly ttr: number;
    readonly body: string;
  }
  | { readonly verb: "release"; readonly id: number; readonly pri: number; readonly delay: number }
  | { readonly verb: "bury"; readonly id: number; readonly pri: number }
  | { readonly verb: "kick"; readonly bound: number }
  | { readonly verb: "reserve-job" | "delete" | "kick-job" | "touch" | "peek"; readonly id: number }
  | { readonly verb: "reserve-with-timeout" | "peek-ready" | "peek-delayed" | "peek-buried" };

/** What can change in a job's life. */
export interface Condition {
  readonly state: State;
  readonly pri: number;
  readonly delay: number;
  /** Number of its burial, while it is buried. */
  readonly burial: number;
  readonly reserves: number;
  readonly releases: number;
  readonly buries: number;
  readonly kicks: number;
}

export interface ModelJob {
  readonly id: number;
  readonly body: string;
  readonly ttr: number;
  readonly now: Condition;
  /** As a record of the log says: reserving leaves none. */
  readonly recorded: Condition;
}

/** The bytes of a command. */
export function bytesOf(command: Command): string {
  switch (command.verb) {
    case "put": {
      const { pri, delay, ttr, body } = command;
      return `put ${pri} ${delay} ${ttr} ${body.length}\r\n${body}\r\n`;
    }
    case "release":
      return `release ${command.id} ${command.pri} ${command.delay}\r\n`;
    case "bury":
      return `bury ${command.id} ${command.pri}\r\n`;
    case "kick":
      return `kick ${command.bound}\r\n`;
    case "reserve-with-timeout":
      return "reserve-with-timeout 0\r\n";
    default:
      return "id" in command ? `${command.verb} ${command.id}\r\n` : `${command.verb}\r\n`;
  }
}

const NOT_FOUND = "NOT_FOUND\r\n";

export class TubeModel {
  readonly jobs: Map<number, ModelJob>;
  private burials: number;

  constructor(jobs: Iterable<ModelJob> = [], burials = 0) {
    this.jobs = new Map(Array.from(jobs, (job) => [job.id, job]));
    this.burials = burials;
  }

  /** Jobs never change, they are replaced: a copy is cheap. */
  copy(): TubeModel {
    return new TubeModel(this.jobs.values(), this.burials);
  }

  /** A put that was answered with this id. */
  put(command: Command & { verb: "put" }, id: number): void {
    const { body, pri, delay, ttr } = command;
    const state = delay > 0 ? "delayed" : "ready";
    const now = { state, pri, delay, burial: 0, reserves: 0, releases: 0, buries: 0, kicks: 0 } as const;
    this.jobs.set(id, { id, body, ttr, now, recorded: now });
  }

  /** Any other command; answers the reply that it must have. */
  apply(command: Exclude<Command, { verb: "put" }>): string {
    switch (command.verb) {
      case "reserve-with-timeout":
        return this.reserve(this.first("ready"));
      case "peek-ready":
      case "peek-delayed":
      case "peek-buried":
        return found(this.first(command.verb.slice(5) as State));
      case "kick":
        return this.kick(command.bound);
      default:
        return this.applyTo(command, this.jobs.get(command.id));
    }
  }

  /** The next job of a state: the best ready one, the soonest delayed one, the oldest buried one. */
  first(state: State): ModelJob | undefined {
    let best: ModelJob | undefined;
    for (const job of this.jobs.values()) {
      if (job.now.state === state && (best === undefined || rank(job, best) < 0)) best = job;
    }
    return best;
  }

  /** A job as it came back, in the place of what it was. */
  restore(job: ModelJob, now: Condition): void {
    this.jobs.set(job.id, { ...job, now, recorded: now });
  }

  private applyTo(command: Extract<Command, { id: number }>, job: ModelJob | undefined): string {
    if (job === undefined) return NOT_FOUND;
    const { now } = job;
    const isReserved = now.state === "reserved";
    switch (command.verb) {
      case "peek":
        return found(job);
      case "reserve-job":
        return isReserved ? NOT_FOUND : this.reserve(job);
      case "touch":
        return isReserved ? "TOUCHED\r\n" : NOT_FOUND;
      case "delete":
        this.jobs.delete(job.id);
        return "DELETED\r\n";
      case "kick-job":
        if (now.state !== "buried" && now.state !== "delayed") return NOT_FOUND;
        this.change(job, { state: "ready", kicks: now.kicks + 1 });
        return "KICKED\r\n";
      case "bury":
        if (!isReserved) return NOT_FOUND;
        this.change(job, {
          state: "buried",
          pri: command.pri,
          buries: now.buries + 1,
          burial: ++this.burials,
        });
        return "BURIED\r\n";
      case "release": {
        if (!isReserved) return NOT_FOUND;
        const { pri, delay } = command;
        this.change(job, { state: delay > 0 ? "delayed" : "ready", pri, delay, releases: now.releases + 1 });
        return "RELEASED\r\n";
      }
    }
  }

  private reserve(job: ModelJob | undefined): string {
    if (job === undefined) return "TIMED_OUT\r\n";
    const now: Condition = { ...job.now, state: "reserved", reserves: job.now.reserves + 1 };
    this.jobs.set(job.id, { ...job, now });
    return `RESERVED ${job.id} ${job.body.length}\r\n${job.body}\r\n`;
  }

  private kick(bound: number): string {
    const state = this.first("buried") === undefined ? "delayed" : "buried";
    let count = 0;
    for (; count < bound; count++) {
      const job = this.first(state);
      if (job === undefined) break;
      this.change(job, { state: "ready", kicks: job.now.kicks + 1 });
    }
    return `KICKED ${count}\r\n`;
  }

  private change(job: ModelJob, changes: Partial<Condition>): void {
    const now = { ...job.now, ...changes };
    this.jobs.set(job.id, { ...job, now, recorded: now });
  }
}

function rank(one: ModelJob, other: ModelJob): number {
  const { now: a } = one;
  const { now: b } = other;
  if (a.state === "buried") return a.burial - b.burial;
  if (a.state === "delayed") return a.delay - b.delay;
  return a.pri - b.pri || one.id - other.id;
}

function found(job: ModelJob | undefined): string {
  return job === undefined ? NOT_FOUND : `FOUND ${job.id} ${job.body.length}\r\n${job.body}\r\n`;
}
