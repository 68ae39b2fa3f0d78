// How late the machine itself made a process: time that its threads were ready to run and got no processor, by the kernel's
// own count. All threads count, since the main one may wait for another (a collector's, a compiler's). A test that bounds
// lateness allows for this, so that a busy machine cannot fail it.

import { readdirSync, readFileSync } from "node:fs";

/** How often both processes are looked at, in milliseconds. */
const SAMPLE_MS = 10;

interface Sample {
  readonly at: number;
  /** Milliseconds that the threads of the watched process have waited for a processor, together. */
  readonly waitedMs: number;
}

/** Watches this process and one other, until it is stopped. */
export class MachineDelay {
  /** The longest time that this process did not get to its timers, in milliseconds. */
  longestStallMs = 0;
  /** This process has looked at its sockets for certain up to here, in milliseconds of `performance.now()`. */
  lookedAt: number = performance.now();
  readonly #samples: Sample[] = [];
  readonly #path: string;
  readonly #timer: ReturnType<typeof setInterval>;

  /** `pid`: the process whose waits are counted. Where the kernel does not count them (outside Linux) they are 0. */
  constructor(pid: number) {
    this.#path = `/proc/${pid}/task`;
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#sample();
  }

  /** How long the watched process waited for a processor between two instants, in milliseconds; rounded up to samples. */
  waitedMs(from: number, to: number): number {
    const samples = this.#samples;
    let before = samples[0];
    for (const sample of samples) {
      if (sample.at <= from) before = sample;
      if (sample.at >= to) return Math.max(0, sample.waitedMs - before.waitedMs);
    }
    return Math.max(0, samples.at(-1)!.waitedMs - before.waitedMs); // a thread that ended took its count along
  }

  #sample(): void {
    const at = performance.now();
    const last = this.#samples.at(-1);
    if (last !== undefined) {
      this.longestStallMs = Math.max(this.longestStallMs, at - last.at - SAMPLE_MS);
      // What came in before the last sample was seen by then; what came since may be seen only now.
      this.lookedAt = last.at;
    }
    this.#samples.push({ at, waitedMs: waitedForProcessor(this.#path) });
  }
}

/** The second number of each thread's schedstat file, nanoseconds; together, as milliseconds. */
function waitedForProcessor(tasks: string): number {
  try {
    return readdirSync(tasks).reduce((sum, task) => sum + waitOf(`${tasks}/${task}/schedstat`), 0);
  } catch {
    return 0; // not Linux, or the process has ended
  }
}

function waitOf(path: string): number {
  try {
    return Number(readFileSync(path, "utf8").split(" ")[1]) / 1e6;
  } catch {
    return 0; // the thread has ended
  }
}
