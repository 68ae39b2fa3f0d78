// `runnerbean dump DIR`: all jobs of a log as lines of JSON on stdout, in the order of their ids.

import process from "node:process";
import { Engine } from "../../core/engine.ts";
import { logKind } from "../../journal/check.ts";
import { firstFreeId } from "../../journal/free_id.ts";
import { LogReader } from "../../journal/log_reader.ts";
import { describeDamage, describeForeign } from "../../journal/recovery.ts";
import type { Files } from "../../ports/files.ts";
import type { LiveJobs } from "../../ports/journal.ts";
import { EXIT_FAILURE, EXIT_OK } from "../exit_codes.ts";
import { randomSeed } from "../facts.ts";
import type { Printer } from "../printer.ts";
import { existing } from "./directories.ts";
import { OWN_LOCK, whileLocked } from "./held_lock.ts";
import { firstLine, jobLine } from "./job_line.ts";
import type { Verb } from "./verb.ts";
import { counted, VerbProblem } from "./verb.ts";

export const dumpVerb: Verb = {
  name: "dump",
  takes: ["DIR"],
  async run([path], printer) {
    const files = existing("DIR", path);
    const kind = logKind(files);
    if (kind === "none") throw new VerbProblem(EXIT_FAILURE, `DIR: there is no log in ${path}`);
    if (kind === "beanstalkd") throw new VerbProblem(EXIT_FAILURE, `DIR: ${describeForeign(path)}`);
    const jobs = await whileLocked(path, OWN_LOCK, () => readJobs(files, printer));
    await printJobs(jobs);
    return EXIT_OK;
  },
};

/** Reads the log into memory. A torn end is left out, as a start would. */
function readJobs(files: Files, printer: Printer): LiveJobs {
  const queue = new Engine({ seed: randomSeed() });
  const restorer = queue.restore();
  const verdict = new LogReader(files).read(restorer);
  const { kind, bad } = verdict;
  if (kind === "damaged") throw new VerbProblem(EXIT_FAILURE, describeDamage(files.path, bad!));
  if (kind === "torn") {
    const what = `${counted(bad!.bytes, "byte")} that were never acknowledged as durable are left out`;
    printer.warn(`the log ends torn at ${bad!.file}, offset ${bad!.offset}: ${what}`);
  }
  // Delays that are over stay as they are, so that a dump says the same whenever it is made.
  restorer.finish(firstFreeId(verdict), -Infinity);
  return queue.live;
}

async function printJobs(jobs: LiveJobs): Promise<void> {
  let count = 0;
  jobs.each(() => count++);
  const ids = new Float64Array(count);
  jobs.each((job) => void (ids[--count] = job.id));
  ids.sort();
  const out = new Output();
  out.add(firstLine(jobs.nextId, ids.length));
  for (const id of ids) {
    for (const text of jobLine(jobs.find(id)!)) {
      out.add(text);
      if (out.isFull) await out.flush();
    }
  }
  await out.flush();
}

/** Stdout with patience: no more is made than what the reader takes. */
class Output {
  private static readonly FULL = 262_144;
  private text = "";

  constructor() {
    // Each write answers for itself; without a listener the first failure would end the process with a trace.
    process.stdout.on("error", () => {});
  }

  add(text: string): void {
    this.text += text;
  }

  get isFull(): boolean {
    return this.text.length >= Output.FULL;
  }

  /** Resolves when all has left this process. */
  flush(): Promise<void> {
    const { text } = this;
    this.text = "";
    if (text === "") return Promise.resolve();
    return new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => {
        if (!error) resolve();
        else reject(new VerbProblem(EXIT_FAILURE, `stdout took only part of the dump: ${error.message}`));
      });
    });
  }
}
