// Deno KV's own queue, as documented: `enqueue` (in one atomic operation for what a producer has at hand) and one
// `listenQueue` per program, which has up to 100 handlers under way. It is a library: the SQLite thread is its server.
import process from "node:process";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { onPath } from "../support/programs.ts";
import { SERVER_CORE } from "../support/server.ts";
import type { Queue, QueueSettings } from "./queue.ts";

const STORE_THREAD = /^sw-/;

export async function openKvQueue({ path }: QueueSettings): Promise<Queue> {
  const kv = await Deno.openKv(path);
  const taskset = onPath("taskset");
  for (const thread of taskset ? storeThreads() : []) {
    spawnSync(taskset, ["-cp", String(SERVER_CORE), thread], { stdio: "ignore" });
  }
  return {
    async put(_producer, bodies) {
      if (bodies.length === 1) return void await kv.enqueue(bodies[0]);
      const operation = kv.atomic();
      for (const body of bodies) operation.enqueue(body);
      await operation.commit();
    },
    work(handle, finished) {
      // That the store has dropped the message is not told to the program, so a job counts as done a commit too early.
      void kv.listenQueue(async (body: string) => {
        await handle(body);
        finished(body);
      });
      return Promise.resolve();
    },
  };
}

/** The threads of this process that run the store's SQL. */
export function storeThreads(): string[] {
  const folder = `/proc/${process.pid}/task`;
  try {
    return readdirSync(folder).filter((thread) =>
      STORE_THREAD.test(readFileSync(`${folder}/${thread}/comm`, "latin1"))
    );
  } catch {
    return [];
  }
}

/** CPU seconds these threads have used since they began. */
export function storeSeconds(): number {
  const folder = `/proc/${process.pid}/task`;
  return storeThreads().reduce(
    (sum, thread) =>
      sum +
      Number(
          readFileSync(`${folder}/${thread}/schedstat`, "latin1").split(" ")[0],
        ) / 1e9,
    0,
  );
}
