// A server as the options want it: an engine with its jobs, from the log if there is one.

import { areReservesFull } from "../adapters/node/descriptor_reserve.ts";
import { Engine } from "../core/engine.ts";
import { changesAtOnce } from "../journal/layout.ts";
import type { Clock } from "../ports/clock.ts";
import type { Journal } from "../ports/journal.ts";
import { copyLong, tuneMemory } from "../runtime/runtime.ts";
import { ConnectionLog } from "../server/log.ts";
import type { Gate } from "../server/gate.ts";
import { Server } from "../server/server.ts";
import type { DescriptorBudget } from "./descriptors.ts";
import { EXIT_BINLOG, EXIT_OK } from "./exit_codes.ts";
import { gatherFacts, randomSeed } from "./facts.ts";
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
  printer: Printer,
  leave: (exitCode: number) => void,
  watcher: RecoveryWatcher | null = null,
): Promise<Server | StartProblem> {
  tuneMemory();
  const { binlogDir, kv } = options;
  const engine = new Engine({
    maxMemoryBytes: options.maxMemoryBytes ?? undefined,
    seed: randomSeed(),
    copyLong: copyLong(),
    movesPerKick: binlogDir === null ? undefined : changesAtOnce(options.segmentBytes),
  });
  const startedAt = clock.now();
  let journal: Journal | StartProblem | undefined;
  if (binlogDir !== null) {
    journal = await openBinlog(binlogDir, engine, options, startedAt, printer, watcher, reserved);
  } else if (kv !== null) journal = await openKvJournal(kv, engine, clock, printer);
  if (journal !== undefined && "problem" in journal) return journal;

  const server: Server = new Server({
    engine,
    journal,
    clock,
    facts: gatherFacts(options, startedAt, () => server.journal.facts),
    maxConnections: connections,
    newcomerGraceMs: NEWCOMER_GRACE_MS,
    hasDescriptors: areReservesFull,
    gate,
    isStrict: options.strict,
    log: options.verbosity > 0 ? new ConnectionLog(options.verbosity, (line) => printer.say(line)) : null,
    onDrained: () => options.drainExit && leave(EXIT_OK),
    onFailed: (error) => {
      printer.warn(
        `the ${
          kv === null ? "binlog" : "KV"
        } failed: ${error.message}; stopped, and replies that waited for it ` +
          `were not sent`,
      );
      leave(EXIT_BINLOG);
    },
  });
  return server;
}
