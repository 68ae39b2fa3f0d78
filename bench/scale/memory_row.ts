// What a ready job of ten bytes costs in resident memory, and what goes back when the queue has been emptied.
import { residentBytes } from "../support/proc.ts";
import type { ServerProgram } from "../support/programs.ts";
import { type BenchServer, startServer } from "../support/server.ts";
import type { Figure, FigureRow } from "./figures.ts";
import { ScaleClient } from "./scale_client.ts";
import { BODY_BYTES, put } from "./stretches.ts";

const FEW_JOBS = 1_000_000;
const MANY_JOBS = 5_000_000;
const TOGETHER = 1000;
const WARM_UP_JOBS = 20_000;
const REST_MS = 10_000;
const MEBIBYTE = 1_048_576;
const JOB_GOAL = { bound: 80 };
const RETURN_GOAL = { bound: 80, atLeast: true };

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const MEMORY_ROW: FigureRow = { name: "memory", measure };

async function measure(program: ServerProgram, size: number): Promise<Figure[]> {
  const server = await startServer(program);
  try {
    return await fillAndDrain(server, Math.round(FEW_JOBS * size), Math.round(MANY_JOBS * size));
  } finally {
    await server.stop();
  }
}

async function fillAndDrain(server: BenchServer, few: number, many: number): Promise<Figure[]> {
  const client = await ScaleClient.open(server.port);
  const resident = async (): Promise<number> => {
    await sleep(500);
    return residentBytes(server.pid);
  };
  // What a runtime needs to compile and for its first buffers is not the jobs' cost.
  await client.bulk(WARM_UP_JOBS, () => put());
  await drain(client, WARM_UP_JOBS);
  const empty = await resident();
  await client.bulk(few, () => put());
  const atFew = await resident();
  await client.bulk(many - few, () => put());
  const full = await resident();
  await drain(client, many);
  const drained = residentBytes(server.pid);
  for (let rested = 0; rested < REST_MS; rested += 500) {
    await client.bulk(100, () => put());
    await drain(client, 100);
    await sleep(500);
  }
  const rested = await resident();
  const returned = (now: number): number => 100 * (full - now) / (full - empty);
  return [
    { name: `B a job beyond its body, ${few}`, value: (atFew - empty) / few - BODY_BYTES, goal: JOB_GOAL },
    { name: `B a job beyond its body, ${many}`, value: (full - empty) / many - BODY_BYTES, goal: JOB_GOAL },
    { name: "MiB empty", value: empty / MEBIBYTE },
    { name: "MiB full", value: full / MEBIBYTE },
    { name: "% returned at the last delete", value: returned(drained) },
    { name: "% returned 10 s later", value: returned(rested), goal: RETURN_GOAL },
  ];
}

async function drain(client: ScaleClient, count: number): Promise<void> {
  for (let left = count; left > 0; left -= TOGETHER) {
    const jobs = Math.min(left, TOGETHER);
    await client.bulk(jobs, () => "reserve-with-timeout 0\r\n");
    const ids = client.takeReserved();
    await client.bulk(jobs, (i) => `delete ${ids[i]}\r\n`);
  }
}
