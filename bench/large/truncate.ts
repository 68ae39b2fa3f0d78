// A tube with a million jobs is emptied: how soon that is answered, and how long another client waits while it is cleared away.
import { Bystander } from "../scale/bystander.ts";
import { ScaleClient } from "../scale/scale_client.ts";
import { workDirectory } from "../support/disk.ts";
import type { ServerProgram } from "../support/programs.ts";
import { startServer } from "../support/server.ts";
import { fillTube, LARGEST_TUBE } from "./fill.ts";

/** A truncate must be answered sooner than that. */
export const TRUNCATE_LIMIT_MS = 50;
/** How long the client beside it is watched before, and after the answer. */
const WATCH_MS = 2000;

export interface Truncate {
  readonly answerMs: number;
  readonly quietP99Us: number;
  readonly clearingP99Us: number;
  readonly clearingMaxMs: number;
}

/** `dir`: where the log is written; null: none is. */
export async function measureTruncate(
  program: ServerProgram,
  jobs: number,
  dir: string | null,
): Promise<Truncate> {
  const log = dir === null ? null : workDirectory(dir);
  const server = await startServer(program, log === null ? [] : ["-b", log.path]);
  try {
    const client = await ScaleClient.open(server.port);
    await fillTube(client, LARGEST_TUBE, jobs);
    const bystander = await Bystander.open(server.port);
    bystander.start();
    await rest(WATCH_MS / 2); // code is compiled
    await bystander.stop();
    bystander.start();
    await rest(WATCH_MS);
    const quiet = await bystander.stop();
    bystander.start();
    const beganAt = performance.now();
    await client.ask(`truncate ${LARGEST_TUBE}\r\n`);
    const answerMs = performance.now() - beganAt;
    await rest(WATCH_MS);
    const clearing = await bystander.stop();
    await client.ask(`stats-tube ${LARGEST_TUBE}\r\n`);
    if (client.field("current-jobs-ready") !== 0) throw new Error("there are jobs left");
    client.close();
    return {
      answerMs,
      quietP99Us: quiet.quantileUs(0.99),
      clearingP99Us: clearing.quantileUs(0.99),
      clearingMaxMs: clearing.maxMs,
    };
  } finally {
    await server.stop();
    log?.remove();
  }
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
