// The directories that verbs read and make. A new log appears whole or not at all: it is written in a folder of the new
// directory, and its files move up when it is closed.

import fs from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { folderModeIn } from "../../adapters/node/file_mode.ts";
import { NodeFiles } from "../../adapters/node/files.ts";
import type { LiveJobs } from "../../ports/journal.ts";
import { numberIn, UNFINISHED } from "../../journal/layout.ts";
import { writeLog } from "../../journal/write_log.ts";
import type { WrittenLog } from "../../journal/write_log.ts";
import { EXIT_FAILURE } from "../exit_codes.ts";
import { randomIdentity } from "../facts.ts";
import { DEFAULT_SEGMENT_BYTES } from "../options.ts";
import { OWN_LOCK } from "./held_lock.ts";
import { VerbProblem } from "./verb.ts";

/** A directory that is there. `name` is the argument's. */
export function existing(name: string, path: string): NodeFiles {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new VerbProblem(EXIT_FAILURE, `${name}: there is no ${path}`);
  if (!stat.isDirectory()) throw new VerbProblem(EXIT_FAILURE, `${name}: ${path} is not a directory`);
  return new NodeFiles(path);
}

/** Throws unless a new log can be made there: nothing of that name, or a directory with nothing in it. */
export function requireNew(name: string, path: string, source: string | null = null): void {
  if (source !== null && !relative(resolve(source), resolve(path)).startsWith("..")) {
    throw new VerbProblem(EXIT_FAILURE, `${name}: ${path} lies in ${source}, which is only read`);
  }
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    const parent = dirname(resolve(path));
    if (fs.existsSync(parent)) return;
    throw new VerbProblem(EXIT_FAILURE, `${name}: ${path} cannot be made, since there is no ${parent}`);
  }
  if (!stat.isDirectory()) throw new VerbProblem(EXIT_FAILURE, `${name}: ${path} is not a directory`);
  const names = fs.readdirSync(path);
  if (names.length === 0) return;
  const left = names.includes(UNFINISHED)
    ? `, among it the folder "${UNFINISHED}" of a run that did not end`
    : "";
  throw new VerbProblem(EXIT_FAILURE, `${name}: ${path} is not empty${left}; nothing was changed`);
}

/** Makes a log of all jobs. `prepare` may put more files into the folder before; it answers what the call answers too. */
export function makeLog<T>(
  path: string,
  prepare: (folder: string) => T,
  jobs: LiveJobs,
): { readonly prepared: T; readonly written: WrittenLog } {
  const isMade = !fs.existsSync(path);
  if (isMade) fs.mkdirSync(path, { mode: 0o700 });
  const folder = join(path, UNFINISHED);
  try {
    const mode = folderModeIn(path);
    fs.mkdirSync(folder, { mode });
    fs.chmodSync(folder, fs.statSync(folder).mode | mode); // whatever the umask says
    const prepared = prepare(folder);
    const written = writeLog(new NodeFiles(folder), jobs, {
      segmentBytes: DEFAULT_SEGMENT_BYTES,
      identity: randomIdentity(),
      now: Date.now(),
    });
    moveUp(folder, path);
    return { prepared, written };
  } catch (error) {
    fs.rmSync(isMade ? path : folder, { recursive: true, force: true });
    throw error;
  }
}

/** The log's files stand where they belong, and only then is the folder gone. */
function moveUp(folder: string, path: string): void {
  new NodeFiles(folder).syncDirectory();
  for (const name of fs.readdirSync(folder)) {
    // Zeros for segments to come, and a lock that nobody holds: the first start makes its own.
    if (numberIn(name, "spare") > 0 || name === OWN_LOCK) fs.unlinkSync(join(folder, name));
    else fs.renameSync(join(folder, name), join(path, name));
  }
  new NodeFiles(path).syncDirectory();
  fs.rmdirSync(folder);
  new NodeFiles(path).syncDirectory();
  new NodeFiles(dirname(resolve(path))).syncDirectory();
}
