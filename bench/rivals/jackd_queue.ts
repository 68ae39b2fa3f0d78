// A server of the protocol, used through jackd as its README shows; a worker that shall have several jobs in its hands has
// as many connections. The puts of a batch are not awaited one by one, which works with this version.
import { createRequire } from "node:module";
import type { Queue, QueueSettings } from "./queue.ts";

interface Jackd {
  connect(options: { host: string; port: number }): Promise<unknown>;
  put(body: string): Promise<string>;
  reserve(): Promise<
    { id: string; payload: { toString(encoding: string): string } }
  >;
  delete(id: string): Promise<void>;
}

export async function openJackdQueue({ host, port, staff }: QueueSettings): Promise<Queue> {
  const Client = createRequire(import.meta.url)("jackd") as new () => Jackd;
  const connect = async (): Promise<Jackd> => {
    const client = new Client();
    await client.connect({ host, port });
    return client;
  };
  const producers = await Promise.all(Array.from({ length: staff.producers }, connect));
  return {
    async put(producer, bodies) {
      const client = producers[producer];
      await Promise.all(bodies.map((body) => client.put(body)));
    },
    async work(handle, finished) {
      const clients = await Promise.all(Array.from({ length: staff.workers * staff.slots }, connect));
      for (const client of clients) void workForEver(client, handle, finished);
    },
  };
}

async function workForEver(
  client: Jackd,
  handle: (body: string) => Promise<void>,
  finished: (body: string) => void,
): Promise<void> {
  for (;;) {
    const { id, payload } = await client.reserve();
    const body = payload.toString("latin1");
    await handle(body);
    await client.delete(id);
    finished(body);
  }
}
