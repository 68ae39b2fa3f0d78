// A Deno KV on the runtime that runs this program: Deno's own, or the npm package's.

import { identifyProcess, isProcessGone } from "../adapters/node/claimant.ts";
import type { KvStore } from "../ports/kv.ts";
import { runtimeName } from "./runtime.ts";

/** Opens a file by its path, or a database by its URL. Rejects with what to do when there is no Deno KV here. */
export async function openKvStore(pathOrUrl: string): Promise<KvStore> {
  const { openKvStore } = runtimeName() === "deno"
    ? await import("../adapters/deno/kv.ts")
    : await import("../adapters/node/kv.ts");
  return openKvStore(pathOrUrl);
}

/** What this process brings to the lease of a store. */
export function leaseFacts(): {
  readonly claimant: ReturnType<typeof identifyProcess>;
  readonly isGone: typeof isProcessGone;
  readonly stopwatch: () => number;
  readonly sleep: (ms: number) => Promise<void>;
} {
  return {
    claimant: identifyProcess(),
    isGone: isProcessGone,
    stopwatch: () => performance.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}
