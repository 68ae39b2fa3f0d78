// Measures one server with one group of rows: a fresh process, warmed up, then each load in turn.
import { forgetPeak } from "../support/proc.ts";
import { isReference, type ServerProgram } from "../support/programs.ts";
import { type BenchServer, startServer } from "../support/server.ts";
import { type Generator, type LoadResult, runGenerator } from "./generator.ts";
import type { LoadMode } from "./load_options.ts";
import { type Group, rowName, type Shape } from "./rows.ts";

export interface Measurement {
  readonly row: string;
  readonly server: string;
  readonly round: number;
  readonly result: LoadResult;
}

export interface MeasureSettings {
  readonly generator: Generator;
  readonly seconds: number;
  /** Jobs in one run are at most this many bytes of bodies. */
  readonly maxBytes: number;
  /** How a server is started; without it by `startServer`. */
  readonly start?: (program: ServerProgram) => Promise<BenchServer>;
  /** Whether this server is so slow that the load generator shall hardly warm itself up on it. */
  readonly isSlow?: (server: string) => boolean;
  /** How much of the warm-up this server gets; without it all, or little if it is the reference. */
  readonly warmUpShare?: (server: string) => number;
  /** Whether a server is used for all groups of a round, instead of a fresh one for each. */
  readonly keepServers?: boolean;
}

// A server that compiles while it runs is measured compiled. Measured at depth 64 on all three runtimes, CPU time per reply
// falls to a tenth over the first half million replies and stays there; jobs of each kind, over all connections:
const WARM_UPS: readonly { modes: readonly LoadMode[]; shape: Shape; jobs: number }[] = [
  { modes: ["put", "reserve-delete"], shape: { connections: 8, depth: 64, bodyBytes: 2 }, jobs: 160_000 },
  { modes: ["mixed"], shape: { connections: 8, depth: 64, bodyBytes: 100 }, jobs: 40_000 },
  { modes: ["put", "reserve-delete"], shape: { connections: 50, depth: 1, bodyBytes: 2 }, jobs: 10_000 },
];
/** The reference is compiled already. */
const warmUpShare = (server: string): number => isReference(server) ? 0.01 : 1;
/** A pilot run shorter than this tells too little of the rate. */
const PILOT_SECONDS = 0.08;
const PILOT_STEPS = 4;
/** Less CPU time than this is not known well enough: some generators count in ticks of 10 ms. */
const LEAST_CPU_SECONDS = 0.02;
const PILOT_COMMANDS = 400;
/** A row runs at least so many jobs, whatever the pilot says (it may have had bad luck); many more of them with a deep window. */
const LEAST_JOBS = 3000;
const LEAST_JOBS_DEEP = 60_000;

/** Remembers how many jobs fill the wished time, per server and row. */
export class WireMeasure {
  readonly #settings: MeasureSettings;
  readonly #jobs: Map<string, number> = new Map();
  readonly #kept: Map<string, BenchServer> = new Map();

  constructor(settings: MeasureSettings) {
    this.#settings = settings;
  }

