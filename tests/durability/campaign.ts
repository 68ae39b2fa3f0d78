// Kills a server in the middle of its work, again and again, and looks after each start on the same directory whether it
// kept its promise: what was acknowledged is there, what was deleted is not, nothing is there twice, and no id comes again.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../support/random.ts";
import { RUNTIME, sleep } from "../support/runtime.ts";
import {
  freePort,
  runnerbeanCommand,
  type ServerProcess,
  startProcess,
  startServer,
} from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { Crowd } from "./crowd.ts";
import { untilReady } from "./http_client.ts";
import { HttpCrowdClient } from "./http_crowd.ts";
import { HttpSoloist } from "./http_soloist.ts";
import { inspect, type Seen, type SeenJob } from "./inspection.ts";
import { newTally, type Situation, type Tally } from "./tally.ts";
import { killInRecovery, type Stop, stopOf, terminate } from "./stops.ts";
import { Soloist } from "./soloist.ts";
import { violation } from "./violation.ts";

export interface CampaignOptions {
  /** Where the log or the KV lies. It must be there. */
  readonly directory: string;
  /** Default: a binlog. */
  readonly store?: "binlog" | "kv";
  readonly kills: number;
  readonly seed: number;
  /** Beside `-b` or `--kv`. */
  readonly serverArgs?: readonly string[];
  readonly env?: Record<string, string>;
  readonly connections?: number;
  /** The directory is small: jobs are put until there is no room, and then some are deleted. */
  readonly fills?: boolean;
  readonly largestBody?: number;
  /** How long the server works before it is killed, in milliseconds: at least, and at most. */
  readonly workMs?: readonly [number, number];
  /** Clients over HTTP, beside the connections: so many with a tube each, and so many in the tubes of the crowd. Default: none. */
  readonly http?: { readonly soloists: number; readonly crowd: number };
  /** Half of the stops are SIGTERM or kills while the log is read. Default: all are kills under load. */
  readonly stopsMixed?: boolean;
  /** What is started instead of the server's program. */
  readonly command?: readonly string[];
  /** Done between the kill and the next start: what breaks the promise. */
  readonly tamper?: (directory: string) => void;
}

const CROWD_TUBES = ["crowd-a", "crowd-b"];
/** Of the connections, so many share tubes. */
const CROWD_PART = 0.3;
const MOST_PORTS = 4;
const PORT_TAKEN = /EADDRINUSE|address (?:already )?in use|port in use|failed to listen/i;
/** The first name of an HTTP client among those that share tubes. */
const HTTP_NAMES = 1000;
/** A server is stopped when HTTP clients had fewer than so many answers more, or after so many milliseconds. */
const MOST_HTTP_ANSWERS = 100;
const HTTP_PATIENCE_MS = 3000;
/** Ids beyond the last known one that may have been given to puts without an answer. */
const UNKNOWN_IDS = 2000;

export class Campaign {
  readonly tally: Tally = newTally();
  kills = 0;
  private readonly options: CampaignOptions;
  private readonly random: Random;
  private readonly soloists: Soloist[] = [];
  private readonly crowd: Crowd;
  private readonly crowdConnections: number;
  private readonly httpSoloists: HttpSoloist[] = [];
  private readonly httpCrowd: HttpCrowdClient[] = [];
  private readonly usedIds = new Set<number>();
  private lastId = 0;
  /** Ids from here on were given by the server that runs now. */
  private firstId = 1;
  private alive: readonly number[] = [];
  private httpPort = 0;
  /** How the server that runs now comes to its end. */
  private stop: Stop = "kill";

  constructor(options: CampaignOptions) {
    const { connections = 50, fills = false, largestBody = 65_535 } = options;
    this.options = options;
    this.random = new Random(options.seed);
    this.crowdConnections = Math.floor(connections * CROWD_PART);
    this.crowd = new Crowd(CROWD_TUBES, largestBody, fills);
    for (let i = this.crowdConnections; i < connections; i++) {
      const random = new Random(this.random.below(2 ** 32));
      const jobs = fills ? Infinity : 12;
      this.soloists.push(new Soloist({ tube: `solo-${i}`, random, jobs, largestBody, mayFill: fills }));
    }
    const draw = (): Random => new Random(this.random.below(2 ** 32));
    const { http = { soloists: 0, crowd: 0 } } = options;
    for (let i = 0; i < http.soloists; i++) {
      this.httpSoloists.push(new HttpSoloist(`http-${i}`, draw(), largestBody));
    }
    for (let i = 0; i < http.crowd; i++) {
      this.httpCrowd.push(new HttpCrowdClient(this.crowd, CROWD_TUBES, HTTP_NAMES + i, draw()));
    }
  }

  async run(): Promise<void> {
    for (;;) {
      const server = await this.start();
      try {
        const seen = await this.inspect(server.port).catch((error) => this.tellFate(server, error));
        this.settle([...seen.jobs.values()]);
        this.noteProbe(seen);
        if (this.kills === this.options.kills) return;
        await this.work(server);
      } finally {
        await server.stop("SIGKILL");
      }
      this.kills++;
      if (this.stop === "recovery") await this.killNext();
      this.options.tamper?.(this.options.directory);
    }
  }

  private get args(): string[] {
    const { directory, store, serverArgs = [] } = this.options;
    return [...(store === "kv" ? ["--kv", join(directory, "jobs.kv")] : ["-b", directory]), ...serverArgs];
  }

  private async killNext(): Promise<void> {
    const { env } = this.options;
    if (await killInRecovery(this.command, this.args, env, this.random)) this.tally.recoveryKills++;
  }

