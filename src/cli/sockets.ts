// Who reads and writes sockets: what `--io` says.

import { SystemClock } from "../adapters/system_clock.ts";
import type { Clock } from "../ports/clock.ts";
import type { Listen } from "../ports/transport.ts";
import { listen, openAfterInput } from "../runtime/runtime.ts";
import type { Io } from "./options.ts";

/** How to listen, and the clock that goes with it. */
export interface Sockets {
  readonly listen: Listen;
  readonly clock: Clock;
}

/** What `--io` asks for. Rejects when this machine or runtime does not have it. */
export async function openSockets(io: Io): Promise<Sockets> {
  const afterInput = await openAfterInput();
  if (io === "native") return { listen, clock: new SystemClock(afterInput) };
  const { openEpoll } = await import("../adapters/epoll/epoll.ts"); // others start quicker without
  return openEpoll(afterInput);
}