  async group(program: ServerProgram, group: Group, round: number): Promise<Measurement[]> {
    const server = await this.#server(program);
    try {
      const measurements: Measurement[] = [];
      const { shape } = group;
      for (const mode of await this.#plan(server, group)) {
        forgetPeak(server.pid);
        const result = await this.#run(server, mode, shape, this.#jobsOf(server, mode, shape));
        if (group.modes.includes(mode)) {
          measurements.push({ row: rowName(mode, shape), server: server.name, round, result });
        }
      }
      return measurements;
    } finally {
      if (!this.#settings.keepServers) await server.stop();
    }
  }

  /** Stops the servers that were kept; the next round begins with fresh ones. */
  async endRound(): Promise<void> {
    for (const server of this.#kept.values()) await server.stop();
    this.#kept.clear();
  }

  async #server(program: ServerProgram): Promise<BenchServer> {
    const kept = this.#kept.get(program.name);
    if (kept) return kept;
    const server = await (this.#settings.start ?? startServer)(program);
    if (this.#settings.keepServers) this.#kept.set(program.name, server);
    try {
      await this.#warmUp(server);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  #run(server: BenchServer, mode: LoadMode, shape: Shape, jobs: number): Promise<LoadResult> {
    const { generator, isSlow } = this.#settings;
    const options = isSlow?.(server.name) ? generator.sparingly : [];
    return runGenerator([...generator.command, ...options], server, mode, shape, jobs);
  }

  #pilot(server: BenchServer, mode: LoadMode, shape: Shape, jobs: number): Promise<LoadResult> {
    const { command, carelessly } = this.#settings.generator;
    return runGenerator([...command, ...carelessly], server, mode, shape, jobs);
  }

  async #warmUp(server: BenchServer): Promise<void> {
    const share = (this.#settings.warmUpShare ?? warmUpShare)(server.name);
    for (const { modes, shape, jobs } of WARM_UPS) {
      const perConnection = Math.max(shape.depth, Math.ceil(jobs * share / shape.connections));
      for (const mode of modes) await this.#pilot(server, mode, shape, perConnection);
    }
  }

  // The loads to run, in order; before the first round of a group, pilot runs find out how many jobs they take.
  async #plan(server: BenchServer, group: Group): Promise<LoadMode[]> {
    const filled = group.modes.includes("put") || group.modes.includes("reserve-delete");
    if (filled && !this.#jobs.has(key(server, "put", group.shape))) {
      await this.#pilotQueue(server, group.shape);
    }
    const mixed = group.modes.includes("mixed");
    if (mixed && !this.#jobs.has(key(server, "mixed", group.shape))) {
      await this.#pilotMixed(server, group.shape);
    }
    return [...(filled ? ["put", "reserve-delete"] as const : []), ...(mixed ? ["mixed"] as const : [])];
  }

  // put and reserve+delete move the same jobs. The former takes about half as long, so the mean of the two rates
  // is what keeps both near the wished time.
  async #pilotQueue(server: BenchServer, shape: Shape): Promise<void> {
    let jobs = pilotJobs(shape);
    for (let step = 1;; step++) {
      const put = await this.#pilot(server, "put", shape, jobs);
      const taken = await this.#pilot(server, "reserve-delete", shape, jobs);
      if (
        step === PILOT_STEPS || (tellsEnough(put) && tellsEnough(taken)) ||
        this.#capped(shape, jobs * 4) < jobs * 4
      ) {
        return this.#remember(
          server,
          ["put", "reserve-delete"],
          shape,
          (worthwhileRate(put) + worthwhileRate(taken)) / 2,
        );
      }
      jobs *= 4;
    }
  }

  async #pilotMixed(server: BenchServer, shape: Shape): Promise<void> {
    let jobs = pilotJobs(shape);
    for (let step = 1;; step++) {
      const mixed = await this.#pilot(server, "mixed", shape, jobs);
      if (step === PILOT_STEPS || tellsEnough(mixed)) {
        // jobs_per_s counts a job at its put and again at its delete, and half of the connections do each: so
        // it is what all connections together have to do (one connection alone counts deletes only).
        return this.#remember(server, ["mixed"], shape, worthwhileRate(mixed));
      }
      jobs *= 4;
    }
  }

  #remember(server: BenchServer, modes: LoadMode[], shape: Shape, jobsPerSecond: number): void {
    const wanted = Math.ceil(jobsPerSecond * this.#settings.seconds / shape.connections);
    const least = Math.ceil((shape.depth === 1 ? LEAST_JOBS : LEAST_JOBS_DEEP) / shape.connections);
    const jobs = this.#capped(shape, Math.max(wanted, least));
    for (const mode of modes) this.#jobs.set(key(server, mode, shape), jobs);
  }

  #capped(shape: Shape, jobsPerConnection: number): number {
    const most = Math.ceil(this.#settings.maxBytes / shape.bodyBytes / shape.connections);
    return Math.max(shape.depth, Math.min(jobsPerConnection, most));
  }

  #jobsOf(server: BenchServer, mode: LoadMode, shape: Shape): number {
    return this.#jobs.get(key(server, mode, shape))!;
  }
}

const tellsEnough = ({ secs, server_cpu_s }: LoadResult): boolean =>
  secs >= PILOT_SECONDS && server_cpu_s >= LEAST_CPU_SECONDS;

/**
 * Jobs a second, as they shall be counted for the length of a run. On a busy machine the server waits for its core: then
 * more jobs than the clock suggests, so that the server's CPU time at least says something.
 */
function worthwhileRate({ jobs, jobs_per_s, server_cpu_s }: LoadResult): number {
  const perCpuSecond = server_cpu_s >= LEAST_CPU_SECONDS ? jobs / server_cpu_s : 0;
  return Math.max(jobs_per_s, perCpuSecond / 2);
}

const key = (server: BenchServer, mode: LoadMode, shape: Shape): string =>
  `${server.name} ${rowName(mode, shape)}`;

const pilotJobs = (shape: Shape): number =>
  Math.max(shape.depth, Math.ceil(PILOT_COMMANDS / shape.connections));
