// Opens a Deno KV on Node and Bun, through the npm package @deno/kv. It is only looked for when it is asked for, since most
// users do without.

import type { KvStore } from "../../ports/kv.ts";
import { type DenoKv, openDenoKv } from "../deno_kv.ts";

interface KvPackage {
  openKv(
    path: string,
    options: { encodeV8: typeof noOtherValues; decodeV8: typeof noOtherValues },
  ): Promise<DenoKv>;
}

const PACKAGE: string = "@deno/kv";

/** Rejects when it cannot be opened, with what to do about it. */
export async function openKvStore(pathOrUrl: string): Promise<KvStore> {
  const { openKv } = await loadPackage();
  // Bun serializes values in a way of its own, so the package wants to be told how. Here all values are bytes.
  return openDenoKv(() => openKv(pathOrUrl, { encodeV8: noOtherValues, decodeV8: noOtherValues }));
}

async function loadPackage(): Promise<KvPackage> {
  try {
    return await import(PACKAGE);
  } catch (error) {
    const reason = (error as Error).message.split("\n", 1)[0];
    throw new Error(
      `Deno KV on Node and Bun needs the package ${PACKAGE} (npm install ${PACKAGE}): ${reason}`,
    );
  }
}

function noOtherValues(): never {
  throw new Error("a value is not bytes: it was not written by Runnerbean");
}
