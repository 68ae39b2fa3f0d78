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
}

// A server that compiles while it runs is measured compiled. Jobs per connection of that warm-up:
const WARM_UP: Shape = { connections: 8, depth: 64, bodyBytes: 2 };
const WARM_UP_JOBS = 5000;
const WARM_UP_JOBS_REFERENCE = 200;
/** A pilot run shorter than this tells too little of the rate. */
const PILOT_SECONDS = 0.08;
const PILOT_STEPS = 4;
const PILOT_COMMANDS = 400;
/** A row runs at least so many jobs, whatever the pilot says: it may have had bad luck. */
const LEAST_JOBS = 3000;

/** Remembers how many jobs fill the wished time, per server and row. */
export class WireMeasure {
  readonly #settings: MeasureSettings;
  readonly #jobs: Map<string, number> = new Map();

  constructor(settings: MeasureSettings) {
    this.#settings = settings;
  }

  async group(program: ServerProgram, group: Group, round: number): Promise<Measurement[]> {
    const server = await (this.#settings.start ?? startServer)(program);
    try {
      await this.#warmUp(server);
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
      await server.stop();
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
    const jobs = isReference(server.name) ? WARM_UP_JOBS_REFERENCE : WARM_UP_JOBS;
    await this.#pilot(server, "put", WARM_UP, jobs);
    await this.#pilot(server, "reserve-delete", WARM_UP, jobs);
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
      const tellsEnough = put.secs + taken.secs >= 2 * PILOT_SECONDS || step === PILOT_STEPS;
      if (tellsEnough || this.#capped(shape, jobs * 4) < jobs * 4) {
        return this.#remember(
          server,
          ["put", "reserve-delete"],
          shape,
          (put.jobs_per_s + taken.jobs_per_s) / 2,
        );
      }
      jobs *= 4;
    }
  }

  async #pilotMixed(server: BenchServer, shape: Shape): Promise<void> {
    let jobs = pilotJobs(shape);
    for (let step = 1;; step++) {
      const mixed = await this.#pilot(server, "mixed", shape, jobs);
      if (mixed.secs >= PILOT_SECONDS || step === PILOT_STEPS) {
        // jobs_per_s counts a job at its put and again at its delete, and half of the connections do each: so
        // it is what all connections together have to do (one connection alone counts deletes only).
        return this.#remember(server, ["mixed"], shape, mixed.jobs_per_s);
      }
      jobs *= 4;
    }
  }

  #remember(server: BenchServer, modes: LoadMode[], shape: Shape, jobsPerSecond: number): void {
    const wanted = Math.ceil(jobsPerSecond * this.#settings.seconds / shape.connections);
    const jobs = this.#capped(shape, Math.max(wanted, Math.ceil(LEAST_JOBS / shape.connections)));
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

const key = (server: BenchServer, mode: LoadMode, shape: Shape): string =>
  `${server.name} ${rowName(mode, shape)}`;

const pilotJobs = (shape: Shape): number =>
  Math.max(shape.depth, Math.ceil(PILOT_COMMANDS / shape.connections));
