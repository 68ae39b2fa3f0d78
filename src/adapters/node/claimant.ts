// This process as the holder of a lease, and whether another one on this machine is gone.

import { readFileSync, readlinkSync } from "node:fs";
import { hostName, orElse, processId, readProc } from "./machine.ts";

/** A process, as others will see it. */
export interface ProcessIdentity {
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  /** This machine since it was started, and this container in it; empty when that cannot be known. */
  readonly place: string;
  /** When the process was started, as the system counts. */
  readonly startedAt: string;
}

export function identifyProcess(): ProcessIdentity {
  const pid = processId();
  const place = placeOfProcesses();
  const random = crypto.getRandomValues(new Uint8Array(16));
  const owner = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return {
    owner,
    host: hostName(""),
    pid,
    place,
    startedAt: place === "" ? "" : orElse("", () => startOf(pid)),
  };
}

/** True only when it is certain: it ran in this place, and runs no more. */
export function isProcessGone({ place, pid, startedAt }: ProcessIdentity): boolean {
  if (place === "" || startedAt === "" || place !== placeOfProcesses()) return false;
  try {
    return startOf(pid) !== startedAt;
  } catch (error) {
    return (error as { code?: string }).code === "ENOENT";
  }
}

function placeOfProcesses(): string {
  const boot = readProc("/proc/sys/kernel/random/boot_id")?.trim() ?? "";
  const namespace = boot === "" ? "" : orElse("", () => readlinkSync("/proc/self/ns/pid"));
  return boot === "" || namespace === "" ? "" : `${boot} ${namespace}`;
}

/** The 22nd field of a process's stat; the second may contain anything, but ends with the last bracket. */
function startOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}
