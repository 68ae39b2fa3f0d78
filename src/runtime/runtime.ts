// Which runtime this is, and its own way to listen. For programs that bring a queue along; the server's command line has
// more to choose from.

import process from "node:process";
import { listen as listenBun } from "../adapters/bun/listen.ts";
import { listen as listenDeno } from "../adapters/deno/listen.ts";
import { listen as listenNode } from "../adapters/node/listen.ts";
import type { Listen } from "../ports/transport.ts";

export type RuntimeName = "deno" | "bun" | "node";

/** The runtime that runs this program. */
export function runtimeName(): RuntimeName {
  const { deno, bun } = process.versions as Record<string, string | undefined>;
  return deno ? "deno" : bun ? "bun" : "node";
}

/** Listens on a TCP address or a Unix socket in the runtime's own way. */
export const listen: Listen = (address, accept) => {
  const listeners: Record<RuntimeName, Listen> = { deno: listenDeno, bun: listenBun, node: listenNode };
  return listeners[runtimeName()](address, accept);
};
