// Directories for servers under measurement, on a real disk: in memory a sync costs nothing and would prove nothing.
import {
  closeSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { digits, median } from "./report.ts";

export interface WorkDirectory {
  readonly path: string;
  remove(): void;
}

const MEMORY_FILE_SYSTEMS: readonly string[] = ["tmpfs", "ramfs", "devtmpfs"];
const PROBES = 200;
const PROBE_BYTES = 512;
const PROBE_FILE_BYTES = 1_048_576;

/** A fresh directory below `parent`, removed at the end of this process at the latest. */
export function workDirectory(parent: string): WorkDirectory {
  const path = mkdtempSync(join(parent, "runnerbean-bench-"));
  const remove = (): void => {
    process.removeListener("exit", remove);
    rmSync(path, { recursive: true, force: true });
  };
  process.once("exit", remove);
  return { path, remove };
}

/** What `parent` lies on and what a sync costs there, for the head of a table. Throws when it lies in memory. */
export function diskFacts(parent: string): string {
  const type = fileSystemOf(parent);
  if (MEMORY_FILE_SYSTEMS.includes(type)) {
    throw new Error(`${parent} is on ${type}, which is no disk: choose another with --dir`);
  }
  const us = digits(syncMicroseconds(parent));
  return `logs below ${parent} on ${type}; writing ${PROBE_BYTES} B in place and fdatasync: ${us} us (median)`;
}

/** The type of the file system, as Linux calls it; "?" elsewhere. */
function fileSystemOf(path: string): string {
  const real = realpathSync(path);
  let longest = "";
  let type = "?";
  for (const line of mountLines()) {
    // <ids> <root> <mount point> <options> ... - <type> <source> <options>
    const [before, after] = line.split(" - ");
    const point = before.split(" ")[4] ?? "";
    const isAbove = real === point || real.startsWith(point.endsWith("/") ? point : `${point}/`);
    if (isAbove && point.length >= longest.length) {
      longest = point;
      type = after.split(" ")[0];
    }
  }
  return type;
}

function mountLines(): string[] {
  try {
    return readFileSync("/proc/self/mountinfo", "utf8").split("\n").filter((line) => line.includes(" - "));
  } catch {
    return [];
  }
}

/** The median time of a small write over bytes that were written and synced before, and its sync. */
function syncMicroseconds(parent: string): number {
  const directory = workDirectory(parent);
  const file = openSync(join(directory.path, "probe"), "w");
  try {
    writeSync(file, new Uint8Array(PROBE_FILE_BYTES));
    fdatasyncSync(file);
    const bytes = new Uint8Array(PROBE_BYTES).fill(1);
    const took: number[] = [];
    for (let i = 0; i < PROBES; i++) {
      const began = performance.now();
      writeSync(file, bytes, 0, PROBE_BYTES, i * PROBE_BYTES);
      fdatasyncSync(file);
      took.push((performance.now() - began) * 1000);
    }
    return median(took);
  } finally {
    closeSync(file);
    directory.remove();
  }
}
