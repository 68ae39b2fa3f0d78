// Who takes part: each queue in memory, with a log that is synced once a second, and with one that is synced before a
// job counts as put or done.
import { workDirectory } from "../support/disk.ts";
import { onPath, REFERENCE, RUNTIMES, type ServerProgram, serverPrograms } from "../support/programs.ts";
import { HOST, startServer } from "../support/server.ts";
import type { QueueKind } from "./queue.ts";

/** `interval`: what BullMQ's documentation advises; a power cut may undo the last second. */
export type Store = "memory" | "interval" | "durable";

export const STORES: readonly Store[] = ["memory", "interval", "durable"];

export interface Contestant {
  readonly name: string;
  readonly store: Store;
  readonly kind: QueueKind;
  readonly slots: number;
  /** Whether the memory of a backlog is measured: once per server and store is enough. */
  readonly fills: boolean;
  /** Throws with the reason when something is missing. */
  start(dir: string): Promise<StartedQueue>;
}

/** A fresh, empty queue. `pid` is 0 and `path` is set when it lives in the program that uses it. */
export interface StartedQueue {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly path: string;
  stop(): Promise<void>;
}

/** What every comparison is made with. */
export const baselineOf = (store: Store): string => `bullmq-${store}`;

// Jobs in the hands of one worker. BullMQ's documentation has 50 in its examples, and other numbers did not do better;
// with jackd each takes a connection of its own.
const SLOTS = 50;
const SLOTS_JACKD = 10;

// Redis without snapshots, and without rewriting its log in the midst of a measurement. What startServer appends
// (-l HOST -p PORT) arrives as positional parameters.
const REDIS = 'exec redis-server --bind "$2" --port "$4" --save "" --daemonize no --loglevel warning';
const REDIS_STORE: Record<Store, string> = {
  memory: "--appendonly no",
  interval: "--appendonly yes --appendfsync everysec --auto-aof-rewrite-percentage 0",
  durable: "--appendonly yes --appendfsync always --auto-aof-rewrite-percentage 0",
};
const SYNC_INTERVAL_MS = 1000;

/** All rows: SERVER-STORE-CLIENT, or QUEUE-STORE where there is but one client. */
export function contestants(): Contestant[] {
  return STORES.flatMap((store): Contestant[] => [
    { name: baselineOf(store), store, kind: "bullmq", slots: SLOTS, fills: true, start: redisStarter(store) },
    // Deno KV syncs each commit, or has no file.
    ...(store === "interval" ? [] : [
      { name: `kv-${store}`, store, kind: "kv" as const, slots: SLOTS, fills: true, start: kvStarter(store) },
    ]),
    ...[REFERENCE, ...RUNTIMES].flatMap((server) => protocolRows(server, store)),
  ]);
}

function protocolRows(server: string, store: Store): Contestant[] {
  const start = protocolStarter(server, store);
  // The reference syncs each put by itself: a large backlog would take it minutes.
  const fills = store !== "durable" || server !== REFERENCE;
  const own: Contestant = { name: `${server}-${store}-own`, store, kind: "own", slots: SLOTS, fills, start };
  if (store === "interval") return [own];
  return [own, { ...own, name: `${server}-${store}-jackd`, kind: "jackd", slots: SLOTS_JACKD, fills: false }];
}

function protocolStarter(server: string, store: Store): Contestant["start"] {
  return (dir) => {
    const [program] = serverPrograms([server]);
    if (store === "memory") return startIn("", program, []);
    const sync = String(store === "interval" ? SYNC_INTERVAL_MS : 0);
    return startIn(dir, program, (path) => ["-b", path, "-f", sync]);
  };
}

function redisStarter(store: Store): Contestant["start"] {
  return (dir) => {
    if (!onPath("redis-server")) {
      throw new Error("redis-server is missing (Debian package redis-server)");
    }
    const script = (path: string): string => `cd '${path}' && ${REDIS} --dir '${path}' ${REDIS_STORE[store]}`;
    return startIn(
      dir,
      (path) => ({
        name: "redis",
        command: ["/bin/sh", "-c", script(path), "redis"],
      }),
      [],
    );
  };
}

function kvStarter(store: Store): Contestant["start"] {
  return (dir) => {
    const directory = workDirectory(dir);
    const path = store === "memory" ? ":memory:" : `${directory.path}/queue.sqlite`;
    const stop = (): Promise<void> => Promise.resolve(directory.remove());
    return Promise.resolve({ host: "", port: 0, pid: 0, path, stop });
  };
}

type Of<T> = T | ((path: string) => T);

const at = <T extends object>(given: Of<T>, path: string): T =>
  typeof given === "function" ? (given as (path: string) => T)(path) : given;

/** Starts a server with a fresh directory below `dir` ("" for none), which goes when it is stopped. */
async function startIn(
  dir: string,
  program: Of<ServerProgram>,
  args: Of<readonly string[]>,
): Promise<StartedQueue> {
  const directory = dir ? workDirectory(dir) : null;
  const path = directory?.path ?? "";
  try {
    const server = await startServer(at(program, path), at(args, path));
    return {
      host: HOST,
      port: server.port,
      pid: server.pid,
      path: "",
      async stop() {
        await server.stop();
        directory?.remove();
      },
    };
  } catch (error) {
    directory?.remove();
    throw error;
  }
}
