// Which runtime this is, and the adapter that goes with it.

import process from "node:process";
import { listen as listenBun } from "../adapters/bun/listen.ts";
import { createAfterInput } from "../adapters/deno/after_input.ts";
import { listen as listenDeno } from "../adapters/deno/listen.ts";
import { listen as listenNode } from "../adapters/node/listen.ts";
import { SystemClock } from "../adapters/system_clock.ts";
import type { Address, Listen } from "../ports/transport.ts";

export type RuntimeName = "deno" | "bun" | "node";

/** The runtime that runs this program. */
export function runtimeName(): RuntimeName {
  const { deno, bun } = process.versions as Record<string, string | undefined>;
  return deno ? "deno" : bun ? "bun" : "node";
}

/** The listener for an address: the runtime's own, or node:net for an inherited descriptor, which only that can take. */
export function listenFor(address: Address): Listen {
  if (address.kind === "descriptor") return listenNode;
  const listeners: Record<RuntimeName, Listen> = { deno: listenDeno, bun: listenBun, node: listenNode };
  return listeners[runtimeName()];
}

/** The clock, with the runtime's own way to let input through. */
export async function runtimeClock(): Promise<SystemClock> {
  return runtimeName() === "deno" ? new SystemClock(await createAfterInput()) : new SystemClock();
}
