// `runnerbean kick TUBE [COUNT]` and `runnerbean kick --id ID`: buried jobs, or delayed ones, become ready.

import { EXIT_OK, EXIT_USAGE } from "../../exit_codes.ts";
import type { Verb } from "../verb.ts";
import { counted, VerbProblem } from "../verb.ts";
import { numberFlag, SERVER_FLAGS, wholeNumber, withQueue } from "./reach.ts";

export const kickVerb: Verb = {
  name: "kick",
  takes: ["[TUBE]", "[COUNT]"],
  flags: { ...SERVER_FLAGS, id: "ID" },
  run([tube, text], printer, flags) {
    const id = numberFlag(flags, "id", 1, Number.MAX_SAFE_INTEGER);
    if ((tube === undefined) === (id === undefined)) {
      throw new VerbProblem(EXIT_USAGE, "kick: expected a tube, or --id ID");
    }
    const most = text === undefined ? 1 : wholeNumber("COUNT", text, 1, 4_294_967_295);
    return withQueue(flags, async (queue) => {
      if (id !== undefined) await queue.kickJob(id);
      const count = id === undefined ? await queue.tube(tube).kick(most) : 1;
      printer.say(flags.has("json") ? JSON.stringify({ kicked: count }) : `kicked ${counted(count, "job")}`);
      return EXIT_OK;
    });
  },
};
