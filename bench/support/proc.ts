// CPU time and memory of another process, read from /proc (Linux; elsewhere NaN).
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const TICKS_PER_SECOND = 100;
const KIB = 1024;

/**
 * CPU time a process has used in all its threads since this was made. The scheduler counts each thread in nanoseconds;
 * what a thread that ended meanwhile had used is known only from the process's count in ticks of 10 ms.
 */
export class CpuMeter {
  readonly #pid: number;
  readonly #threads: Map<string, number>;
  readonly #ticks: number;

  constructor(pid: number) {
    this.#pid = pid;
    this.#threads = threadSeconds(pid);
    this.#ticks = cpuTicks(pid);
  }

  seconds(): number {
    let seconds = 0;
    for (const [thread, used] of threadSeconds(this.#pid)) seconds += used - (this.#threads.get(thread) ?? 0);
    // Two ticks, since each of the two counts may have been rounded.
    return Math.max(seconds, (cpuTicks(this.#pid) - this.#ticks - 2) / TICKS_PER_SECOND);
  }
}

/** Resident memory now, in bytes. */
export function residentBytes(pid: number): number {
  return statusBytes(pid, "VmRSS");
}

/** The most resident memory since the start, or since `forgetPeak`, in bytes. */
export function peakBytes(pid: number): number {
  return statusBytes(pid, "VmHWM");
}

/** Sets the peak back to what is resident now. */
export function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // Not Linux, or not permitted: the peak then counts from the server's start.
  }
}

function threadSeconds(pid: number): Map<string, number> {
  const threads = new Map<string, number>();
  for (const thread of listed(`/proc/${pid}/task`)) {
    const used = Number(readOr(`/proc/${pid}/task/${thread}/schedstat`, "0").split(" ")[0]);
    threads.set(thread, used / 1e9);
  }
  return threads;
}

function cpuTicks(pid: number): number {
  const stat = readOr(`/proc/${pid}/stat`, "");
  // The program's name stands in brackets and may hold blanks; user and system time are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

// A thread may end between being listed and being read; a process may be gone, or this may not be Linux (then NaN).
function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return otherwise;
  }
}

function listed(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function statusBytes(pid: number, key: string): number {
  try {
    const match = new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(
      readFileSync(`/proc/${pid}/status`, "latin1"),
    );
    return match ? Number(match[1]) * KIB : NaN;
  } catch {
    return NaN;
  }
}
