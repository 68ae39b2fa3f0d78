// The ways in which a job can go through a queue in one program: each puts, reserves and deletes a number of jobs.

import { connect, type JobQueue, Queue } from "../../mod.ts";
import { ArrayQueue } from "./array_queue.ts";

const BODY: Uint8Array = new TextEncoder().encode("0123456789abcdef");

/** One way, ready to be used again and again. */
export interface Way {
  readonly name: string;
  run(jobs: number): Promise<void>;
  end(): Promise<void>;
}

function arrayWay(batch: number): Way {
  const queue = new ArrayQueue();
  return {
    name: "an array",
    run(jobs) {
      for (let done = 0; done < jobs; done += batch) {
        for (let i = 0; i < batch; i++) queue.put(BODY);
        const ids: number[] = [];
        for (let i = 0; i < batch; i++) ids.push(queue.reserve()!.id);
        for (const id of ids) queue.delete(id);
      }
      return Promise.resolve();
    },
    end: () => Promise.resolve(),
  };
}

function batches(queue: JobQueue, batch: number): (jobs: number) => Promise<void> {
  const tube = queue.tube("bench");
  const bodies = new Array<Uint8Array>(batch).fill(BODY);
  return async (jobs) => {
    for (let done = 0; done < jobs; done += batch) {
      await tube.putMany(bodies);
      const taken = await tube.reserveMany(batch);
      if (taken.length !== batch) throw new Error(`${taken.length} of ${batch} jobs came back`);
      await queue.deleteMany(taken);
    }
  };
}

function singles(queue: JobQueue): (jobs: number) => Promise<void> {
  const tube = queue.tube("bench");
  return async (jobs) => {
    for (let done = 0; done < jobs; done++) {
      await tube.put(BODY);
      const job = await tube.reserve();
      await job!.delete();
    }
  };
}

/** All ways, on this runtime; `batch` jobs share a promise where there are batches. The server is in `port`. */
export async function openWays(batch: number, port: number): Promise<Way[]> {
  const queue = await Queue.open();
  const client = await connect({ port });
  const nothing = (): Promise<void> => Promise.resolve();
  return [
    arrayWay(batch),
    { name: `in process, ${batch} a promise`, run: batches(queue, batch), end: () => queue.close() },
    { name: "in process, one by one", run: singles(queue), end: nothing },
    { name: `over TCP, ${batch} a promise`, run: batches(client, batch), end: () => client.close() },
    { name: "over TCP, one by one", run: singles(client), end: nothing },
  ];
}
