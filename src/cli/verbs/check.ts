// `runnerbean check DIR`: says how a log is, and what it holds. Reads only, and creates nothing.

import { checkStoredLog } from "../../journal/beanstalkd/import.ts";
import { checkLog, logKind } from "../../journal/check.ts";
import type { LogCheck } from "../../journal/check.ts";
import type { BadPlace } from "../../journal/log_reader.ts";
import { segmentName, UNFINISHED } from "../../journal/layout.ts";
import type { JobCounts } from "../../journal/tally.ts";
import type { Files } from "../../ports/files.ts";
import { EXIT_FAILURE, EXIT_OK } from "../exit_codes.ts";
import type { Printer } from "../printer.ts";
import { existing } from "./directories.ts";
import { BEANSTALKD_LOCK, OWN_LOCK, whileLocked } from "./held_lock.ts";
import { tellUnreadable } from "./import.ts";
import type { Verb } from "./verb.ts";
import { counted, VerbProblem } from "./verb.ts";

export const checkVerb: Verb = {
  name: "check",
  takes: ["DIR"],
  async run([path], printer) {
    const files = existing("DIR", path);
    if (files.list().includes(UNFINISHED)) {
      const what = `${path} was not completely written (it has a folder "${UNFINISHED}")`;
      throw new VerbProblem(EXIT_FAILURE, `${what}; empty it and write it again`);
    }
    const kind = logKind(files);
    if (kind === "none") throw new VerbProblem(EXIT_FAILURE, `DIR: there is no log in ${path}`);
    if (kind === "own") return await whileLocked(path, OWN_LOCK, () => checkOwn(files, printer));
    return await whileLocked(path, BEANSTALKD_LOCK, () => checkBeanstalkd(files, printer));
  },
};

function checkOwn(files: Files, printer: Printer): number {
  const check = checkLog(files, Date.now());
  const { verdict } = check;
  printer.say(`${files.path}: ${verdictOf(check)}`);
  tellOfLog(check, printer);
  if (verdict.kind !== "damaged") return EXIT_OK;
  printer.say(`save what verifies with: runnerbean salvage ${files.path} NEW-DIRECTORY`);
  return EXIT_FAILURE;
}

function verdictOf({ verdict }: LogCheck): string {
  const { kind, bad, isClosed } = verdict;
  if (bad === null) return isClosed ? "whole" : "whole (it was not closed in good order)";
  const where = placeOf(bad);
  const bytes = counted(bad.bytes, "byte");
  if (kind === "torn") {
    return `torn at its end, at ${where}: the next start cuts off ${bytes} that were never acknowledged as durable`;
  }
  const behind = counted(bad.framesBehind, "whole frame");
  return `damaged at ${where}: ${bad.reason}; ${bytes} in doubt, ${behind} behind them`;
}

function placeOf(bad: BadPlace): string {
  return bad.offset === 0 ? bad.file : `${bad.file}, offset ${bad.offset}`;
}

function tellOfLog({ verdict, counts, nextId }: LogCheck, printer: Printer): void {
  const { numbers, bytes, records, kind } = verdict;
  const [first, last] = [numbers[0], numbers[numbers.length - 1]].map(segmentName);
  const range = first === last ? first : `${first} to ${last}`;
  printer.say(numbers.length === 0 ? "no segment" : `${counted(numbers.length, "segment")} (${range})`);
  if (verdict.found.kind === "lost") {
    printer.say("its file state is missing: nothing shows whether the newest segments are there");
  }
  if (kind === "damaged") printer.say("up to the damaged place:");
  printer.say(`${counted(bytes, "byte")}, ${counted(records, "record")}`);
  tellCounts(counts, nextId, printer);
}

function tellCounts(counts: JobCounts, nextId: number, printer: Printer): void {
  const { jobs, ready, delayed, buried, tubes } = counts;
  const states = `${ready} ready, ${delayed} delayed, ${buried} buried`;
  printer.say(`${counted(jobs, "job")} (${states}) in ${counted(tubes, "tube")}; next id ${nextId}`);
}

function checkBeanstalkd(files: Files, printer: Printer): number {
  const check = checkStoredLog(files, Date.now());
  printer.say(`${files.path}: a log of beanstalkd`);
  printer.say(
    `${counted(check.files, "file")}, ${counted(check.bytes, "byte")}, ${counted(check.records, "record")}`,
  );
  tellCounts(check.counts, check.nextId, printer);
  if (check.torn > 0) printer.say(`${counted(check.torn, "torn job")}, whose end never reached the disk`);
  tellUnreadable(check, (line) => printer.say(line));
  printer.say(`bring its jobs over with: runnerbean import ${files.path} NEW-DIRECTORY`);
  return check.unreadable.length === 0 && check.torn === 0 ? EXIT_OK : EXIT_FAILURE;
}
