// A tube with a million jobs is emptied: how soon that is answered, and how long another client waits while it is cleared away.
import { ScaleClient } from "../scale/scale_client.ts";
import { workDirectory } from "../support/disk.ts";
import type { ServerProgram } from "../support/programs.ts";
import { startServer } from "../support/server.ts";
import { fillTube, LARGEST_TUBE } from "./fill.ts";
import { Neighbour, type Waits } from "./neighbour.ts";

/** A truncate must be answered sooner than that. */
export const TRUNCATE_LIMIT_MS = 50;
/** How long the client beside it is watched: before, and from the truncate on. So long a million jobs are cleared away at least. */
const WATCH_MS = 250;
/** Before that code is compiled and the log has caught up. */
const WARM_UP_MS = 2000;

export interface Truncate {
  readonly answerMs: number;
  /** Of the client beside it. */
  readonly quiet: Waits;
  readonly clearing: Waits;
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
    const neighbour = await Neighbour.open(server);
    const watch = async (ms: number, answered: Promise<void> = Promise.resolve()): Promise<Waits> => {
      neighbour.start();
      await Promise.all([rest(ms), answered]);
      return await neighbour.stop();
    };
    await watch(WARM_UP_MS);
    const quiet = await watch(WATCH_MS);
    const beganAt = performance.now();
    let answerMs = NaN;
    const answered = client.ask(`truncate ${LARGEST_TUBE}\r\n`).then(() => {
      answerMs = performance.now() - beganAt;
    });
    const clearing = await watch(WATCH_MS, answered);
    await client.ask(`stats-tube ${LARGEST_TUBE}\r\n`);
    if (client.field("current-jobs-ready") !== 0) throw new Error("there are jobs left");
    client.close();
    neighbour.close();
    return { answerMs, quiet, clearing };
  } finally {
    await server.stop();
    log?.remove();
  }
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
