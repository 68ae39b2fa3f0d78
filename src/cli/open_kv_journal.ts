// Opens the Deno KV of `--kv` and tells of it: whom it waits for, how far the recovery is, what came back.

import { prepareKvFile } from "../adapters/node/kv_file.ts";
import type { Engine } from "../core/engine.ts";
import type { KvJournal } from "../journal/kv/kv_journal.ts";
import { openKv } from "../journal/kv/recovery.ts";
import { LogProblem } from "../journal/problem.ts";
import type { Clock } from "../ports/clock.ts";
import type { KvStore } from "../ports/kv.ts";
import { leaseFacts, openKvStore } from "../runtime/open_kv.ts";
import { EXIT_FAILURE, EXIT_LOCK } from "./exit_codes.ts";
import type { Printer } from "./printer.ts";
import { reasonOf, type StartProblem, startProblem } from "./start_problem.ts";

const NAME = "runnerbean";
const TELL_EVERY_MS = 1000;

/** Brings the jobs of a KV back into the engine, and goes on with it. */
export async function openKvJournal(
  pathOrUrl: string,
  engine: Engine,
  clock: Clock,
  printer: Printer,
): Promise<KvJournal | StartProblem> {
  const began = performance.now();
  const seconds = (): string => ((performance.now() - began) / 1000).toFixed(2);
  let store: KvStore;
  try {
    const exposed = prepareKvFile(pathOrUrl);
    if (exposed !== null) printer.warn(exposed);
    store = await openKvStore(pathOrUrl);
  } catch (error) {
    return startProblem(EXIT_LOCK, `--kv: ${pathOrUrl}: ${reasonOf(error)}`);
  }
  let toldAt = began;
  try {
    const { journal, jobs } = await openKv(store, engine, {
      ...leaseFacts(),
      name: NAME,
      clock: () => clock.now(),
      wallOffset: () => clock.wallOffset?.() ?? 0,
      waiting: (holder, ms) =>
        printer.warn(
          `${pathOrUrl} is leased to ${holder}; watching for up to ${ms / 1000} s whether it lives`,
        ),
      progress: (jobs) => {
        if (performance.now() - toldAt < TELL_EVERY_MS) return;
        toldAt = performance.now();
        printer.say(`runnerbean: recovering: ${jobs} jobs`);
      },
    });
    if (jobs > 0) printer.say(`runnerbean: recovered ${jobs} jobs in ${seconds()} s`);
    return journal;
  } catch (error) {
    if (!(error instanceof LogProblem)) throw error;
    return startProblem(
      error.code === "locked" ? EXIT_LOCK : EXIT_FAILURE,
      `--kv: ${pathOrUrl}: ${error.message}`,
    );
  }
}
