// `runnerbean peek ID...` and `runnerbean peek --tube TUBE [--state STATE]`: jobs without holding them.

import { EXIT_FAILURE, EXIT_OK, EXIT_USAGE } from "../../exit_codes.ts";
import type { PeekedJob, Tube } from "../../../client/face.ts";
import type { Verb } from "../verb.ts";
import { VerbProblem } from "../verb.ts";
import { sayJob } from "./job_text.ts";
import { SERVER_FLAGS, wholeNumber, withQueue } from "./reach.ts";

const FIRST: Readonly<Record<string, (tube: Tube) => Promise<PeekedJob | null>>> = {
  ready: (tube) => tube.peekReady(),
  delayed: (tube) => tube.peekDelayed(),
  buried: (tube) => tube.peekBuried(),
};

export const peekVerb: Verb = {
  name: "peek",
  takes: ["[ID...]"],
  flags: { ...SERVER_FLAGS, tube: "TUBE", state: "STATE" },
  run(args, printer, flags) {
    const tube = flags.get("tube");
    const state = flags.get("state") ?? "ready";
    if ((tube === undefined) === (args.length === 0)) {
      throw new VerbProblem(EXIT_USAGE, "peek: expected ids, or --tube and perhaps --state");
    }
    if (!Object.hasOwn(FIRST, state)) {
      throw new VerbProblem(
        EXIT_USAGE,
        `--state: expected ready, delayed or buried, got ${JSON.stringify(state)}`,
      );
    }
    const ids = args.map((arg) => wholeNumber("ID", arg, 1, Number.MAX_SAFE_INTEGER));
    return withQueue(flags, async (queue) => {
      const wanted = tube === undefined ? ids.map((id) => queue.peek(id)) : [FIRST[state](queue.tube(tube))];
      const jobs = await Promise.all(wanted);
      let missing = 0;
      for (const [at, job] of jobs.entries()) {
        if (job !== null) sayJob(printer, flags.has("json"), job.id, job.body, await queue.statsJob(job.id));
        else {
          missing++;
          printer.warn(tube === undefined ? `there is no job ${ids[at]}` : `no job of ${tube} is ${state}`);
        }
      }
      return missing === 0 ? EXIT_OK : EXIT_FAILURE;
    });
  },
};
