// What the stats document says of this process and machine.

import { readFileSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import { IDENTITY_BYTES } from "../journal/segment.ts";
import type { JournalFacts } from "../ports/journal.ts";
import type { ServerFacts } from "../protocol/stats.ts";
import type { Options } from "./options.ts";
import { VERSION } from "./version.ts";

/** Gathers the facts once; CPU time is asked for at each call. */
export function gatherFacts(options: Options, startedAt: number, binlog: () => JournalFacts): ServerFacts {
  return {
    version: VERSION,
    pid: process.pid,
    hostname: os.hostname(),
    os: kernelVersion(),
    platform: os.machine(),
    instanceId: randomHex(8),
    startedAt,
    maxJobBytes: options.maxJobBytes,
    cpuMicros: () => process.cpuUsage(),
    binlog: () => ({ ...binlog(), maxBytes: options.segmentBytes }),
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

/** A number that strangers cannot guess. */
export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0];
}

/** The identity of a new log. */
export function randomIdentity(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(IDENTITY_BYTES));
}

function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
