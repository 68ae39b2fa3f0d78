// Opens the binlog of `-b` and tells of it: how far the recovery is, what came back, what was cut off.

import { statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { LOCK_NAME } from "../adapters/node/directory_lock.ts";
import { NodeFiles } from "../adapters/node/files.ts";
import type { Engine } from "../core/engine.ts";
import type { Clock } from "../ports/clock.ts";
import type { Binlog } from "../journal/binlog.ts";
import { LogProblem } from "../journal/problem.ts";
import { openLog, openLogInSlices } from "../journal/recovery.ts";
import { explainSystemError } from "../journal/system_error.ts";
import type { Recovered, RecoveryOptions } from "../journal/recovery.ts";
import { EXIT_FAILURE, EXIT_LOCK } from "./exit_codes.ts";
import { randomIdentity } from "./facts.ts";
import type { Options } from "./options.ts";
import type { Printer } from "./printer.ts";
import { reasonOf, type StartProblem, startProblem } from "./start_problem.ts";
import { holderOf } from "./verbs/held_lock.ts";

const MEBIBYTE = 1_048_576;

/** Somebody who tells others how far the recovery is. */
export interface RecoveryWatcher {
  recovered(bytes: number, total: number): void;
  /** Resolves when others have been heard. */
  rest(): Promise<void>;
}

/**
 * Brings the jobs of a directory back into the engine, and opens its log to go on with. With a watcher others are heard
 * after each segment; without one there is nobody to hear, and it is done in one go.
 */
export async function openBinlog(
  directory: string,
  engine: Engine,
  options: Options,
  clock: Clock,
  printer: Printer,
  watcher: RecoveryWatcher | null,
  reservedDescriptors: number,
): Promise<Binlog | StartProblem> {
  const fault = directoryFault(directory);
  if (fault !== null) return startProblem(EXIT_LOCK, `-b: ${fault}`);
  const began = performance.now();
  try {
    const print = progressPrinter(printer);
    const recoveryOptions: RecoveryOptions = {
      segmentBytes: options.segmentBytes,
      sync: options.sync,
      stopwatch: () => performance.now(),
      now: clock.now(),
      wallOffset: () => clock.wallOffset?.() ?? 0,
      identity: randomIdentity(),
      progress(bytes, total) {
        print(bytes, total);
        watcher?.recovered(bytes, total);
      },
    };
    const files = new NodeFiles(directory, reservedDescriptors);
    const recovered = watcher === null
      ? openLog(files, engine, recoveryOptions)
      : await openLogInSlices(files, engine, recoveryOptions, () => watcher.rest());
    tellOf(recovered, engine.jobs.count, directory, (performance.now() - began) / 1000, printer);
    return recovered.binlog;
  } catch (error) {
    if (!(error instanceof LogProblem)) throw error;
    if (error.code !== "locked") return startProblem(EXIT_FAILURE, `-b: ${reasonOf(error)}`);
    return startProblem(EXIT_LOCK, `-b: ${describeHolder(directory)} uses ${directory}; stop it first`);
  }
}

/** What keeps a directory from being one; whether it may be written to is told by writing. */
function directoryFault(directory: string): string | null {
  try {
    return statSync(directory).isDirectory() ? null : `${directory} is not a directory`;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ENOENT") return `${directory} is not a directory: there is nothing of this name; create it`;
    if (code === "ENOTDIR") return `${directory} is not a directory: a file stands in its path`;
    return explainSystemError(error as Error);
  }
}

function describeHolder(directory: string): string {
  const pid = holderOf(join(directory, LOCK_NAME)) ?? 0;
  return pid > 0 ? `process ${pid}` : "another process";
}

function tellOf(
  recovered: Recovered,
  jobs: number,
  directory: string,
  seconds: number,
  printer: Printer,
): void {
  const { torn, records, bytes, isStateLost, clockWentBackMs } = recovered;
  if (torn !== null) {
    printer.warn(
      `the log in ${directory} ended torn: ${torn.file} was cut at offset ${torn.offset}, ${torn.bytes} bytes that were ` +
        `never acknowledged as durable`,
    );
  }
  if (isStateLost) {
    printer.warn(
      `the file state is missing in ${directory}, so nothing shows whether the newest segments are there; started with ` +
        `those that are, and ids go on further up`,
    );
  }
  if (clockWentBackMs > 0) {
    printer.warn(
      `the machine's clock stands ${
        (clockWentBackMs / 1000).toFixed(1)
      } s before the last write to the log in ${directory}; ` +
        `ages and delays go on from that write`,
    );
  }
  if (bytes === 0) return;
  printer.say(
    `runnerbean: recovered ${jobs} jobs from ${records} records, ${(bytes / MEBIBYTE).toFixed(1)} MiB, ` +
      `in ${seconds.toFixed(2)} s`,
  );
}

/** One line that is written again on a terminal, one line a second elsewhere. */
function progressPrinter(printer: Printer): (bytes: number, total: number) => void {
  let toldAt = performance.now();
  return (bytes, total) => {
    const now = performance.now();
    const isTerminal = process.stderr.isTTY === true;
    if (now - toldAt < (isTerminal ? 100 : 1000)) return;
    toldAt = now;
    const text = `recovering: ${(bytes / MEBIBYTE).toFixed(0)} of ${(total / MEBIBYTE).toFixed(0)} MiB`;
    if (isTerminal) process.stderr.write(`\r${text}${bytes === total ? "\n" : ""}`);
    else printer.say(`runnerbean: ${text}`);
  };
}
