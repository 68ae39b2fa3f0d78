// The other deadlines: delays, pauses, reserve timeouts and deadline warnings of hundreds of clients each end on time.
import { after, before, describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { closeAll, connectMany, putInto, spread, watchOnly } from "./crowd.ts";
import { Deadlines } from "./deadlines.ts";

const SPREAD_MS = 900;
const GIVE_UP_MS = 3500;

describe("deadlines of hundreds of clients end on time", () => {
  let server: ServerProcess;

  before(async () => {
    server = await startServer();
  });
  after(() => server?.stop());

  it("200 delays of one tube", { timeout: 120_000 }, async () => {
    const producers = await connectMany(server.port, 200);
    const waiters = await connectMany(server.port, 200);
    // Any waiter may get any of the jobs: the job's id says which delay ended.
    const ended = new Map<string, () => void>();
    for (const waiter of waiters) await watchOnly(waiter, "delayed");
    const waiting = waiters.map(async (waiter) => {
      const granted = /^RESERVED (\d+) 1\r\nx\r\n$/.exec(await waiter.ask("reserve\r\n", 2 * GIVE_UP_MS));
      if (granted) ended.get(granted[1])?.();
    });
    const deadlines = new Deadlines("delay", 1000, server.pid);
    await spread(200, SPREAD_MS, (index) => {
      let id = "";
      return deadlines.time(
        async () => {
          id = await putInto(producers[index], "delayed", { delay: 1 });
        },
        () => cameWithin(GIVE_UP_MS, (came) => ended.set(id, came)),
      );
    });
    deadlines.check(200);
    await Promise.all(waiting);
    closeAll([...producers, ...waiters]);
  });

  it("100 pauses", { timeout: 120_000 }, async () => {
    const producers = await connectMany(server.port, 100);
    const waiters = await connectMany(server.port, 100);
    const ids: string[] = [];
    for (let index = 0; index < 100; index++) {
      ids.push(await putInto(producers[index], `paused-${index}`));
      await watchOnly(waiters[index], `paused-${index}`);
    }
    const deadlines = new Deadlines("pause", 1000, server.pid);
    await spread(100, SPREAD_MS, (index) =>
      deadlines.time(async () => {
        assertEquals(await producers[index].ask(`pause-tube paused-${index} 1\r\n`), "PAUSED\r\n");
        waiters[index].send("reserve\r\n");
      }, async () => await waiters[index].reply(GIVE_UP_MS) === `RESERVED ${ids[index]} 1\r\nx\r\n`));
    deadlines.check(100);
    closeAll([...producers, ...waiters]);
  });

  it("300 reserves with a timeout", { timeout: 120_000 }, async () => {
    const waiters = await connectMany(server.port, 300);
    const deadlines = new Deadlines("reserve-with-timeout", 1000, server.pid);
    await spread(300, SPREAD_MS, (index) =>
      deadlines.time(
        () => Promise.resolve(waiters[index].send("reserve-with-timeout 1\r\n")),
        async () => await waiters[index].reply(GIVE_UP_MS) === "TIMED_OUT\r\n",
      ));
    deadlines.check(300);
    closeAll(waiters);
  });

  it("100 warnings one second before the deadline", { timeout: 120_000 }, async () => {
    const producer = await WireClient.connect(server.port);
    const holders = await connectMany(server.port, 100);
    for (let index = 0; index < 100; index++) {
      await putInto(producer, `warned-${index}`, { ttr: 2 });
      await watchOnly(holders[index], `warned-${index}`);
    }
    const deadlines = new Deadlines("DEADLINE_SOON", 1000, server.pid);
    await spread(100, SPREAD_MS, (index) =>
      deadlines.time(async () => {
        assertEquals((await holders[index].ask("reserve\r\n")).slice(0, 8), "RESERVED");
        holders[index].send("reserve\r\n");
      }, async () => await holders[index].reply(GIVE_UP_MS) === "DEADLINE_SOON\r\n"));
    deadlines.check(100);
    closeAll([producer, ...holders]);
  });
});

/** Resolves true when what `listen` is given was called within `ms`, else false. */
function cameWithin(ms: number, listen: (came: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    listen(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
