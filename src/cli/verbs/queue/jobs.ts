// `runnerbean jobs TUBE [STATE]`: jobs of a tube in the order in which they come next, without their bodies.

import { EXIT_OK } from "../../exit_codes.ts";
import type { ListedJob } from "../../../client/face.ts";
import type { Verb } from "../verb.ts";
import { numberFlag, SERVER_FLAGS, withQueue } from "./reach.ts";
import { listedState } from "./states.ts";
import type { Column } from "./table.ts";
import { jsonOf, tableOf } from "./table.ts";

const COLUMNS: readonly Column<ListedJob>[] = [
  { key: "id", value: (job) => job.id },
  { key: "state", value: (job) => job.state },
  { key: "pri", value: (job) => job.pri },
  { key: "age", value: (job) => job.age },
  { key: "delay", value: (job) => job.delay },
  { key: "ttr", value: (job) => job.ttr },
  { key: "time-left", value: (job) => job["time-left"] },
  { key: "bytes", value: (job) => job.bytes },
  { key: "reserves", value: (job) => job.reserves },
  { key: "timeouts", value: (job) => job.timeouts },
  { key: "releases", value: (job) => job.releases },
  { key: "buries", value: (job) => job.buries },
  { key: "kicks", value: (job) => job.kicks },
];
const DEFAULT_LIMIT = 20;

export const jobsVerb: Verb = {
  name: "jobs",
  takes: ["TUBE", "[STATE]"],
  flags: { ...SERVER_FLAGS, limit: "N", cursor: "CURSOR" },
  run([name, word], printer, flags) {
    const state = listedState(word ?? "ready");
    const limit = numberFlag(flags, "limit", 1, 1000) ?? DEFAULT_LIMIT;
    return withQueue(flags, async (queue) => {
      const { jobs, cursor, isCut } = await queue.tube(name).list(state, {
        limit,
        cursor: flags.get("cursor"),
      });
      const lines = flags.has("json") ? jobs.map((job) => jsonOf(COLUMNS, job)) : tableOf(COLUMNS, jobs);
      for (const line of lines) printer.say(line);
      if (isCut) printer.warn("jobs are missing: too many lie before them");
      if (cursor !== null) printer.warn(`there are more: --cursor ${cursor}`);
      return EXIT_OK;
    });
  },
};
