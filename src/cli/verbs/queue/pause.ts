// `runnerbean pause TUBE SECONDS`: its jobs are held back; 0 ends that.

import { EXIT_OK } from "../../exit_codes.ts";
import type { Verb } from "../verb.ts";
import { SERVER_FLAGS, wholeNumber, withQueue } from "./reach.ts";

export const pauseVerb: Verb = {
  name: "pause",
  takes: ["TUBE", "SECONDS"],
  flags: SERVER_FLAGS,
  run([tube, text], printer, flags) {
    const seconds = wholeNumber("SECONDS", text, 0, 4_294_967_295);
    return withQueue(flags, async (queue) => {
      await queue.tube(tube).pause(seconds);
      if (flags.has("json")) printer.say(JSON.stringify({ tube, pausedSeconds: seconds }));
      else printer.say(seconds === 0 ? `${tube} goes on` : `${tube} pauses for ${seconds} s`);
      return EXIT_OK;
    });
  },
};
