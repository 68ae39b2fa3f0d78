// A rough idea of how a sequence stands while it is drawn, so that most commands meet what they are about: a release meets a
// job the connection holds, a reserve a ready job. It may be wrong (damaged lines, steps that are left out); nothing depends
// on it but how much of the protocol the fuzzer reaches.
interface GuessedJob {
  tube: string;
  state: "ready" | "delayed" | "buried" | "reserved";
  holder: number;
}

interface GuessedConnection {
  used: string;
  readonly watched: Set<string>;
  waiting: boolean;
}

export class Guess {
  readonly #jobs: (GuessedJob | undefined)[] = [];
  readonly #connections = new Map<number, GuessedConnection>();

  /** Ids taken so far. */
  get puts(): number {
    return this.#jobs.length;
  }

  #connection(on: number): GuessedConnection {
    const known = this.#connections.get(on);
    if (known) return known;
    const fresh = { used: "default", watched: new Set(["default"]), waiting: false };
    this.#connections.set(on, fresh);
    return fresh;
  }

  waits(on: number): boolean {
    return this.#connection(on).waiting;
  }

  put(on: number, delayed: boolean): void {
    this.#jobs.push({ tube: this.#connection(on).used, state: delayed ? "delayed" : "ready", holder: on });
    this.#match();
  }

  use(on: number, tube: string): void {
    this.#connection(on).used = tube;
  }

  watch(on: number, tube: string): void {
    this.#connection(on).watched.add(tube);
  }

  ignore(on: number, tube: string): void {
    const { watched } = this.#connection(on);
    if (watched.size > 1) watched.delete(tube);
  }

  reserve(on: number, wait: boolean): void {
    this.#connection(on).waiting = true;
    this.#match();
    this.#connection(on).waiting &&= wait;
  }

  /** A command moves a job. */
  move(id: number, state: GuessedJob["state"] | "gone", holder: number): void {
    const job = this.#jobs[id];
    if (!job) return;
    if (state === "gone") this.#jobs[id] = undefined;
    else Object.assign(job, { state, holder });
    this.#match();
  }

  /** The used tube's buried jobs are ready again, or the delayed ones. */
  kick(on: number): void {
    const kicked = this.#jobs.filter((job) => job?.tube === this.#connection(on).used);
    const state = kicked.some((job) => job!.state === "buried") ? "buried" : "delayed";
    for (const job of kicked) if (job!.state === state) job!.state = "ready";
    this.#match();
  }

  ends(on: number): void {
    this.#connections.delete(on);
    for (const job of this.#jobs) if (job?.state === "reserved" && job.holder === on) job.state = "ready";
    this.#match();
  }

  heldBy(on: number): number[] {
    return this.#where((job) => job.state === "reserved" && job.holder === on);
  }

  inState(...states: GuessedJob["state"][]): number[] {
    return this.#where((job) => states.includes(job.state));
  }

  /** Whether a reserve would be answered at once. */
  hasReadyFor(on: number): boolean {
    const { watched } = this.#connection(on);
    return this.#jobs.some((job) => job?.state === "ready" && watched.has(job.tube));
  }

  #where(condition: (job: GuessedJob) => boolean): number[] {
    return [...this.#jobs.keys()].filter((id) => this.#jobs[id] !== undefined && condition(this.#jobs[id]));
  }

  #match(): void {
    for (const [on, connection] of this.#connections) {
      if (!connection.waiting) continue;
      const job = this.#jobs.find((one) => one?.state === "ready" && connection.watched.has(one.tube));
      if (!job) continue;
      Object.assign(job, { state: "reserved", holder: on });
      connection.waiting = false;
    }
  }
}
