// `runnerbean import FROM TO`: brings the jobs of beanstalkd's log into a new log.

import fs from "node:fs";
import { join } from "node:path";
import { Engine } from "../../core/engine.ts";
import { importLog } from "../../journal/beanstalkd/import.ts";
import type { Imported } from "../../journal/beanstalkd/import.ts";
import type { StoredLog } from "../../journal/beanstalkd/reader.ts";
import { logKind } from "../../journal/check.ts";
import type { LiveJob } from "../../ports/journal.ts";
import { EXIT_FAILURE, EXIT_OK } from "../exit_codes.ts";
import { randomSeed } from "../facts.ts";
import type { Printer } from "../printer.ts";
import { existing, makeLog, requireNew } from "./directories.ts";
import { BEANSTALKD_LOCK, whileLocked } from "./held_lock.ts";
import { jobLine } from "./job_line.ts";
import type { Verb } from "./verb.ts";
import { counted, VerbProblem } from "./verb.ts";

/** Torn jobs lie beside the new log, as lines that `load` takes. No server reads them. */
export const QUARANTINE = "quarantine.jsonl";

export const importVerb: Verb = {
  name: "import",
  takes: ["FROM", "TO"],
  async run([from, to], printer) {
    const files = existing("FROM", from);
    if (logKind(files) !== "beanstalkd") {
      const kind = logKind(files) === "own"
        ? ", but one of Runnerbean: start a server with it, or copy it"
        : "";
      throw new VerbProblem(EXIT_FAILURE, `FROM: there is no log of beanstalkd in ${from}${kind}`);
    }
    requireNew("TO", to, from);
    return await whileLocked(from, BEANSTALKD_LOCK, () => {
      const queue = new Engine({ seed: randomSeed() });
      const { prepared, written } = makeLog(to, (folder) => {
        const quarantine = new Quarantine(join(folder, QUARANTINE));
        try {
          return importLog(files, queue, (job) => quarantine.add(job));
        } finally {
          quarantine.close();
        }
      }, queue.live);
      tellOf(prepared, written.jobs, from, to, printer);
      return prepared.unreadable.length === 0 && prepared.torn === 0 ? EXIT_OK : EXIT_FAILURE;
    });
  },
};

function tellOf(imported: Imported, jobs: number, from: string, to: string, printer: Printer): void {
  const { files, bytes, records, nextId, torn } = imported;
  printer.say(
    `read from ${from}: ${counted(files, "file")}, ${counted(bytes, "byte")}, ${counted(records, "record")}`,
  );
  printer.say(`written to ${to}: ${counted(jobs, "job")}; next id ${nextId}`);
  if (torn > 0) {
    printer.warn(
      `${counted(torn, "torn job")}, whose end never reached the disk: put aside in ${join(to, QUARANTINE)}`,
    );
  }
  tellUnreadable(imported, (line) => printer.warn(line));
}

/** What of a log of beanstalkd was not read. */
export function tellUnreadable({ unreadable, missing }: StoredLog, tell: (line: string) => void): void {
  for (const { file, offset, reason, bytes } of unreadable) {
    tell(`${file}, offset ${offset}: ${reason}; ${counted(bytes, "byte")} from there on were not read`);
  }
  if (missing.length === 0) return;
  const names = missing.slice(0, 5).map((number) => `binlog.${number}`).join(", ");
  tell(`between the files ${names}${missing.length > 5 ? " and others" : ""} are missing`);
}

/** The file of torn jobs; it is made with the first of them. */
class Quarantine {
  private readonly path: string;
  private fd: number | null = null;

  constructor(path: string) {
    this.path = path;
  }

  add(job: LiveJob): void {
    this.fd ??= fs.openSync(this.path, "wx", 0o600);
    for (const text of jobLine(job)) fs.writeSync(this.fd, text);
  }

  close(): void {
    if (this.fd === null) return;
    fs.fsyncSync(this.fd);
    fs.closeSync(this.fd);
  }
}
