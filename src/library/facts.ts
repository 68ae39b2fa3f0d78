// What the stats document says of this process and machine. It is looked up when asked for, so that a program that never
// asks needs no permission; what the platform refuses has a placeholder.

import type { JournalFacts } from "../ports/journal.ts";
import type { ServerFacts } from "../protocol/stats.ts";
import { cpuMicros, hostName, kernelVersion, machineName, orElse, processId } from "../runtime/machine.ts";
import { VERSION } from "../runtime/version.ts";

const NO_LOG: JournalFacts = { oldest: 0, current: 0, migrated: 0, written: 0 };

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
      return processId();
    },
    get hostname(): string {
      return hostName();
    },
    get os(): string {
      return kernelVersion();
    },
    get platform(): string {
      return machineName();
    },
    cpuMicros,
    binlog() {
      const facts = orElse(NO_LOG, journal);
      return { ...facts, maxBytes: segmentBytes ?? facts.maxBytes ?? 0 };
    },
  };
}
