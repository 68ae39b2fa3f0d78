// `runnerbean tubes [PATTERN]`: all tubes of a server and what is in them.

import { EXIT_OK } from "../../exit_codes.ts";
import type { Verb } from "../verb.ts";
import { SERVER_FLAGS, withQueue } from "./reach.ts";
import { jsonOf, tableOf } from "./table.ts";
import { TUBE_COLUMNS, tubesOf } from "./tube_row.ts";

export const tubesVerb: Verb = {
  name: "tubes",
  takes: ["[PATTERN]"],
  flags: SERVER_FLAGS,
  run: ([pattern], printer, flags) =>
    withQueue(flags, async (queue) => {
      const tubes = await tubesOf(queue, pattern);
      const lines = flags.has("json")
        ? tubes.map((tube) => jsonOf(TUBE_COLUMNS, tube))
        : tableOf(TUBE_COLUMNS, tubes);
      for (const line of lines) printer.say(line);
      return EXIT_OK;
    }),
};
