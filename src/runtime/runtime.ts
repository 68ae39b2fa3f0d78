// Which runtime this is, and the adapters that go with it: how it listens, copies, keeps time.

import process from "node:process";
import { listen as listenBun } from "../adapters/bun/listen.ts";
import { createAfterInput } from "../adapters/deno/after_input.ts";
import type { AfterInput } from "../adapters/deno/after_input.ts";
import { listen as listenDeno } from "../adapters/deno/listen.ts";
import { copyLong as copyByBuffer } from "../adapters/node/copy.ts";
import { countExternalMemoryAsHeap } from "../adapters/node/external_memory.ts";
import { listen as listenNode } from "../adapters/node/listen.ts";
import type { CopyBytes } from "../core/copy.ts";
import type { Listen } from "../ports/transport.ts";

export type { AfterInput };

export type RuntimeName = "deno" | "bun" | "node";

/** The runtime that runs this program. */
export function runtimeName(): RuntimeName {
  const { deno, bun } = process.versions as Record<string, string | undefined>;
  return deno ? "deno" : bun ? "bun" : "node";
}

/** Listens in the runtime's own way; by node:net on a descriptor that was inherited, which only that can take. */
export const listen: Listen = (address, accept, refusals) => {
  if (address.kind === "descriptor") return listenNode(address, accept, refusals);
  const listeners: Record<RuntimeName, Listen> = { deno: listenDeno, bun: listenBun, node: listenNode };
  return listeners[runtimeName()](address, accept, refusals);
};

/** What lets the runtime look for input before work goes on; undefined where immediates do. Opens sockets on Deno. */
export function openAfterInput(): Promise<AfterInput | undefined> {
  return runtimeName() === "deno" ? createAfterInput() : Promise.resolve(undefined);
}

/** The runtime's best way to copy long stretches of bytes; undefined where that is the one that works everywhere. */
export function copyLong(): CopyBytes | undefined {
  return runtimeName() === "deno" ? undefined : copyByBuffer;
}

/** What the runtime must be told before much memory is used. May be called again. */
export function tuneMemory(): void {
  if (runtimeName() === "node") countExternalMemoryAsHeap();
}
