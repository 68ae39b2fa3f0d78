// The servers of this bench: Runnerbean with its log and in memory, and the reference with its log, synced at each
// write (-f0) and never (-F). The log of each start lies in a fresh directory.
import { workDirectory } from "../support/disk.ts";
import { REFERENCE, type ServerProgram, serverPrograms } from "../support/programs.ts";
import { type BenchServer, startServer } from "../support/server.ts";

export const SYNCED_REFERENCE: string = `${REFERENCE} -f0`;
export const UNSYNCED_REFERENCE: string = `${REFERENCE} -F`;

/** The name of a runtime's server without a log. */
export const inMemory = (name: string): string => `${name} memory`;

const isInMemory = (name: string): boolean => name.endsWith(inMemory(""));

/** Programs for these servers (`NAME=COMMAND LINE` as well), each also in memory if wished, and both references. */
export function durablePrograms(names: readonly string[], withMemory: boolean): ServerProgram[] {
  const [reference] = serverPrograms([REFERENCE]);
  const own = serverPrograms(names);
  return [
    { name: SYNCED_REFERENCE, command: [...reference.command, "-f0"] },
    { name: UNSYNCED_REFERENCE, command: [...reference.command, "-F"] },
    ...own,
    ...(withMemory ? own.map(({ name, command }) => ({ name: inMemory(name), command })) : []),
  ];
}

/** Starts a server with a new log below `parent`, or without one if it is to be in memory. */
export async function startDurable(program: ServerProgram, parent: string): Promise<BenchServer> {
  if (isInMemory(program.name)) return startServer(program);
  const directory = workDirectory(parent);
  try {
    const server = await startServer(program, ["-b", directory.path]);
    return {
      ...server,
      async stop() {
        await server.stop();
        directory.remove();
      },
    };
  } catch (error) {
    directory.remove();
    throw error;
  }
}
