// How long clients wait at worst: the tail of the latency with a load of the wire bench, while millions of jobs are
// ready, and with very many connections. The generator is a process of its own.
import type { ServerProgram } from "../support/programs.ts";
import { type BenchServer, startServer } from "../support/server.ts";
import { type Generator, ownGenerator, runGenerator } from "../wire/generator.ts";
import type { LoadMode } from "../wire/load_options.ts";
import type { Shape } from "../wire/rows.ts";
import type { Figure, FigureRow, Goal } from "./figures.ts";
import { ScaleClient } from "./scale_client.ts";
import { put, scattered } from "./stretches.ts";

interface Load {
  readonly mode: LoadMode;
  readonly shape: Shape;
  readonly jobsPerConnection: number;
}

const READY_JOBS = 5_000_000;
const PRIORITIES = 1000;
const ROUNDS = 3;
const WARM_UP: Load = {
  mode: "mixed",
  shape: { connections: 8, depth: 64, bodyBytes: 2 },
  jobsPerConnection: 10_000,
};
const DEEP: Load = {
  mode: "mixed",
  shape: { connections: 50, depth: 64, bodyBytes: 10 },
  jobsPerConnection: 5000,
};
const CROWD: Shape = { connections: 500, depth: 1, bodyBytes: 2 };
const CROWD_JOBS = 100;
const CROWD_GOALS: Record<string, Goal> = {
  bun: { bound: 1, timesReference: true },
  deno: { bound: 2, timesReference: true },
  node: { bound: 1, timesReference: true },
};

export const TAIL_ROWS: readonly FigureRow[] = [
  { name: "backlog-tail", measure: backlogTail },
  { name: "crowd-tail", measure: crowdTail },
];

// Depth 64, 50 connections, half of them putting and half reserving and deleting, beside 5,000,000 ready jobs.
async function backlogTail(program: ServerProgram, size: number): Promise<Figure[]> {
  const many = Math.round(READY_JOBS * size);
  const load: Load = {
    ...DEEP,
    jobsPerConnection: Math.ceil(DEEP.jobsPerConnection * Math.min(1, size * 4)),
  };
  const server = await startServer(program);
  try {
    const generator = ownGenerator();
    await run(generator, server, WARM_UP);
    const quiet = await worst(generator, server, load, "p999");
    const client = await ScaleClient.open(server.port);
    await client.bulk(many, (i) => put(scattered(i, PRIORITIES)));
    const goal: Goal = { bound: 0.2, timesReference: true };
    return [
      { name: "p99.9 ms, none ready", value: quiet },
      { name: `p99.9 ms, ${many} ready`, value: await worst(generator, server, load, "p999"), goal },
    ];
  } finally {
    await server.stop();
  }
}

async function crowdTail(program: ServerProgram, size: number): Promise<Figure[]> {
  const server = await startServer(program);
  try {
    const generator = ownGenerator();
    await run(generator, server, WARM_UP);
    const jobsPerConnection = Math.ceil(CROWD_JOBS * Math.min(1, size * 4));
    const goal = CROWD_GOALS[program.name];
    const figures: Figure[] = [];
    for (const mode of ["put", "reserve-delete", "mixed"] as const) {
      const load: Load = { mode, shape: CROWD, jobsPerConnection };
      const rounds = mode === "mixed" ? ROUNDS : 1; // what is put is what is reserved
      figures.push({
        name: `p99 ms, ${mode}`,
        value: await worst(generator, server, load, "p99", rounds),
        goal,
      });
    }
    return figures;
  } finally {
    await server.stop();
  }
}

/** The median of a few rounds, in milliseconds. */
async function worst(
  generator: Generator,
  server: BenchServer,
  load: Load,
  quantile: "p99" | "p999",
  rounds: number = ROUNDS,
): Promise<number> {
  const found: number[] = [];
  for (let round = 0; round < rounds; round++) {
    found.push((await run(generator, server, load)).lat_us.all[quantile] / 1000);
  }
  return found.sort((a, b) => a - b)[found.length >> 1];
}

function run(generator: Generator, server: BenchServer, { mode, shape, jobsPerConnection }: Load) {
  return runGenerator(generator.command, server, mode, shape, jobsPerConnection);
}
