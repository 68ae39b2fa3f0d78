// What an idle connection costs in resident memory: after one command, and after it has moved a job.
import { Histogram } from "../support/histogram.ts";
import { residentBytes } from "../support/proc.ts";
import type { ServerProgram } from "../support/programs.ts";
import { startServer } from "../support/server.ts";
import type { Figure, FigureRow } from "./figures.ts";
import { ScaleClient } from "./scale_client.ts";
import { putReserveDelete } from "./stretches.ts";

const CONNECTIONS = 10_000;
/** Opened and closed before the count begins, so that what the runtime needs once is not the connections' cost. */
const WARM_UP_CONNECTIONS = 500;
const WORK_COMMANDS = 150_000;
const TOGETHER = 64;
const GOAL_BYTES: Record<string, number> = { bun: 1024, deno: 4096, node: 4096 };

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const IDLE_ROW: FigureRow = { name: "idle-memory", measure };

async function measure(program: ServerProgram, size: number): Promise<Figure[]> {
  const server = await startServer(program);
  try {
    const count = Math.round(CONNECTIONS * size);
    const worker = await ScaleClient.open(server.port);
    const move = putReserveDelete(worker);
    // Work of another connection lets the runtime collect what came before.
    const bytesAfterWork = async (): Promise<number> => {
      await move(WORK_COMMANDS, TOGETHER, new Histogram());
      await sleep(1000);
      return residentBytes(server.pid);
    };
    await closeAll(await openAndAsk(server.port, WARM_UP_CONNECTIONS));
    const before = await bytesAfterWork();
    const each = (bytes: number): number => (bytes - before) / count;
    const clients = await openAndAsk(server.port, count);
    await sleep(1000);
    const opened = each(residentBytes(server.pid));
    const rested = each(await bytesAfterWork());
    for (const client of clients) await putReserveDelete(client)(3, 1, new Histogram());
    const worked = each(await bytesAfterWork());
    await closeAll(clients);
    return [
      { name: "bytes each after one command", value: opened },
      { name: "and another's work", value: rested, goal: { bound: GOAL_BYTES[program.name] ?? NaN } },
      { name: "after moving a job", value: worked },
      { name: "when all are closed", value: each(await bytesAfterWork()) },
    ];
  } finally {
    await server.stop();
  }
}

async function openAndAsk(port: number, count: number): Promise<ScaleClient[]> {
  const clients = await ScaleClient.openMany(port, count);
  for (const client of clients) await client.ask("list-tube-used\r\n");
  return clients;
}

async function closeAll(clients: readonly ScaleClient[]): Promise<void> {
  for (const client of clients) client.close();
  await sleep(1000);
}
