// A server of the protocol, used through the bench's own client: a producer sends what it has in one write, a worker
// fills its hands in one round trip and deletes what it has done together with asking for more.
import { OwnClient, type ReservedJob } from "./own_client.ts";
import type { Queue, QueueSettings } from "./queue.ts";

export async function openOwnQueue({ host, port, staff }: QueueSettings): Promise<Queue> {
  const connect = (): Promise<OwnClient> => OwnClient.connect(host, port);
  const producers = await Promise.all(Array.from({ length: staff.producers }, connect));
  return {
    async put(producer, bodies) {
      const client = producers[producer];
      await Promise.all(bodies.map((body) => client.put(body)));
    },
    async work(handle, finished) {
      const workers = await Promise.all(Array.from({ length: staff.workers }, connect));
      for (const client of workers) {
        void workForEver(client, staff.slots, handle, finished);
      }
    },
  };
}

async function workForEver(
  client: OwnClient,
  slots: number,
  handle: (body: string) => Promise<void>,
  finished: (body: string) => void,
): Promise<void> {
  // A connection that waits in reserve is served nothing else, so deletes are sent before the next reserve; their
  // replies need not be waited for.
  const work = async ({ id, body }: ReservedJob): Promise<void> => {
    await handle(body);
    void client.delete(id).then(() => finished(body));
  };
  // More is asked for only while more is there: a queue that is nearly empty gets one reserve per job.
  let extra = 0;
  for (;;) {
    const first = client.reserve();
    const others = Array.from({ length: extra }, () => client.reserveReady());
    const working = [work(await first)];
    for (const other of others) {
      const job = await other;
      if (job) working.push(work(job));
    }
    await Promise.all(working);
    extra = Math.min(slots, 2 * working.length) - 1;
  }
}
