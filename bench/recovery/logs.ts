// The logs that are recovered: the same jobs, put over each server's own wire, and the server then killed.
import { copyFileSync, linkSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type WorkDirectory, workDirectory } from "../support/disk.ts";
import type { ServerProgram } from "../support/programs.ts";
import { startServer } from "../support/server.ts";
import { type Generator, runGenerator } from "../wire/generator.ts";

export interface Load {
  readonly name: string;
  readonly jobs: number;
  readonly bodyBytes: number;
}

export interface Log {
  readonly load: Load;
  readonly directory: WorkDirectory;
  readonly bytes: number;
}

const CONNECTIONS = 10;
const DEPTH = 100;
/** Jobs that are put in one run of the generator, so that none takes too long. */
const PIECE_JOBS = 250_000;

/** Starts the server with a log that is never synced, puts the jobs, and kills it. */
export async function buildLog(
  program: ServerProgram,
  load: Load,
  generator: Generator,
  parent: string,
): Promise<Log> {
  const directory = workDirectory(parent);
  const server = await startServer(program, ["-b", directory.path, "-F"]);
  try {
    const command = [...generator.command, ...generator.carelessly];
    const shape = { connections: CONNECTIONS, depth: DEPTH, bodyBytes: load.bodyBytes };
    for (let left = load.jobs; left > 0; left -= PIECE_JOBS) {
      await runGenerator(command, server, "put", shape, Math.min(left, PIECE_JOBS) / CONNECTIONS);
    }
  } finally {
    await server.stop();
  }
  return { load, directory, bytes: bytesIn(directory.path) };
}

/**
 * The same log in a directory of its own, for one start. Files that a start only reads are linked; what it may write to
 * (the newest file of the log, the small ones, and what is kept ready for later) is copied.
 */
export function cloneLog(log: Log, parent: string): WorkDirectory {
  const clone = workDirectory(parent);
  const names = readdirSync(log.directory.path);
  const newest = Math.max(...names.map(logFileNumber));
  for (const name of names) {
    const isRead = logFileNumber(name) > 0 && logFileNumber(name) < newest;
    (isRead ? linkSync : copyFileSync)(join(log.directory.path, name), join(clone.path, name));
  }
  return clone;
}

/** The number of a file of records, ours or the reference's; 0 for other files. */
const logFileNumber = (name: string): number => Number(/^(?:segment|binlog)\.(\d+)$/.exec(name)?.[1] ?? 0);

const bytesIn = (path: string): number =>
  readdirSync(path).reduce((bytes, name) => bytes + statSync(join(path, name)).size, 0);
