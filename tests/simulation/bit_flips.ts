// One bit of a log that was closed in good order turns round: it is noticed, or it does not matter. Never is a job served
// that was not put like that.

import { Disk } from "../../src/adapters/memory/disk.ts";
import { STATE_NAME } from "../../src/journal/state_file.ts";
import { LogProblem } from "../../src/journal/problem.ts";
import type { Random } from "../support/random.ts";
import { openOn } from "./life.ts";
import type { Life } from "./life.ts";
import type { Plan } from "./plan.ts";
import { readJobs } from "./recovery.ts";
import { violation } from "./violation.ts";

/** Opens a copy of the log with a bit flipped; `life` has been started from the same log without. True: it was noticed. */
export function flipOneBit(
  contents: ReadonlyMap<string, Uint8Array>,
  life: Life,
  plan: Plan,
  startedAt: number,
  random: Random,
): boolean {
  const names = [...contents.keys()].filter((name) => contents.get(name)!.length > 0).sort();
  if (names.length === 0) return false;
  const name = random.pick(names);
  const bit = random.below(8 * contents.get(name)!.length);
  const disk = Disk.holding(contents);
  disk.flipBit(name, bit);
  try {
    const { engine } = openOn(disk, plan, 1, startedAt);
    const [found, expected] = [engine, life.engine].map((one) => describe(one, name === STATE_NAME));
    if (found !== expected) {
      violation(`bit ${bit} of ${name} is flipped, and served are ${found}, not ${expected}`);
    }
    return false;
  } catch (error) {
    if (error instanceof LogProblem && error.code === "damaged") return true;
    throw error;
  }
}

/**
 * Without instants where a slot of the state file is lost: the older one may not know that the clock was set back, and then
 * instants are only brought into range.
 */
function describe(engine: Life["engine"], isWithoutInstants: boolean): string {
  const jobs = readJobs(engine).sort((a, b) => a.id - b.id);
  // Whether a delay is over depends on them, too.
  const stateOf = (state: string): string => isWithoutInstants && state === "delayed" ? "ready" : state;
  const instants = isWithoutInstants ? { createdAt: 0, deadline: 0 } : {};
  return JSON.stringify(
    jobs.map((job) => ({ ...job, ...instants, state: stateOf(job.state), body: [...job.body] })),
  );
}
