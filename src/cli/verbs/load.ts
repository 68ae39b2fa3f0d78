// `runnerbean load DIR [FILE]`: a new log of the jobs in lines of JSON, from a file or stdin. Nothing is written before
// all lines have been read and found good.

import { Buffer } from "node:buffer";
import fs from "node:fs";
import process from "node:process";
import { Engine } from "../../core/engine.ts";
import { EXIT_FAILURE, EXIT_OK } from "../exit_codes.ts";
import { randomSeed } from "../facts.ts";
import { makeLog, requireNew } from "./directories.ts";
import { LineProblem, linesOf } from "./lines.ts";
import { LoadedJobs } from "./loaded_jobs.ts";
import type { Verb } from "./verb.ts";
import { counted, VerbProblem } from "./verb.ts";

export const loadVerb: Verb = {
  name: "load",
  takes: ["DIR", "[FILE]"],
  async run([path, file], printer) {
    requireNew("DIR", path);
    const queue = new Engine({ seed: randomSeed() });
    const loaded = new LoadedJobs(queue, Date.now());
    try {
      for await (const line of linesOf(file === undefined ? stdin() : contentOf(file))) loaded.add(line);
      loaded.finish();
    } catch (error) {
      if (error instanceof LineProblem) {
        throw new VerbProblem(EXIT_FAILURE, `${error.message}; nothing was written`);
      }
      throw error;
    }
    const { written } = makeLog(path, () => null, queue.live);
    printer.say(`written to ${path}: ${counted(written.jobs, "job")}; next id ${queue.live.nextId}`);
    const { announced } = loaded;
    if (announced !== undefined && announced !== written.jobs) {
      printer.warn(`the first line speaks of ${counted(announced, "job")}: was the dump cut off, or edited?`);
    }
    return EXIT_OK;
  },
};

function contentOf(path: string): AsyncIterable<Uint8Array> {
  if (!fs.existsSync(path)) throw new VerbProblem(EXIT_FAILURE, `FILE: there is no ${path}`);
  return fs.createReadStream(path, { highWaterMark: 262_144 });
}

async function* stdin(): AsyncGenerator<Uint8Array> {
  for await (const chunk of process.stdin) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}
