// Starts a server under measurement on a free loopback port, bound to one core, and stops it by pid.
import process from "node:process";
import net from "node:net";
import { spawn, spawnSync } from "node:child_process";
import { onPath, type ServerProgram } from "./programs.ts";

export const HOST = "127.0.0.1";
/** The core a server is bound to, and the core its clients are bound to, so that they do not take turns on one. */
export const SERVER_CORE = 0;
export const CLIENT_CORE = 1;

const START_MS = 15_000;

export interface BenchServer {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** Ends it with SIGKILL (a bench leaves nothing behind that is worth a graceful stop) and waits until it is gone. */
  stop(): Promise<void>;
}

/** The command bound to a core, where taskset is there to do it. taskset becomes the command, so the pid stays. */
export function onCore(core: number, command: readonly string[]): string[] {
  const taskset = onPath("taskset");
  return taskset ? [taskset, "-c", String(core), ...command] : [...command];
}

/** Binds this very process (all its threads) to the clients' core. */
export function bindSelfToClientCore(): void {
  const taskset = onPath("taskset");
  if (taskset) {
    spawnSync(taskset, ["-a", "-cp", String(CLIENT_CORE), String(process.pid)], { stdio: "ignore" });
  }
}

/** A server process that may not be ready yet. */
export interface LaunchedServer extends BenchServer {
  /** What it complained of, once it has ended by itself. */
  readonly failure: string | null;
}

/** Starts a server and resolves when it accepts connections. */
export async function startServer(
  program: ServerProgram,
  args: readonly string[] = [],
): Promise<BenchServer> {
  const server = await launchServer(program, args);
  const giveUpAt = Date.now() + START_MS;
  while (!(await accepts(server.port))) {
    if (server.failure !== null || Date.now() > giveUpAt) {
      await server.stop();
      throw new Error(`${server.name} did not start: ${server.failure}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return server;
}

/** Starts a server and does not wait for it. */
export async function launchServer(
  program: ServerProgram,
  args: readonly string[] = [],
): Promise<LaunchedServer> {
  const port = await freePort();
  const command = [...program.command, "-l", HOST, "-p", String(port), ...args];
  const [path, ...rest] = onCore(SERVER_CORE, command);
  const child = spawn(path, rest, { env: plainEnvironment(), stdio: ["ignore", "ignore", "pipe"] });
  let printed = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (printed = (printed + text).slice(-2000)));
  let ended = false;
  const gone = new Promise<void>((resolve) => {
    const end = (): void => {
      ended = true;
      resolve();
    };
    child.once("exit", end);
    child.once("error", (error) => {
      printed += error.message;
      end();
    });
  });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  return {
    name: program.name,
    pid: child.pid!,
    port,
    get failure() {
      return ended ? `${command.join(" ")}: ${printed}` : null;
    },
    async stop() {
      process.removeListener("exit", kill);
      if (!ended) kill();
      await gone;
    },
  };
}

// The server reads settings from RUNNERBEAN_*; what is set for the bench itself must not reach it.
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("RUNNERBEAN_")));
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", reject);
    probe.listen(0, HOST, () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: HOST, port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
