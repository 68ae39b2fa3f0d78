// What a server process costs, as the kernel counts it (Linux /proc): memory and processor time.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { assertLessOrEqual } from "@std/assert";
import { sleep } from "../support/runtime.ts";

/** For `skip`: why these figures cannot be had here, or false. */
export const NO_PROC: string | false = existsSync("/proc/self/status") ? false : "needs the /proc of Linux";

export const KIB = 1024;
export const MIB: number = 1024 * KIB;

/** The kernel's clock tick for /proc/PID/stat; 100 on every Linux in use. */
const TICKS_PER_SECOND = 100;

function statusBytes(pid: number, field: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status);
  if (!line) throw new Error(`no ${field} for process ${pid}: has the server ended?`);
  return Number(line[1]) * KIB;
}

/** Processor seconds used so far, in user and kernel mode, by all threads. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The share of one processor used during the next `ms`. */
export async function cpuShare(pid: number, ms: number): Promise<number> {
  const [usedBefore, beganAt] = [cpuSeconds(pid), performance.now()];
  await sleep(ms);
  return (cpuSeconds(pid) - usedBefore) / ((performance.now() - beganAt) / 1000);
}

/** Watches how far the resident memory grows over what it is now, peaks between two looks included. */
export class MemoryGrowth {
  readonly #pid: number;
  readonly #atStart: number;

  constructor(pid: number) {
    this.#pid = pid;
    // 5 sets the kernel's record of the peak back to the present size (man 5 proc).
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
    this.#atStart = statusBytes(pid, "VmRSS");
  }

  /** Fails when the peak lay more than `limitBytes` above the start. */
  check(limitBytes: number, what: string): void {
    const grownMib = Math.round((statusBytes(this.#pid, "VmHWM") - this.#atStart) / MIB);
    console.log(`${what}: memory grew by ${grownMib} MiB at its peak (${limitBytes / MIB} MiB allowed)`);
    assertLessOrEqual(grownMib, limitBytes / MIB, `${what}: memory growth in MiB`);
  }
}
