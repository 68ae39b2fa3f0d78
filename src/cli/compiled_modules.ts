// Node strips types and compiles anew at each start, which takes longer than all else a start does. Here it is told to keep
// the result for the next one. Bun and Deno see to that themselves.
//
// What is kept is code that will be run: so never in a folder that others may write to, such as the system's for
// temporary files. Without a folder of the user's own nothing is kept.

import { mkdirSync, statSync } from "node:fs";
import nodeModule from "node:module";
import { isAbsolute, join } from "node:path";
import process from "node:process";

/** Has Node keep what it compiles from now on, in the user's cache folder; NODE_COMPILE_CACHE names another one. */
export function keepCompiled(env: Readonly<Record<string, string | undefined>>): void {
  const { bun, deno } = process.versions as Record<string, string | undefined>;
  if (bun || deno || env.NODE_COMPILE_CACHE) return;
  const folder = compiledFolder(env);
  if (folder !== null && isOurs(folder)) nodeModule.enableCompileCache?.(folder);
}

/** Keeps what is new now: a process that is killed does not come to it. */
export function saveCompiled(): void {
  nodeModule.flushCompileCache?.();
}

/** Where compiled modules are kept: in the folder that systemd gives a service, or the user's cache; null when there is neither. */
export function compiledFolder(env: Readonly<Record<string, string | undefined>>): string | null {
  const { CACHE_DIRECTORY, XDG_CACHE_HOME, HOME } = env;
  const base = CACHE_DIRECTORY?.split(":")[0] || XDG_CACHE_HOME || (HOME ? join(HOME, ".cache") : "");
  return isAbsolute(base) ? join(base, "runnerbean", "modules") : null;
}

/** Makes the folder if need be; whether it is this user's, and nobody else may write to it. */
export function isOurs(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(folder);
    return uid === process.geteuid?.() && (mode & 0o022) === 0;
  } catch {
    return false; // a read-only home, or none: then it starts as slowly as before
  }
}
