// Listens with the runtime's own adapter, or with the one that is named (`epoll`), and has a bug: the first chunk that
// comes throws. Prints its port.
import process from "node:process";
import { openSockets } from "../../src/cli/sockets.ts";
import type { Peer } from "../../src/ports/transport.ts";

const BROKEN: Peer = {
  received(): void {
    throw new Error("an invariant is broken");
  },
  ended(): void {},
  drained(): void {},
  closed(): void {},
};

/** Not awaited at the top: with that pending, Bun reports what is thrown and goes on. */
async function main(): Promise<void> {
  const { listen } = await openSockets(process.argv[2] === "epoll" ? "epoll" : "native");
  const { address } = await listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, () => BROKEN);
  if (address.kind === "tcp") process.stdout.write(`port ${address.port}.\n`);
}

void main();
