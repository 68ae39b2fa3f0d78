// The places where a test of workers or jobs runs: each kind of queue in this process, a client of one, a client of beanstalkd.
import { it } from "node:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binlog, connect, type JobQueue, Queue } from "../../mod.ts";
import { requireProgram, skipWithout, sleep } from "../support/runtime.ts";
import { startServer } from "../support/server_process.ts";

interface Place {
  readonly name: string;
  readonly skip: string | false;
  readonly run: (test: (queue: JobQueue) => Promise<void>) => Promise<void>;
}

const PLACES: readonly Place[] = [
  {
    name: "in memory",
    skip: false,
    run: async (test) => {
      await using queue = await Queue.open();
      await test(queue);
    },
  },
  {
    name: "on a log",
    skip: false,
    run: async (test) => {
      const directory = mkdtempSync(join(tmpdir(), "runnerbean-place-"));
      const queue = await Queue.open({ store: binlog(directory) });
      try {
        await test(queue);
      } finally {
        await queue.close();
        rmSync(directory, { recursive: true });
      }
    },
  },
  {
    name: "over TCP",
    skip: false,
    run: async (test) => {
      await using server = await Queue.open();
      const { port } = await server.listen({ port: 0 });
      await using queue = await connect({ port });
      await test(queue);
    },
  },
  {
    name: "with beanstalkd",
    skip: skipWithout("beanstalkd"),
    run: async (test) => {
      const server = await startServer({ command: [requireProgram("beanstalkd")] });
      const queue = await connect({ port: server.port });
      try {
        await test(queue);
      } finally {
        await queue.close();
        await server.stop();
      }
    },
  },
];

/** Declares a test for each place. */
export function everywhere(what: string, test: (queue: JobQueue) => Promise<void>): void {
  for (const { name, skip, run } of PLACES) it(`${what} (${name})`, { skip }, () => run(test));
}

/** Connections and sessions that the queue counts; waits until those that are ending have ended. */
export async function connectionsOf(queue: JobQueue, most: number): Promise<number> {
  const giveUpAt = performance.now() + 60_000;
  while (true) {
    const count = Number((await queue.stats())["current-connections"]);
    if (count <= most || performance.now() > giveUpAt) return count;
    await sleep(10);
  }
}

/** Waits until something is so, for as long as a busy machine may take. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = performance.now() + 30_000;
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error(`not within 30 seconds: ${what}`);
    await sleep(5);
  }
}

/** Keeps what is printed on the standard error by console.error while `test` runs. */
export async function printedDuring(test: () => Promise<void>): Promise<string[]> {
  const { error } = console;
  const lines: string[] = [];
  console.error = (...words: unknown[]) => void lines.push(words.join(" "));
  try {
    await test();
  } finally {
    console.error = error;
  }
  return lines;
}
