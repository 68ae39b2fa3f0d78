// How a server of a campaign comes to its end, and what happens before the next one.

import net from "node:net";
import type { Random } from "../support/random.ts";
import { RUNTIME, sleep } from "../support/runtime.ts";
import { freePort, type ServerProcess, startProcess } from "../support/server_process.ts";
import { violation } from "./violation.ts";

/** `kill`; SIGTERM; or a kill, and another one while the next server reads the log. */
export type Stop = "kill" | "term" | "recovery";

const STOPS: readonly Stop[] = ["kill", "term", "kill", "recovery"];

/** How the n-th server ends: half of the stops are plain kills. */
export function stopOf(nth: number): Stop {
  return STOPS[nth % STOPS.length];
}

/** How long a stop in good order may take, in milliseconds. */
const TERM_MS = 20_000;

/** Ends a server in good order; it must leave with 0 and without a complaint. */
export async function terminate(server: ServerProcess): Promise<void> {
  server.signal("SIGTERM");
  const code = await Promise.race([server.exited, sleep(TERM_MS).then(() => "none")]);
  if (code !== 0 || server.stderr() !== "") {
    violation(`SIGTERM: the exit code was ${code}, stderr: ${server.stderr()}`);
  }
}

/**
 * Starts a server with an HTTP port, which is open while the log is read, and kills it soon after that port is there. Returns
 * whether it was still reading.
 */
export async function killInRecovery(
  command: readonly string[],
  args: readonly string[],
  env: Record<string, string> | undefined,
  random: Random,
): Promise<boolean> {
  const port = await freePort();
  const all = [...command, "-l", "127.0.0.1", "-p", "0", "--http", `127.0.0.1:${port}`, ...args];
  const server = startProcess(all, env);
  const giveUpAt = Date.now() + 60_000;
  while (!(await accepts(port)) && Date.now() < giveUpAt) await sleep(1);
  await sleep(random.below(RUNTIME === "node" ? 12 : 8));
  // What it says when it has read all: "recovered 12 jobs from ...".
  const wasReading = !/recovered|listening/i.test(server.stdout() + server.stderr());
  await server.stop("SIGKILL");
  return wasReading;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
