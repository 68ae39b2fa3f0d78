// Runs a command line to its end, or waits until it listens, for tests that look at exit codes and streams.
import { sleep } from "../support/runtime.ts";
import { startProcess } from "../support/server_process.ts";

export type RunningProcess = ReturnType<typeof startProcess>;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const PATIENCE_MS = 20_000;

/** Waits until the condition holds; throws with what the process printed when it takes too long. */
export async function until(process: RunningProcess, what: string, condition: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  while (!condition()) {
    if (Date.now() > giveUpAt) {
      throw new Error(`${what}: not in time. ${process.stdout()} ${process.stderr()}`);
    }
    await sleep(10);
  }
}

/** Waits for the process to leave by itself; kills it and throws when it does not. */
export async function toEnd(process: RunningProcess): Promise<Ended> {
  let ended = false;
  process.exited.then(() => (ended = true), () => (ended = true));
  try {
    await until(process, "leaving", () => ended);
  } catch (error) {
    await process.stop();
    throw error;
  }
  return { code: await process.exited, stdout: process.stdout(), stderr: process.stderr() };
}

export function runToEnd(command: string[], env: Record<string, string> = {}): Promise<Ended> {
  return toEnd(startProcess(command, env));
}

/** The address that Runnerbean prints once it listens. */
export async function listeningOn(process: RunningProcess): Promise<string> {
  const announcement = (): string | undefined =>
    /^runnerbean: listening on (\S+)/m.exec(process.stdout())?.[1];
  let ended = false;
  process.exited.then(() => (ended = true), () => (ended = true));
  await until(process, "listening", () => ended || announcement() !== undefined);
  const address = announcement();
  if (address === undefined) throw new Error(`it left instead of listening: ${process.stderr()}`);
  return address;
}

/** The port of an address like 127.0.0.1:11300. */
export function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
