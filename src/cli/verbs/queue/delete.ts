// `runnerbean delete ID...`: jobs that nobody holds.

import { EXIT_FAILURE, EXIT_OK } from "../../exit_codes.ts";
import { QueueError } from "../../../client/errors.ts";
import type { Verb } from "../verb.ts";
import { counted } from "../verb.ts";
import { SERVER_FLAGS, wholeNumber, withQueue } from "./reach.ts";

export const deleteVerb: Verb = {
  name: "delete",
  takes: ["ID..."],
  flags: SERVER_FLAGS,
  run(args, printer, flags) {
    const ids = args.map((arg) => wholeNumber("ID", arg, 1, Number.MAX_SAFE_INTEGER));
    return withQueue(flags, async (queue) => {
      const outcomes = await Promise.allSettled(ids.map((id) => queue.delete(id)));
      const missing: number[] = [];
      outcomes.forEach((outcome, i) => {
        if (outcome.status === "fulfilled") return;
        if (!(outcome.reason instanceof QueueError) || outcome.reason.code !== "NOT_FOUND") {
          throw outcome.reason;
        }
        missing.push(ids[i]);
      });
      const count = ids.length - missing.length;
      if (flags.has("json")) printer.say(JSON.stringify({ deleted: count, missing }));
      else printer.say(`deleted ${counted(count, "job")}`);
      if (missing.length > 0) printer.warn(`not there, or held by somebody: ${missing.join(", ")}`);
      return missing.length === 0 ? EXIT_OK : EXIT_FAILURE;
    });
  },
};
