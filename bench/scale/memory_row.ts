// The row about memory: what a ready job of ten bytes costs in resident memory, and what goes back when the
// queue has been emptied.
import { residentBytes } from "../support/proc.ts";
import type { BenchServer } from "../support/server.ts";
import { ScaleClient } from "./scale_client.ts";
import { put } from "./stretches.ts";

export interface Memory {
  readonly emptyBytes: number;
  readonly fewJobs: number;
  readonly manyJobs: number;
  /** Per job, with so many jobs ready. */
  readonly bytesPerJobFew: number;
  readonly bytesPerJobMany: number;
  /** Resident with the most jobs; right after the last delete; and some seconds of light work later. */
  readonly fullBytes: number;
  readonly drainedBytes: number;
  readonly restedBytes: number;
}

const TOGETHER = 1000;
const WARM_UP_JOBS = 20_000;
const REST_MS = 10_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Fills to a fifth of `count`, to all of it, and empties the queue. */
export async function measureMemory(server: BenchServer, count: number): Promise<Memory> {
  const client = await ScaleClient.open(server.port);
  // What a runtime needs to compile and for its first buffers is not the jobs' cost.
  await client.bulk(WARM_UP_JOBS, () => put());
  await drain(client, WARM_UP_JOBS);
  await sleep(500);
  const emptyBytes = residentBytes(server.pid);
  const fewJobs = Math.floor(count / 5);
  await client.bulk(fewJobs, () => put());
  await sleep(500);
  const fewBytes = residentBytes(server.pid);
  await client.bulk(count - fewJobs, () => put());
  await sleep(500);
  const fullBytes = residentBytes(server.pid);
  await drain(client, count);
  const drainedBytes = residentBytes(server.pid);
  for (let rested = 0; rested < REST_MS; rested += 500) {
    await sleep(500);
    await client.bulk(100, () => put());
    await drain(client, 100);
  }
  return {
    emptyBytes,
    fewJobs,
    manyJobs: count,
    bytesPerJobFew: (fewBytes - emptyBytes) / fewJobs,
    bytesPerJobMany: (fullBytes - emptyBytes) / count,
    fullBytes,
    drainedBytes,
    restedBytes: residentBytes(server.pid),
  };
}

async function drain(client: ScaleClient, count: number): Promise<void> {
  for (let left = count; left > 0; left -= TOGETHER) {
    const jobs = Math.min(left, TOGETHER);
    await client.bulk(jobs, () => "reserve-with-timeout 0\r\n");
    const ids = client.takeReserved();
    await client.bulk(jobs, (i) => `delete ${ids[i]}\r\n`);
  }
}
