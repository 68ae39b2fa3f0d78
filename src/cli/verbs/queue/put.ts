// `runnerbean put TUBE [BODY]`: a job from the command line or from stdin; with --lines one for each line of stdin.

import { EXIT_OK, EXIT_USAGE } from "../../exit_codes.ts";
import type { Body, PutOptions } from "../../../client/face.ts";
import type { SaidFlags, Verb } from "../verb.ts";
import { counted, VerbProblem } from "../verb.ts";
import { numberFlag, SERVER_FLAGS, withQueue } from "./reach.ts";
import { readAll, readLines } from "./stdin.ts";

const MOST = 4_294_967_295;
const LARGEST_BODY = 1_073_741_824;

export const putVerb: Verb = {
  name: "put",
  takes: ["TUBE", "[BODY]"],
  flags: { ...SERVER_FLAGS, priority: "N", delay: "SECONDS", ttr: "SECONDS", lines: null },
  run([tube, body], printer, flags) {
    const options = putOptions(flags);
    const isLines = flags.has("lines");
    if (isLines && body !== undefined) {
      throw new VerbProblem(EXIT_USAGE, "put: --lines takes its jobs from stdin");
    }
    return withQueue(flags, async (queue) => {
      const target = queue.tube(tube);
      if (!isLines) {
        const id = await target.put(await bodyFrom(body), options);
        printer.say(flags.has("json") ? JSON.stringify({ id }) : String(id));
        return EXIT_OK;
      }
      let count = 0;
      for await (const bodies of readLines(LARGEST_BODY)) {
        const ids = await target.putMany(bodies, options);
        count += ids.length;
        if (flags.has("json")) { for (const id of ids) printer.say(JSON.stringify({ id })); }
      }
      if (!flags.has("json")) printer.say(`put ${counted(count, "job")}`);
      return EXIT_OK;
    });
  },
};

function putOptions(flags: SaidFlags): PutOptions {
  return {
    priority: numberFlag(flags, "priority", 0, MOST),
    delay: numberFlag(flags, "delay", 0, MOST),
    ttr: numberFlag(flags, "ttr", 1, MOST),
  };
}

async function bodyFrom(argument: string | undefined): Promise<Body> {
  if (argument !== undefined && argument !== "-") return argument;
  const bytes = await readAll(LARGEST_BODY);
  if (bytes === null) throw new VerbProblem(EXIT_USAGE, "put: stdin has more than 1 GiB");
  return bytes;
}
