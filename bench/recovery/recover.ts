// One recovery: from the start of the process to the first reply it gives, with what it took in memory.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { CpuMeter, peakBytes } from "../support/proc.ts";
import type { ServerProgram } from "../support/programs.ts";
import { HOST, type LaunchedServer, launchServer } from "../support/server.ts";

export interface Recovery {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** Ready jobs, as the server's stats tell. */
  readonly jobs: number;
}

const ASK_AGAIN_MS = 4;
const GIVE_UP_MS = 180_000;

/** Starts a server on a log (or without one), waits for its reply to `stats`, and kills it. */
export async function recover(program: ServerProgram, directory: string | null): Promise<Recovery> {
  const began = performance.now();
  const server = await launchServer(program, directory === null ? [] : ["-b", directory]);
  const cpu = new CpuMeter(server.pid);
  try {
    const stats = await firstStats(server, began + GIVE_UP_MS);
    const seconds = (performance.now() - began) / 1000;
    const jobs = Number(/^current-jobs-ready: (\d+)\r?$/m.exec(stats)?.[1] ?? NaN);
    return { seconds, cpuSeconds: cpu.seconds(), peakBytes: peakBytes(server.pid), jobs };
  } finally {
    await server.stop();
  }
}

/** Seconds that reading all files of a directory takes, without doing anything with them. */
export function readAll(directory: string): number {
  const files = readdirSync(directory).map((name) => join(directory, name));
  const began = performance.now();
  const { status } = spawnSync("cat", files, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) throw new Error(`cat left with ${status}`);
  return (performance.now() - began) / 1000;
}

// The reference listens before it recovers and answers afterwards; ours listens afterwards. Both are asked alike.
async function firstStats(server: LaunchedServer, giveUpAt: number): Promise<string> {
  for (;;) {
    const reply = await askStats(server.port);
    if (reply !== null) return reply;
    if (server.failure !== null) throw new Error(`no recovery: ${server.failure}`);
    if (performance.now() > giveUpAt) throw new Error(`${server.name} has not recovered in time`);
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

/** The whole reply, or null when there was nobody to give one. */
function askStats(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    let reply = "";
    const socket = net.connect({ host: HOST, port }, () => socket.write("stats\r\n"));
    const end = (answer: string | null): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      reply += text;
      const [head, bytes] = /^OK (\d+)\r\n/.exec(reply) ?? [];
      if (head !== undefined && reply.length >= head.length + Number(bytes) + 2) end(reply);
    });
    socket.once("error", () => end(null));
    socket.once("close", () => end(null));
  });
}
