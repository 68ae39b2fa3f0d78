// The lock of a log's directory. The runtimes have no lock on files; SQLite's, which the system releases with the process
// however that ends, is the same on all three.
//
// Invariant: nobody opens the lock's file but SQLite while this process may hold it. Closing any descriptor of a file
// drops all of the process's locks on it (POSIX).

import fs from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { fileModeIn } from "./file_mode.ts";

/** Name of the lock's file in a directory. */
export const LOCK_NAME = "lock.sqlite";

/** What of SQLite is used: a transaction that holds a file's lock. */
export interface LockDatabase {
  exec(sql: string): unknown;
  close(): void;
}

/** Who has a directory: we do now; this process did before; or somebody else. */
export type LockOutcome = DirectoryLock | "here" | "elsewhere";

/** Directories that this process has locked, by device and inode; shared by all copies of this module. */
const TAKEN_KEY = Symbol.for("runnerbean.locked-directories");
const global = globalThis as unknown as { [TAKEN_KEY]?: Set<string> };
const taken: Set<string> = global[TAKEN_KEY] ??= new Set();

export class DirectoryLock {
  private readonly key: string;
  private readonly database: LockDatabase;

  private constructor(key: string, database: LockDatabase) {
    this.key = key;
    this.database = database;
  }

  /** Throws the system's error, or one that says what is wrong with the lock's file. */
  static take(directory: string): LockOutcome {
    const { dev, ino } = fs.statSync(directory, { bigint: true });
    const key = `${dev}:${ino}`;
    if (taken.has(key)) return "here";
    const path = join(directory, LOCK_NAME);
    prepare(path, fileModeIn(directory));
    let database: LockDatabase | null = null;
    try {
      database = openLockDatabase(path, false);
      database.exec("PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    } catch (error) {
      database?.close();
      if (/locked|busy/i.test(String(error))) return "elsewhere";
      throw explained(path, error as Error);
    }
    taken.add(key);
    return new DirectoryLock(key, database);
  }

  release(): void {
    this.database.close();
    taken.delete(this.key);
  }
}

/** Who may only read the file could hold its lock too: nobody but those who may write here may open it. */
function prepare(path: string, mode: number): void {
  try {
    const fd = fs.openSync(path, "wx", mode);
    fs.fchmodSync(fd, mode); // whatever the umask says
    fs.closeSync(fd);
  } catch (error) {
    if ((error as { code?: string }).code !== "EEXIST") throw error;
    narrow(path, mode);
  }
}

/** Earlier versions left it readable for everybody. */
function narrow(path: string, mode: number): void {
  const stat = fs.statSync(path);
  if (!stat.isFile() || (stat.mode & 0o777 & ~mode) === 0) return;
  try {
    fs.chmodSync(path, mode);
  } catch {
    // It is another user's, who keeps it as it is.
  }
}

/** SQLite's own words name neither the file nor a way out. */
function explained(path: string, error: Error): Error {
  const { size, isFile } = describe(path);
  let reason = `${path} cannot be locked: ${error.message}`;
  if (!isFile) reason = `${path} is no plain file: remove it`;
  else if (size > 0) {
    reason =
      `${path} holds ${size} bytes that are no lock: if no server uses this directory, remove that file`;
  } else if (/unable to open|readonly|read-only/i.test(error.message)) {
    reason = `EACCES: ${path} cannot be opened for writing`;
  }
  return Object.assign(new Error(reason), { code: "ELOCK" });
}

function describe(path: string): { readonly size: number; readonly isFile: boolean } {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  return { size: stat?.size ?? 0, isFile: stat?.isFile() ?? true };
}

/** Opens a lock's file with the SQLite that the runtime has. A file that is only read must be there. */
export function openLockDatabase(path: string, isReadOnly: boolean): LockDatabase {
  const require = createRequire(import.meta.url);
  if (process.versions.bun !== undefined) {
    type Constructor = new (path: string, options: object) => LockDatabase;
    const { Database } = require("bun:sqlite") as { Database: Constructor };
    return new Database(path, isReadOnly ? { readonly: true } : { readwrite: true, create: true });
  }
  type Constructor = new (path: string, options: { readOnly: boolean }) => LockDatabase;
  const { DatabaseSync } = require("node:sqlite") as { DatabaseSync: Constructor };
  return new DatabaseSync(path, { readOnly: isReadOnly });
}
