// BullMQ on Redis as its documentation advises: addBulk for what a producer has at hand, finished jobs are removed, each
// worker has its own connections and a concurrency.
import { createRequire } from "node:module";
import type { Queue, QueueSettings } from "./queue.ts";

interface BullJob {
  readonly data: { readonly body: string };
}

/** As much of BullMQ as is used here; its own types are there only once it is installed. */
interface BullModule {
  Queue: new (name: string, options: object) => {
    waitUntilReady(): Promise<unknown>;
    add(name: string, data: object): Promise<unknown>;
    addBulk(jobs: readonly { name: string; data: object }[]): Promise<unknown>;
  };
  Worker: new (name: string, processor: (job: BullJob) => Promise<void>, options: object) => {
    waitUntilReady(): Promise<unknown>;
    on(event: "completed", listener: (job: BullJob) => void): unknown;
    on(event: "error", listener: (error: Error) => void): unknown;
    on(event: "failed", listener: (job: BullJob, error: Error) => void): unknown;
  };
}

const NAME = "jobs";

export async function openBullQueue({ host, port, staff }: QueueSettings): Promise<Queue> {
  const bull = createRequire(new URL("npm/package.json", import.meta.url))("bullmq") as BullModule;
  const producers = Array.from(
    { length: staff.producers },
    () => new bull.Queue(NAME, { connection: { host, port }, defaultJobOptions: { removeOnComplete: true } }),
  );
  await Promise.all(producers.map((queue) => queue.waitUntilReady()));
  return {
    async put(producer, bodies) {
      const queue = producers[producer];
      if (bodies.length === 1) await queue.add(NAME, { body: bodies[0] });
      else await queue.addBulk(bodies.map((body) => ({ name: NAME, data: { body } })));
    },
    async work(handle, finished) {
      const workers = Array.from(
        { length: staff.workers },
        () =>
          new bull.Worker(NAME, (job) => handle(job.data.body), {
            connection: { host, port, maxRetriesPerRequest: null },
            concurrency: staff.slots,
            removeOnComplete: { count: 0 },
          }),
      );
      for (const worker of workers) {
        // Told after Redis has confirmed that the job is done.
        worker.on("completed", (job) => finished(job.data.body));
        worker.on("error", fail);
        worker.on("failed", (_job, error) => fail(error));
      }
      await Promise.all(workers.map((worker) => worker.waitUntilReady()));
    },
  };
}

function fail(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
