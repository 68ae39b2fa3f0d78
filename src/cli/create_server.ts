// A server as the options want it, with its jobs from the log or the KV if there is one.

import { areReservesFull } from "../adapters/node/descriptor_reserve.ts";
import type { Engine } from "../core/engine.ts";
import { assemble } from "../library/assemble.ts";
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import { ConnectionLog } from "../server/log.ts";
import type { Gate } from "../server/gate.ts";
import type { Refusals } from "../server/refusals.ts";
import type { Server } from "../server/server.ts";
import type { DescriptorBudget } from "./descriptors.ts";
import { EXIT_BINLOG, EXIT_OK } from "./exit_codes.ts";
import { openBinlog } from "./open_binlog.ts";
import type { RecoveryWatcher } from "./open_binlog.ts";
import { openKvJournal } from "./open_kv_journal.ts";
import type { Options } from "./options.ts";
import type { Printer } from "./printer.ts";
import type { StartProblem } from "./start_problem.ts";

/**
 * At the limit of connections, one that has completed no command for this long makes room for another. Long enough for a
 * client that sends with its first packet, short enough that a flood cannot hold all places between two looks.
 */
const NEWCOMER_GRACE_MS = 100;

/**
 * Brings the jobs back and makes the server. `leave` ends the process. Answers a problem when the jobs cannot be had. Nothing
 * else runs meanwhile, but for a KV and when a watcher wants to be heard.
 */
export async function createServer(
  options: Options,
  clock: Clock,
  { connections, reserved }: Pick<DescriptorBudget, "connections" | "reserved">,
  gate: Gate | null,
  refusals: Refusals,
  printer: Printer,
  leave: (exitCode: number) => void,
  watcher: RecoveryWatcher | null = null,
): Promise<Server | StartProblem> {
  const { binlogDir, kv } = options;
  const open = (engine: Engine): Promise<Journal | StartProblem> =>
    binlogDir === null
      ? openKvJournal(kv!, engine, clock, printer)
      : openBinlog(binlogDir, engine, options, clock, printer, watcher, reserved);
  const openJournal = async (engine: Engine): Promise<Journal> => {
    const journal = await open(engine);
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
      maxConnections: connections,
      newcomerGraceMs: NEWCOMER_GRACE_MS,
      hasDescriptors: areReservesFull,
      gate,
      refusals,
      isStrict: options.strict,
      log: options.verbosity > 0 ? new ConnectionLog(options.verbosity, (line) => printer.say(line)) : null,
      onDrained: () => options.drainExit && leave(EXIT_OK),
      onFault: (error, unsaid) => {
        const message = error instanceof Error ? error.message : String(error);
        const more = unsaid === 0 ? "" : ` (and ${unsaid} more times since the last such line)`;
        printer.warn(`a command was answered INTERNAL_ERROR: ${message}${more}`);
      },
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
