// `runnerbean salvage DIR OUT`: a new log of all that verifies in a damaged one.

import { Engine } from "../../core/engine.ts";
import { logKind } from "../../journal/check.ts";
import { salvageLog } from "../../journal/salvage.ts";
import type { Salvaged } from "../../journal/salvage.ts";
import { EXIT_FAILURE, EXIT_OK } from "../exit_codes.ts";
import { randomSeed } from "../facts.ts";
import type { Printer } from "../printer.ts";
import { existing, makeLog, requireNew } from "./directories.ts";
import { OWN_LOCK, whileLocked } from "./held_lock.ts";
import type { Verb } from "./verb.ts";
import { counted, VerbProblem } from "./verb.ts";

/** Losses told one by one; the rest is summed up. */
const MOST_TOLD = 100;

export const salvageVerb: Verb = {
  name: "salvage",
  takes: ["DIR", "OUT"],
  async run([from, to], printer) {
    const files = existing("DIR", from);
    if (logKind(files) !== "own") {
      throw new VerbProblem(EXIT_FAILURE, `DIR: there is no log of Runnerbean in ${from}`);
    }
    requireNew("OUT", to, from);
    return await whileLocked(from, OWN_LOCK, () => {
      const queue = new Engine({ seed: randomSeed() });
      const salvaged = salvageLog(files, queue);
      const { written } = makeLog(to, () => null, queue.live);
      tellOf(salvaged, written.jobs, from, to, printer);
      return EXIT_OK;
    });
  },
};

function tellOf(salvaged: Salvaged, jobs: number, from: string, to: string, printer: Printer): void {
  const { frames, records, bytes, losses, lostJobs, nextId, verdict } = salvaged;
  printer.say(
    `saved from ${from}: ${counted(bytes, "byte")} in ${counted(frames, "frame")}, ${
      counted(records, "record")
    }`,
  );
  printer.say(`written to ${to}: ${counted(jobs, "job")}; next id ${nextId}`);
  if (verdict.found.state === null && verdict.found.kind !== "none") {
    printer.say(
      "nothing shows whether segments are missing at its end: there is no file state that verifies",
    );
  }
  if (losses.length === 0) return printer.say("nothing was lost");
  const lost = losses.reduce((sum, loss) => sum + loss.bytes, 0);
  printer.say(`not saved: ${counted(lost, "byte")} in ${counted(losses.length, "place")}`);
  for (const loss of losses.slice(0, MOST_TOLD)) {
    const bytes = loss.bytes === 0 ? "nobody knows how many bytes" : counted(loss.bytes, "byte");
    printer.say(`  ${loss.where}: ${bytes}: ${loss.reason}`);
  }
  if (losses.length > MOST_TOLD) printer.say(`  and ${losses.length - MOST_TOLD} more`);
  if (verdict.kind === "torn") {
    return printer.say("that is the torn end of the log: nothing of it was ever acknowledged as durable");
  }
  printer.say(`known to be lost: ${counted(lostJobs, "job")}, of which only later changes were found`);
  printer.say(
    "jobs that have no record elsewhere are lost uncounted; jobs that were deleted there may be back",
  );
}
