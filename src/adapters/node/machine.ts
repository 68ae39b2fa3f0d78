// What the platform says of this process and machine. It may refuse each fact: Deno by its permissions, a container that has
// no /proc. A server must not end for that, so each fact has a placeholder.

import { readFileSync } from "node:fs";
import os from "node:os";
import process from "node:process";

/** Stands for a name that cannot be had. */
export const UNKNOWN = "unknown";

/** A permission of Deno, as far as it is asked for here. */
type Permission =
  | { readonly name: "sys"; readonly kind: string }
  | { readonly name: "read"; readonly path: string };

interface DenoRuntime {
  readonly permissions: { querySync(permission: Permission): { readonly state: string } };
}

/** What `look` answers, or the placeholder when the platform refuses. */
export function orElse<T>(placeholder: T, look: () => T): T {
  try {
    return look();
  } catch {
    return placeholder;
  }
}

/**
 * The same for what Deno gives by permission only. Deno would ask at the terminal for one that was not given, and stop the
 * process until somebody answers; so it is looked up before, and a permission that was not given counts as refused.
 */
function ifPermitted<T>(permission: Permission, placeholder: T, look: () => T): T {
  const { Deno } = globalThis as unknown as { Deno?: DenoRuntime };
  return orElse(placeholder, () => {
    const state = Deno?.permissions.querySync(permission).state ?? "granted";
    return state === "granted" ? look() : placeholder;
  });
}

/** The name of this machine. Deno: `--allow-sys=hostname`. `placeholder` when it cannot be had. */
export function hostName(placeholder: string = UNKNOWN): string {
  return ifPermitted({ name: "sys", kind: "hostname" }, placeholder, () => os.hostname());
}

/** Reads a file of /proc; null when it cannot be read. Deno: `--allow-all`, which Deno wants for all of /proc. */
export function readProc(path: string): string | null {
  return ifPermitted<string | null>({ name: "read", path }, null, () => readFileSync(path, "utf8"));
}

/** The kernel's version text. Deno's os.version() (2.9) is the release instead, and needs `--allow-sys=osRelease`. */
export function kernelVersion(): string {
  const text = readProc("/proc/sys/kernel/version");
  if (text !== null) return text.trim();
  return ifPermitted({ name: "sys", kind: "osRelease" }, UNKNOWN, () => os.version());
}

/** The name of the processor's architecture, such as x86_64. */
export function machineName(): string {
  return orElse(UNKNOWN, () => os.machine());
}

/** The number of this process; 0 when it cannot be had. */
export function processId(): number {
  return orElse(0, () => process.pid);
}

/** CPU time used so far, in microseconds; zeros when it cannot be had. */
export function cpuMicros(): { user: number; system: number } {
  return orElse<{ user: number; system: number }>({ user: 0, system: 0 }, () => process.cpuUsage());
}

/** Memory of this process in bytes; zeros when it cannot be had. */
export function memoryUse(): { rss: number; heapUsed: number } {
  return orElse<{ rss: number; heapUsed: number }>({ rss: 0, heapUsed: 0 }, () => process.memoryUsage());
}
