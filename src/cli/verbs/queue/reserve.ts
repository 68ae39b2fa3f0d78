// `runnerbean reserve TUBE...`: takes a job, prints it, and does with it what --then says. A lease cannot outlive this
// process, so a job that is neither deleted nor buried goes back.

import { EXIT_FAILURE, EXIT_OK, EXIT_USAGE } from "../../exit_codes.ts";
import type { Job } from "../../../client/face.ts";
import type { Verb } from "../verb.ts";
import { VerbProblem } from "../verb.ts";
import { sayJob } from "./job_text.ts";
import { numberFlag, SERVER_FLAGS, withQueue } from "./reach.ts";

const ENDS: Readonly<Record<string, (job: Job) => Promise<void>>> = {
  delete: (job) => job.delete(),
  bury: (job) => job.bury(),
  release: (job) => job.release(),
};

export const reserveVerb: Verb = {
  name: "reserve",
  takes: ["TUBE..."],
  flags: { ...SERVER_FLAGS, timeout: "SECONDS", count: "N", then: "delete|bury|release" },
  run(tubes, printer, flags) {
    const then = flags.get("then") ?? "release";
    if (!Object.hasOwn(ENDS, then)) {
      throw new VerbProblem(
        EXIT_USAGE,
        `--then: expected delete, bury or release, got ${JSON.stringify(then)}`,
      );
    }
    const timeout = numberFlag(flags, "timeout", 0, 2_147_483_647) ?? 0;
    const count = numberFlag(flags, "count", 1, 10_000) ?? 1;
    return withQueue(flags, async (queue) => {
      const jobs = await queue.reserveMany(tubes, count, { timeout });
      if (jobs.length === 0) printer.warn("no job is ready");
      for (const job of jobs) {
        sayJob(printer, flags.has("json"), job.id, job.bytes, await job.stats());
        await ENDS[then](job);
      }
      return jobs.length === 0 ? EXIT_FAILURE : EXIT_OK;
    });
  },
};
