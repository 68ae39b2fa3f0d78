// Whether another process holds the lock of a log's directory, and a lock of our own that keeps others from taking it.
//
// Both Runnerbean (through SQLite) and beanstalkd (directly) lock with the system's record locks, so a reading
// transaction of SQLite on the lock's file meets either; it writes nothing. Elsewhere than on Linux nobody can say who
// the holder is, and where SQLite may not open the file only Linux's list of locks can be asked.

import fs from "node:fs";
import { join } from "node:path";
import { LOCK_NAME, openLockDatabase } from "../../adapters/node/directory_lock.ts";
import type { LockDatabase } from "../../adapters/node/directory_lock.ts";
import { EXIT_LOCK } from "../exit_codes.ts";
import { VerbProblem } from "./verb.ts";

/** Names of the lock's file: Runnerbean's and beanstalkd's. */
export const OWN_LOCK = LOCK_NAME;
export const BEANSTALKD_LOCK = "lock";

/** Does the work while nobody else can begin to write. Throws when somebody does already. */
export async function whileLocked<T>(
  directory: string,
  lockName: string,
  work: () => T | Promise<T>,
): Promise<T> {
  const lock = lockForReading(directory, lockName);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

interface ReadLock {
  release(): void;
}

/** A directory without the lock's file is not locked, and none is created: it is only read. */
function lockForReading(directory: string, lockName: string): ReadLock {
  const path = join(directory, lockName);
  if (!fs.existsSync(path)) return { release: () => {} };
  const holder = holderOf(path);
  if (holder !== null) throw heldBy(directory, holder);
  let database: LockDatabase | null = null;
  try {
    database = openLockDatabase(path, true);
    database.exec("BEGIN; SELECT * FROM sqlite_master");
  } catch (error) {
    if (/locked|busy/i.test(String(error))) {
      database?.close();
      throw heldBy(directory, 0);
    }
  }
  return { release: () => database?.close() };
}

function heldBy(directory: string, pid: number): VerbProblem {
  const who = pid > 0 ? `process ${pid}` : "another process";
  return new VerbProblem(EXIT_LOCK, `${who} uses ${directory}; stop that server first`);
}

/** A line of /proc/locks: `1: POSIX  ADVISORY  WRITE 9391 fe:00:2171433 0 EOF`. Those with an arrow only wait. */
const WRITE_LOCK = /^\d+: (?:POSIX|OFDLCK)\s+\S+\s+WRITE\s+(-?\d+)\s+([0-9a-f]+):([0-9a-f]+):(\d+) /;

/** The process that holds a write lock on a file: its id, 0 when it is in another container, null when there is none. */
export function holderOf(path: string): number | null {
  let locks: string;
  try {
    locks = fs.readFileSync("/proc/locks", "utf8");
  } catch {
    return null;
  }
  const file = fs.statSync(path, { bigint: true });
  for (const line of locks.split("\n")) {
    const match = WRITE_LOCK.exec(line);
    if (match === null || BigInt(match[4]) !== file.ino) continue;
    const pid = Math.max(0, Number(match[1]));
    const isSameDevice = parseInt(match[2], 16) === major(file.dev) &&
      parseInt(match[3], 16) === minor(file.dev);
    if (isSameDevice || hasOpen(pid, file)) return pid;
  }
  return null;
}

/** Some file systems show another device here than in the list of locks; then what the process has open decides. */
function hasOpen(pid: number, file: fs.BigIntStats): boolean {
  const folder = `/proc/${pid}/fd`;
  let names: string[];
  try {
    names = fs.readdirSync(folder);
  } catch (error) {
    return (error as { code?: string }).code !== "ENOENT";
  }
  return names.some((name) => {
    try {
      const open = fs.statSync(join(folder, name), { bigint: true });
      return open.ino === file.ino && open.dev === file.dev;
    } catch {
      return false;
    }
  });
}

/** Linux packs both numbers of a device into one, low bits and high bits apart. */
function major(device: bigint): number {
  return Number((device >> 8n & 0xfffn) | (device >> 32n & ~0xfffn));
}

function minor(device: bigint): number {
  return Number((device & 0xffn) | (device >> 12n & ~0xffn & 0xffff_ffffn));
}