  private get command(): string[] {
    return [...this.options.command ?? runnerbeanCommand()];
  }

  /** Sometimes it is killed while it starts, too. */
  private async start(): Promise<ServerProcess> {
    const { env } = this.options;
    while (this.random.chance(0.15)) {
      const early = startProcess([...this.command, "-l", "127.0.0.1", "-p", "0", ...this.args], env);
      await sleep(this.random.below(RUNTIME === "node" ? 300 : 100));
      await early.stop("SIGKILL");
    }
    const { command, args } = this;
    for (let tries = 1;; tries++) {
      this.httpPort = await freePort();
      const http = this.options.http === undefined ? [] : ["--http", `127.0.0.1:${this.httpPort}`];
      try {
        return await startServer({ command, args: [...args, ...http], env });
      } catch (error) {
        // Somebody else may have taken a port that was free a moment ago.
        if (tries === MOST_PORTS || !PORT_TAKEN.test(String(error))) throw error;
      }
    }
  }

  private inspect(port: number): Promise<Seen> {
    const ids = new Set(this.alive);
    for (let id = this.firstId; id <= this.lastId + UNKNOWN_IDS; id++) ids.add(id);
    return inspect(port, [...ids]);
  }

  private settle(seen: readonly SeenJob[]): void {
    const situation = this.situation();
    const byTube = new Map<string, SeenJob[]>();
    for (const job of seen) {
      const place = this.crowd.owns(job.tube) ? "crowd" : job.tube;
      if (!byTube.has(place)) byTube.set(place, []);
      byTube.get(place)!.push(job);
    }
    for (const soloist of [...this.soloists, ...this.httpSoloists]) {
      soloist.settle(byTube.get(soloist.tube) ?? [], situation);
      byTube.delete(soloist.tube);
    }
    this.crowd.settle(byTube.get("crowd") ?? []);
    byTube.delete("crowd");
    if (byTube.size > 0) violation(`jobs in tubes of nobody: ${[...byTube.keys()]}`);
    this.alive = seen.map(({ id }) => id);
    for (const id of this.alive) {
      this.usedIds.add(id);
      this.lastId = Math.max(this.lastId, id);
    }
  }

  private noteProbe({ probeId }: Seen): void {
    if (probeId !== 0) this.noteId(probeId);
    this.firstId = this.lastId + 1;
  }

  private readonly noteId = (id: number): void => {
    if (this.usedIds.has(id) || id < this.firstId) violation(`id ${id} is used again`);
    this.usedIds.add(id);
    this.lastId = Math.max(this.lastId, id);
  };

  private situation(): Situation {
    return { tally: this.tally, isFull: false };
  }

  /** All connections work until the server is stopped. */
  private async work(server: ServerProcess): Promise<void> {
    this.stop = this.options.stopsMixed ? stopOf(this.kills) : "kill";
    const situation = this.situation();
    const clients: WireClient[] = [];
    const count = this.soloists.length + this.crowdConnections;
    while (clients.length < count) clients.push(await WireClient.connect(server.port));
    const running = clients.map((client, index) => {
      const soloist = this.soloists[index];
      if (soloist !== undefined) return soloist.work(client, situation, this.noteId);
      return this.crowd.work(client, index, this.random, situation, this.noteId);
    });
    if (this.options.http !== undefined) {
      await untilReady(this.httpPort);
      const all = [...this.httpSoloists, ...this.httpCrowd];
      running.push(...all.map((client) => client.work(this.httpPort, situation, this.noteId)));
    }
    // The first failure ends the work; the others end when the server does.
    const failed = new Promise<never>((_, reject) => running.forEach((one) => one.catch(reject)));
    failed.catch(() => {});
    const [least, most] = this.options.workMs ?? [20, 600];
    try {
      const worked = sleep(least + this.random.below(most - least)).then(() => this.httpHasWorked());
      await Promise.race([worked, failed, this.diedAlone(server)]);
      if (this.stop === "term") await Promise.race([terminate(server), failed]);
      else server.signal("SIGKILL");
      await Promise.race([Promise.all(running), failed]);
      if (this.stop === "term") this.tally.terms++;
    } finally {
      await server.stop("SIGKILL");
      for (const client of clients) client.close();
      await Promise.allSettled(running);
    }
  }

  /** Waits a little longer when HTTP clients, which are slower, have had too few answers. */
  private async httpHasWorked(): Promise<void> {
    if (this.options.http === undefined) return;
    const { tally } = this;
    const enough = tally.httpAnswers + this.random.below(MOST_HTTP_ANSWERS);
    const giveUpAt = performance.now() + HTTP_PATIENCE_MS;
    while (tally.httpAnswers < enough && performance.now() < giveUpAt) await sleep(5);
  }

  /** What went wrong while all was looked at, and whether the server did not survive it. */
  private async tellFate(server: ServerProcess, error: unknown): Promise<never> {
    const code = await Promise.race([server.exited, sleep(1000).then(() => "alive")]);
    if (code === "alive") throw error;
    violation(`${(error as Error).message}; the server left with exit code ${code}: ${server.stderr()}`);
  }

  private async diedAlone(server: ServerProcess): Promise<void> {
    const code = await server.exited;
    if (code !== null) violation(`the server left with exit code ${code}: ${server.stderr()}`);
  }

  report(): string {
    const { tally } = this;
    const words = Object.entries(tally).map(([what, count]) => `${what} ${count}`);
    return `${this.kills} stops on ${RUNTIME} (seed ${this.options.seed}): ${
      words.join(", ")
    }; jobs at the end ${this.alive.length}`;
  }
}

/** A directory for a log, removed when the work is done. */
export async function withDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "runnerbean-durability-"));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
