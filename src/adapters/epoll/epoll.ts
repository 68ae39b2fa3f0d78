// Sockets by calls into the C library, without the runtime's own: Linux only, x64 and arm64.

import process from "node:process";
import { setImmediate } from "node:timers";
import type { RefusalReporter } from "../../ports/refusals.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accept, Address, Listen, Listener } from "../../ports/transport.ts";
import { SystemClock } from "../system_clock.ts";
import { Acceptor } from "./acceptor.ts";
import { openBunLibc } from "./bun_libc.ts";
import { openDenoLibc } from "./deno_libc.ts";
import type { Libc } from "./libc.ts";
import { openListeningSocket } from "./listening_socket.ts";
import { openNodeLibc } from "./node_libc.ts";
import { Poller } from "./poller.ts";
import { ReadBuffer } from "./read_buffer.ts";

/** What belongs together: sockets, and the clock whose turns are their rounds. */
export interface Epoll {
  readonly listen: Listen;
  readonly clock: Clock;
}

/**
 * Opens the C library. `handOver` lets the runtime look for its own input and calls back, where setImmediate does not do.
 * Rejects where that cannot be had. One per process, for as long as it lives.
 */
export async function openEpoll(handOver: (callback: () => void) => void = setImmediate): Promise<Epoll> {
  const { platform, arch } = process;
  if (platform !== "linux" || (arch !== "x64" && arch !== "arm64")) {
    throw new Error(`epoll is there on Linux (x64, arm64) only, and this is ${platform} (${arch})`);
  }
  const libc = await openLibc();
  const poller = new Poller(libc, handOver);
  const buffer = new ReadBuffer();
  return {
    clock: new EpollClock(poller),
    async listen(address: Address, accept: Accept, refusals?: RefusalReporter): Promise<Listener> {
      const socket = await openListeningSocket(libc, address);
      const acceptor = new Acceptor(libc, poller, buffer, socket.fd, accept, refusals);
      return { address: socket.address, close: () => acceptor.close() };
    },
  };
}

/** The C library through this runtime's own interface. Rejects, or throws, when it cannot be had. */
export function openLibc(): Promise<Libc> | Libc {
  const { deno, bun } = process.versions as Record<string, string | undefined>;
  return deno ? openDenoLibc() : bun ? openBunLibc() : openNodeLibc();
}

/** Turns end with the rounds of the poller. */
class EpollClock extends SystemClock {
  private readonly poller: Poller;

  constructor(poller: Poller) {
    super((callback) => poller.afterRound(callback));
    this.poller = poller;
  }

  override wakeAt(instant: number, wake: () => void): void {
    const { poller } = this;
    poller.dueAt = performance.now() + instant - this.now();
    super.wakeAt(instant, () => {
      poller.dueAt = Infinity;
      wake();
    });
  }

  override afterTurn(callback: () => void): void {
    this.poller.afterRound(callback);
  }
}
