// What can go wrong with a disk, on cue: the n-th operation of a kind fails, or the machine stops there.

/** What a process asks of a disk. */
export type Operation =
  | "read"
  | "write"
  | "truncate"
  | "create"
  | "rename"
  | "remove"
  | "sync"
  | "syncDirectory";

export interface DiskFault {
  /** Which operations are counted; `change` stands for all but reads. */
  readonly on: Operation | "change";
  /** How many of them go well before it strikes. */
  readonly after: number;
  /** The error's code, or the end of the machine (or process: see {@link Crash}). */
  readonly outcome: "EIO" | "ENOSPC" | "crash";
  /** How much of the operation is done all the same: 0 none, 1 all; of a write also a part. */
  readonly done: number;
}

/** As the system would say it. */
export class DiskError extends Error {
  override readonly name = "DiskError";
  readonly code: string;

  constructor(code: string, what: string) {
    super(`${code}: ${what}`);
    this.code = code;
  }
}

/**
 * Everything stops in the middle of an operation. Whoever drives the disk catches it, and says with `powerCut` or `kill`
 * what it was; until then every further operation throws it again, so that a process that caught it can do no harm.
 */
export class Crash extends Error {
  override readonly name = "Crash";
}

export class DiskFaults {
  /** Operations so far, reads aside. */
  changes = 0;
  /** Operations that failed on cue. */
  failures = 0;
  private readonly armed: { readonly fault: DiskFault; left: number }[] = [];

  /** Lays a fault in wait. It strikes once. */
  arm(fault: DiskFault): void {
    this.armed.push({ fault, left: fault.after });
  }

  disarm(): void {
    this.armed.length = 0;
  }

  /** Counts an operation; the fault that strikes now, if any. */
  next(operation: Operation): DiskFault | null {
    if (operation !== "read") this.changes++;
    let striking: DiskFault | null = null;
    for (const waiting of [...this.armed]) {
      const { on } = waiting.fault;
      if (on !== operation && (on !== "change" || operation === "read")) continue;
      if (waiting.left-- > 0 || striking !== null) continue;
      striking = waiting.fault;
      if (striking.outcome !== "crash") this.failures++;
      this.armed.splice(this.armed.indexOf(waiting), 1);
    }
    return striking;
  }
}
