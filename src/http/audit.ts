// The audit log: who destroyed or changed what, when. The last entries are kept for everybody to see; a file gets all of
// them, one JSON document a line.

import { appendFile, open } from "node:fs/promises";
import type { AuditEntry } from "./model.ts";

/** Entries that are kept to be shown. */
export const AUDIT_ENTRIES = 1000;
/** Lines that may wait for a slow disk; beyond it they are not written, which is said. */
const MAX_WAITING_LINES = 10_000;
/** So many milliseconds the end of the server waits for the file. */
const PATIENCE_MS = 2000;

/** The audit file cannot be had. */
export class AuditProblem extends Error {}

/** When no descriptor was left for the file, it is tried again after so many milliseconds. */
const AGAIN_AFTER_MS = 100;
const OUT_OF_DESCRIPTORS: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE"]);

export class Audit {
  readonly #entries: AuditEntry[] = [];
  readonly #file: string | null;
  readonly #warn: (line: string) => void;
  #waiting: string[] = [];
  #writing: Promise<void> | null = null;
  #lost = 0;

  private constructor(file: string | null, warn: (line: string) => void) {
    this.#file = file;
    this.#warn = warn;
  }

  /** Keeps entries in memory, and in a file if one is given. Rejects when the file cannot be written. */
  static async open(file: string | null, warn: (line: string) => void): Promise<Audit> {
    try {
      if (file !== null) await (await open(file, "a", 0o600)).close();
    } catch (error) {
      throw new AuditProblem(`--audit: ${file} cannot be written: ${(error as Error).message}`);
    }
    return new Audit(file, warn);
  }

  note(who: string, action: string, target: string, count: number | null, outcome: string = "done"): void {
    const entry: AuditEntry = { at: new Date().toISOString(), who, action, target, count, outcome };
    this.#entries.push(entry);
    if (this.#entries.length > 2 * AUDIT_ENTRIES) this.#entries.splice(0, AUDIT_ENTRIES);
    if (this.#file === null) return;
    if (this.#waiting.length >= MAX_WAITING_LINES) this.#lost++;
    else this.#waiting.push(`${JSON.stringify(entry)}\n`);
    this.#writing ??= this.#write(this.#file);
  }

  /** Resolves when all that was noted is written, or could not be; a disk that does not answer is not waited for any longer. */
  async close(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => timer = setTimeout(resolve, PATIENCE_MS));
    await Promise.race([this.#writing, patience]);
    clearTimeout(timer);
  }

  /** The newest first. */
  latest(limit: number): AuditEntry[] {
    const all = this.#entries.slice(-AUDIT_ENTRIES);
    return all.slice(-limit).reverse();
  }

  async #write(file: string): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      try {
        await appendFile(file, lines.join(""));
      } catch (error) {
        if (OUT_OF_DESCRIPTORS.has((error as { code?: unknown }).code)) { // nothing was written: they wait
          this.#waiting = [...lines, ...this.#waiting];
          await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
          continue;
        }
        this.#lost += lines.length;
        this.#warn(`--audit ${file}: ${(error as Error).message}; ${this.#lost} entries are not in it`);
      }
    }
    this.#writing = null;
  }
}
