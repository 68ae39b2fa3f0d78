// `runnerbean truncate TUBE [STATE...]`: empties a tube of its jobs in those states, or of all that nobody holds.

import { EXIT_FAILURE, EXIT_OK } from "../../exit_codes.ts";
import type { Verb } from "../verb.ts";
import { counted } from "../verb.ts";
import { askFirst } from "./ask_first.ts";
import { SERVER_FLAGS, withQueue } from "./reach.ts";
import { stateArguments, STATES } from "./states.ts";

export const truncateVerb: Verb = {
  name: "truncate",
  takes: ["TUBE", "[STATE...]"],
  flags: { ...SERVER_FLAGS, yes: null },
  run([name, ...words], printer, flags) {
    const states = stateArguments(words);
    return withQueue(flags, async (queue) => {
      const tube = queue.tube(name);
      const stats = await tube.stats();
      const count = stats === null ? 0 : states.reduce((sum, state) => sum + Number(stats[STATES[state]]), 0);
      const question = `${name} has ${counted(count, "job")} that are ${states.join(" or ")}. Delete them?`;
      if (!await askFirst(question, flags)) return EXIT_FAILURE;
      const deleted = await tube.truncate(states);
      printer.say(flags.has("json") ? JSON.stringify({ deleted }) : `deleted ${counted(deleted, "job")}`);
      return EXIT_OK;
    });
  },
};
