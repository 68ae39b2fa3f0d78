// Puts a server together: an engine, the jobs that its journal brings back, and the shell around both. Command line, library
// and whoever brings a part of their own all come through here, so that limits and ends are the same for all of them.

import { Engine } from "../core/engine.ts";
import type { Journal } from "../ports/journal.ts";
import { copyLong, tuneMemory } from "../runtime/runtime.ts";
import { Server } from "../server/server.ts";
import type { ServerOptions } from "../server/server.ts";
import { describeProcess } from "./facts.ts";

/** What a server is made of beside its queue and its journal. */
export interface ServerSettings extends Omit<ServerOptions, "engine" | "journal" | "facts"> {
  /** Largest body in bytes. */
  readonly maxJobBytes: number;
  /** What `stats` calls binlog-max-size, in bytes. Default: what the journal says, 0 without one. */
  readonly segmentBytes?: number;
  /** What `stats` says of process and machine is looked up now, rather than whenever it is asked for. */
  readonly looksUpFacts?: boolean;
}

/** The same for a server whose queue is to be made and filled. */
export interface AssemblyOptions extends ServerSettings {
  /** Puts beyond this many bytes of jobs are refused. Default: no limit. */
  readonly maxMemoryBytes?: number;
  /** Brings the jobs back, and answers what remembers them from then on. Default: nothing does. */
  readonly openJournal?: (engine: Engine, now: number) => Journal | Promise<Journal>;
}

/** Makes a queue, has its jobs brought back, and makes its server. Rejects with what `openJournal` throws. */
export async function assemble(options: AssemblyOptions): Promise<Server> {
  const { maxMemoryBytes, openJournal, ...settings } = options;
  tuneMemory();
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]; // a number that strangers cannot guess
  const engine = new Engine({ maxMemoryBytes, seed, copyLong: copyLong() });
  const startedAt = settings.clock.now();
  const journal = await openJournal?.(engine, startedAt);
  return assembleServer(engine, journal, startedAt, settings);
}

/** Makes the server of a queue that its journal, if there is one, has filled. `startedAt` in milliseconds since 1970. */
export function assembleServer(
  engine: Engine,
  journal: Journal | undefined,
  startedAt: number,
  { maxJobBytes, segmentBytes, looksUpFacts = false, ...options }: ServerSettings,
): Server {
  const found = describeProcess(maxJobBytes, startedAt, () => server.journal.facts, segmentBytes);
  const facts = looksUpFacts ? { ...found } : found;
  const server: Server = new Server({ ...options, engine, journal, facts });
  return server;
}
