// Listens with the epoll adapter and has a bug: the first chunk that comes throws. Prints its port.
import { openEpoll } from "../../src/adapters/epoll/epoll.ts";

const { listen } = await openEpoll();
const { address } = await listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, () => ({
  received(): void {
    throw new Error("an invariant is broken");
  },
  ended(): void {},
  drained(): void {},
  closed(): void {},
}));
if (address.kind === "tcp") console.log(`port ${address.port}.`);
