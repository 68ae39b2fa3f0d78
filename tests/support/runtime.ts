// Which runtime runs these tests, and what is missing on this machine.
import process from "node:process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

export type RuntimeName = "deno" | "bun" | "node";

const versions = process.versions as Record<string, string | undefined>;

/** The runtime this test process runs on; the server under test is started on the same one. */
export const RUNTIME: RuntimeName = versions.deno ? "deno" : versions.bun ? "bun" : "node";

/** The command that runs a TypeScript file of this project on this runtime. */
export function runtimeCommand(): string[] {
  return RUNTIME === "deno" ? [process.execPath, "run", "-A", "--no-check"] : [process.execPath];
}

/** The full path of a runtime: the one that the test task names, or the one on PATH; "" when there is none. */
export function findRuntime(name: RuntimeName): string {
  if (name === RUNTIME) return process.execPath;
  return process.env[`RUNNERBEAN_${name.toUpperCase()}`] || findProgram(name);
}

/** The full path of a program on PATH, or "" when it is not installed. */
export function findProgram(name: string): string {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, name);
    if (folder && existsSync(path)) return path;
  }
  return "";
}

/**
 * What a test passes as `skip`: false when the program is there; else the reason, printed. With CI=true nothing may be
 * missing, so the test is not skipped and fails by itself with `requireProgram`.
 */
export function skipWithout(program: string, debianPackage: string = program): string | false {
  if (findProgram(program) || process.env.CI === "true") return false;
  const reason = `${program} is not installed (Debian package ${debianPackage})`;
  console.log(`skipped: ${reason}`);
  return reason;
}

/** The program's path; throws with the package to install when it is missing. */
export function requireProgram(program: string, debianPackage: string = program): string {
  const path = findProgram(program);
  if (!path) throw new Error(`${program} is missing: install the Debian package ${debianPackage}`);
  return path;
}

/** A seed for random tests: RUNNERBEAN_SEED repeats a run, otherwise a fresh one; printed so that a failure can be repeated. */
export function freshSeed(what: string): number {
  const given = process.env.RUNNERBEAN_SEED;
  const seed = given ? Number(given) : (Date.now() ^ (process.pid << 8)) >>> 0;
  console.log(`${what}: seed ${seed} (repeat with RUNNERBEAN_SEED=${seed})`);
  return seed;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until something is so; throws when it is not after a minute. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const giveUpAt = performance.now() + 60_000;
  while (!isSo()) {
    if (performance.now() > giveUpAt) throw new Error(`not within a minute: ${what}`);
    await sleep(1);
  }
}
