// On Node most of a start goes into stripping types. Servers that are started again and again share the result.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RUNTIME } from "../support/runtime.ts";
import { runnerbeanCommand, startProcess } from "../support/server_process.ts";

export interface ModuleCache {
  /** For the environment of servers. */
  readonly env: Record<string, string>;
  remove(): void;
}

export async function fillModuleCache(): Promise<ModuleCache> {
  if (RUNTIME !== "node") return { env: {}, remove: () => {} };
  const folder = mkdtempSync(join(tmpdir(), "runnerbean-modules-"));
  const env = { NODE_COMPILE_CACHE: folder };
  await startProcess([...runnerbeanCommand(), "-v"], env).exited;
  return { env, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
