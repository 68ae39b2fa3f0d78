// A server as the options want it, with its jobs from the log or the KV if there is one.

import type { Engine } from "../core/engine.ts";
import { assemble } from "../library/assemble.ts";
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import { ConnectionLog } from "../server/log.ts";
import type { Gate } from "../server/gate.ts";
import type { Server } from "../server/server.ts";
import { EXIT_BINLOG, EXIT_OK } from "./exit_codes.ts";
import { openBinlog } from "./open_binlog.ts";
import type { RecoveryWatcher } from "./open_binlog.ts";
import { openKvJournal } from "./open_kv_journal.ts";
import type { Options } from "./options.ts";
import type { Printer } from "./printer.ts";
import type { StartProblem } from "./start_problem.ts";

/**
 * Brings the jobs back and makes the server. `leave` ends the process. Answers a problem when the jobs cannot be had. Nothing
 * else runs meanwhile, but for a KV and when a watcher wants to be heard.
 */
export async function createServer(
  options: Options,
  clock: Clock,
  maxConnections: number,
  gate: Gate | null,
  printer: Printer,
  leave: (exitCode: number) => void,
  watcher: RecoveryWatcher | null = null,
): Promise<Server | StartProblem> {
  const { binlogDir, kv } = options;
  const open = (engine: Engine, now: number): Promise<Journal | StartProblem> =>
    binlogDir === null
      ? openKvJournal(kv!, engine, clock, printer)
      : openBinlog(binlogDir, engine, options, now, printer, watcher);
  const openJournal = async (engine: Engine, now: number): Promise<Journal> => {
    const journal = await open(engine, now);
    if ("problem" in journal) throw new NotOpened(journal);
    return journal;
  };
  try {
    return await assemble({
      clock,
      maxJobBytes: options.maxJobBytes,
      maxMemoryBytes: options.maxMemoryBytes ?? undefined,
      segmentBytes: options.segmentBytes,
      looksUpFacts: true,
      openJournal: binlogDir === null && kv === null ? undefined : openJournal,
      maxConnections,
      gate,
      isStrict: options.strict,
      log: options.verbosity > 0 ? new ConnectionLog(options.verbosity, (line) => printer.say(line)) : null,
      onDrained: () => options.drainExit && leave(EXIT_OK),
      onFailed: (error) => {
        const what = kv === null ? "binlog" : "KV";
        printer.warn(
          `the ${what} failed: ${error.message}; stopped, and replies that waited for it were not sent`,
        );
        leave(EXIT_BINLOG);
      },
    });
  } catch (error) {
    if (error instanceof NotOpened) return error.problem;
    throw error;
  }
}

/** Carries a problem out of the assembly. */
class NotOpened extends Error {
  readonly problem: StartProblem;

  constructor(problem: StartProblem) {
    super(problem.problem);
    this.problem = problem;
  }
}
