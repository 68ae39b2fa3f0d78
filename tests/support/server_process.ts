// Starts a server as a user would, as a process of its own on a free loopback port, and stops it by pid.
import process from "node:process";
import net from "node:net";
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { runtimeCommand, sleep } from "./runtime.ts";

export const PROJECT_DIR: string = fileURLToPath(new URL("../../", import.meta.url));

export interface ServerProcess {
  readonly port: number;
  readonly pid: number;
  /** What it has printed so far. */
  stdout(): string;
  stderr(): string;
  signal(name: NodeJS.Signals): void;
  /** Resolves with the exit code (null when a signal ended it). */
  readonly exited: Promise<number | null>;
  /** Ends it (SIGKILL unless another signal is given) and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface StartOptions {
  /** The command to start instead of Runnerbean on this runtime; `-l 127.0.0.1 -p PORT` is appended. */
  command?: string[];
  args?: string[];
  env?: Record<string, string>;
}

const LANE_PORTS = 5_000;
/** Below what the system gives to outgoing connections; each of the runs side by side has a range of its own. */
export const PORTS: { readonly first: number; readonly count: number } = {
  first: 10_000 + Number(process.env.TEST_LANE ?? 0) * LANE_PORTS,
  count: LANE_PORTS,
};

let nextPort = Math.floor(Math.random() * PORTS.count);

/** A port that was free a moment ago, and that no other run of tests will ask for; nor will this one, for a long time. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + nextPort;
    nextPort = (nextPort + 1) % PORTS.count;
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

/** The command line that starts Runnerbean from source on the runtime that runs the tests. */
export function runnerbeanCommand(): string[] {
  return [...runtimeCommand(), `${PROJECT_DIR}src/cli/main.ts`];
}

/** Starts any command and collects what it prints; the building stone for tests of the command line. */
export function startProcess(
  command: string[],
  env: Record<string, string> = {},
): Omit<ServerProcess, "port"> {
  const child: ChildProcess = spawn(command[0], command.slice(1), {
    cwd: PROJECT_DIR,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code));
  });
  exited.catch(() => {});
  return {
    pid: child.pid ?? -1,
    stdout: () => stdout,
    stderr: () => stderr,
    signal: (name) => void process.kill(child.pid!, name),
    exited,
    stop(signal = "SIGKILL") {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return exited;
    },
  };
}

/** Starts a server and waits until it accepts connections. Rejects with its stderr when it ends first or takes over 60 s. */
export async function startServer(options: StartOptions = {}): Promise<ServerProcess> {
  const port = await freePort();
  const command = [
    ...(options.command ?? runnerbeanCommand()),
    "-l",
    "127.0.0.1",
    "-p",
    String(port),
    ...(options.args ?? []),
  ];
  const started = startProcess(command, options.env);
  let ended = false;
  started.exited.then(() => (ended = true), () => (ended = true));
  const giveUpAt = Date.now() + 60_000;
  while (!(await accepts(port))) {
    if (ended || Date.now() > giveUpAt) {
      await started.stop();
      throw new Error(`${command.join(" ")} did not start: ${started.stderr()}`);
    }
    await sleep(10);
  }
  return { ...started, port };
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
