// health [ADDRESS]: whether a server answers there, for those who look after it (a container's health check).

import process from "node:process";
import { abortable } from "../../client/abortable.ts";
import { EXIT_OK } from "../exit_codes.ts";
import { SERVER_FLAGS, withQueue } from "./queue/reach.ts";
import type { Verb } from "./verb.ts";

const PATIENCE_MS = 2000;

export const healthVerb: Verb = {
  name: "health",
  takes: ["[ADDRESS]"],
  flags: SERVER_FLAGS,
  run([address = process.env.RUNNERBEAN_PORT], { say }, flags) {
    const where = address === undefined || flags.has("server")
      ? flags
      : new Map([...flags, ["server", address]]);
    return withQueue(where, async (queue) => {
      const stats = await abortable(queue.stats(), AbortSignal.timeout(PATIENCE_MS)); // it would ask again and again
      say(`${queue.address} answers: version ${stats.version}, up for ${stats.uptime} s`);
      return EXIT_OK;
    }, { replyTimeoutMs: PATIENCE_MS });
  },
};
