// Opens Deno's own KV: a file, or a database elsewhere by its URL.

import type { KvStore } from "../../ports/kv.ts";
import { type DenoKv, openDenoKv } from "../deno_kv.ts";

/** Rejects when it cannot be opened, with what to do about it. */
export function openKvStore(pathOrUrl: string): Promise<KvStore> {
  const { Deno } = globalThis as unknown as { Deno: { openKv?: (path: string) => Promise<DenoKv> } };
  if (Deno.openKv === undefined) {
    const message =
      'Deno KV is not enabled: start with deno run --unstable-kv, or have "unstable": ["kv"] in deno.json';
    return Promise.reject(new Error(message));
  }
  return openDenoKv(() => Deno.openKv!(pathOrUrl));
}
