// Which runtime this is, and the adapters that go with it.

import process from "node:process";
import { listen as listenBun } from "../adapters/bun/listen.ts";
import { createAfterInput } from "../adapters/deno/after_input.ts";
import { listen as listenDeno } from "../adapters/deno/listen.ts";
import { copyBytes as copyByBuffer } from "../adapters/node/copy.ts";
import { countExternalMemoryAsHeap } from "../adapters/node/external_memory.ts";
import { listen as listenNode } from "../adapters/node/listen.ts";
import { SystemClock } from "../adapters/system_clock.ts";
import type { CopyBytes } from "../core/copy.ts";
import type { Clock } from "../ports/clock.ts";
import type { Address, Listen } from "../ports/transport.ts";
import type { Io } from "./options.ts";

export type RuntimeName = "deno" | "bun" | "node";

/** The runtime that runs this program. */
export function runtimeName(): RuntimeName {
  const { deno, bun } = process.versions as Record<string, string | undefined>;
  return deno ? "deno" : bun ? "bun" : "node";
}

/** How to listen, and the clock that goes with it. */
export interface Sockets {
  readonly listenFor: (address: Address) => Listen;
  readonly clock: Clock;
}

/** What `--io` asks for. Rejects when this machine or runtime does not have it. */
export async function openSockets(io: Io): Promise<Sockets> {
  const afterInput = runtimeName() === "deno" ? await createAfterInput() : undefined;
  if (io === "native") return { listenFor: nativeListen, clock: new SystemClock(afterInput) };
  const { openEpoll } = await import("../adapters/epoll/epoll.ts"); // others start quicker without
  const { listen, clock } = await openEpoll(afterInput);
  return { listenFor: () => listen, clock };
}

/** The runtime's best way to copy bytes; undefined where that is the one that works everywhere. */
export function bestCopy(): CopyBytes | undefined {
  return runtimeName() === "deno" ? undefined : copyByBuffer;
}

/** What the runtime must be told before much memory is used. */
export function tuneMemory(): void {
  if (runtimeName() === "node") countExternalMemoryAsHeap();
}

/** The listener for an address: the runtime's own, or node:net for an inherited descriptor, which only that can take. */
function nativeListen(address: Address): Listen {
  if (address.kind === "descriptor") return listenNode;
  const listeners: Record<RuntimeName, Listen> = { deno: listenDeno, bun: listenBun, node: listenNode };
  return listeners[runtimeName()];
}
