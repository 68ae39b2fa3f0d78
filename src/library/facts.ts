// What the stats document says of this process and machine. Looked up when asked for: Deno asks the user for leave to see
// some of it, and a program that never looks needs none.

import { readFileSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import type { JournalFacts } from "../ports/journal.ts";
import type { ServerFacts } from "../protocol/stats.ts";
import { VERSION } from "../runtime/version.ts";

/** `startedAt` in milliseconds since 1970; `segmentBytes` is the size of a file of the log, if the journal's word is not to count. */
export function describeProcess(
  maxJobBytes: number,
  startedAt: number,
  journal: () => JournalFacts,
  segmentBytes?: number,
): ServerFacts {
  const random = crypto.getRandomValues(new Uint8Array(8));
  const instanceId = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return {
    version: VERSION,
    startedAt,
    maxJobBytes,
    instanceId,
    get pid(): number {
      return process.pid;
    },
    get hostname(): string {
      return os.hostname();
    },
    get os(): string {
      return kernelVersion();
    },
    get platform(): string {
      return os.machine();
    },
    cpuMicros: () => process.cpuUsage(),
    binlog() {
      const facts = journal();
      return { ...facts, maxBytes: segmentBytes ?? facts.maxBytes ?? 0 };
    },
  };
}

/** The kernel's version text; os.version() is the release instead on Deno (2.9). */
function kernelVersion(): string {
  try {
    return readFileSync("/proc/sys/kernel/version", "utf8").trim();
  } catch {
    return os.version();
  }
}
