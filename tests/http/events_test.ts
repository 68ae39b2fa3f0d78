// Live events over a real connection: what changes, transitions with a filter, drops that are said, clients that do not read.
import { after, before, describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { MOST_JOBS_TOLD, MOST_SUBSCRIBERS } from "../../src/observe/limits.ts";
import { LiveEvents } from "../../src/observe/live_events.ts";
import { eventsResponse } from "../../src/http/event_stream.ts";
import { QueueUnderObservation } from "../observe/queue_under_observation.ts";
import { sleep } from "../support/runtime.ts";
import { EventClient } from "./event_client.ts";
import { type ObservedServer, startObservedServer } from "./observed_server.ts";

describe("/v1/events", () => {
  let server: ObservedServer;
  before(async () => void (server = await startObservedServer()));
  after(() => server.stop());

  it("tells of the tubes that changed, and of the server", async () => {
    const events = await EventClient.open(`${server.url}/v1/events?tubes=mail*`);
    assertEquals(events.response.headers.get("content-type"), "text/event-stream; charset=utf-8");
    const client = await server.connect();
    await client.ask("use mail-1\r\n");
    for (let i = 0; i < 5; i++) await client.ask("put 0 0 60 2\r\nhi\r\n");
    await client.ask("use news\r\n");
    await client.ask("put 0 0 60 2\r\nhi\r\n");
    await events.until(() => events.of("tubes").some(({ tubes }) => tubes[0].ready === 5));
    await events.until(() => events.of("server").some(({ jobs }) => jobs.ready === 6));
    const { tubes } = events.of("tubes").find(({ tubes }) => tubes[0].ready === 5);
    assertEquals(tubes.map(({ name }: { name: string }) => name), ["mail-1"]);
    assert(tubes[0].rates.put > 0 && tubes[0].oldestReadySeconds >= 0);
    const [told, shown] = [tubes[0], await (await fetch(`${server.url}/v1/tubes/mail-1`)).json()];
    assertEquals(Object.keys(told), Object.keys(shown), "a tube looks the same everywhere");
    await client.ask("pause-tube mail-1 100\r\n");
    await events.until(() => events.of("tubes").some(({ tubes }) => tubes[0].pause?.seconds === 100));
    for (let i = 0; i < 5; i++) await client.ask(`delete ${i + 1}\r\n`);
    await events.until(() => events.of("tubes").some(({ gone }) => gone.includes("mail-1")));
    events.close();
    client.close();
  });

  it("tells of transitions of jobs in the tubes and into the states that were asked for", async () => {
    const all = await EventClient.open(`${server.url}/v1/events?tubes=work&jobs=1`);
    const buried = await EventClient.open(`${server.url}/v1/events?jobs=1&states=buried,deleted`);
    const client = await server.connect();
    await client.ask("use work\r\n");
    await client.ask("watch work\r\n");
    const id = Number((await client.ask("put 0 0 60 2\r\nhi\r\n")).split(" ")[1]);
    await client.ask(`reserve-job ${id}\r\n`);
    await client.ask(`touch ${id}\r\n`);
    await client.ask(`bury ${id} 5\r\n`);
    await client.ask("kick 10\r\n");
    await client.ask("reserve\r\n");
    await client.ask(`release ${id} 0 100\r\n`);
    await client.ask(`delete ${id}\r\n`);
    await client.ask("use elsewhere\r\n");
    await client.ask("put 0 0 60 2\r\nhi\r\n");
    await all.until(() => all.of("job").length >= 8);
    const told = all.of("job").map(({ event, state }) => `${event} ${state}`);
    assertEquals(told, [
      "put ready",
      "reserved reserved",
      "touched reserved",
      "buried buried",
      "kicked ready",
      "reserved reserved",
      "released delayed",
      "deleted deleted",
    ]);
    assert(all.of("job").every((job) => job.id === id && job.tube === "work"));
    assert(all.of("job").filter(({ event }) => event === "reserved").every(({ waitedMs }) => waitedMs >= 0));
    await buried.until(() => buried.of("job").length >= 2);
    assertEquals(buried.of("job").map(({ event }) => event), ["buried", "deleted"]);
    all.close();
    buried.close();
    client.close();
  });

  it("drops what is too much, and says how much", async () => {
    const events = await EventClient.open(`${server.url}/v1/events?tubes=flood&jobs=1&states=ready`);
    const client = await server.connect();
    const count = 20 * MOST_JOBS_TOLD;
    client.send("use flood\r\n" + "put 0 0 60 2\r\nhi\r\n".repeat(count));
    for (let i = 0; i <= count; i++) assert((await client.reply()) !== "");
    const dropped = (): number => events.of("dropped").reduce((sum, { count }) => sum + count, 0);
    await events.until(() => events.of("job").length + dropped() === count);
    assert(dropped() > 0);
    events.close();
    client.close();
  });

  it("has so many clients at most, and forgets those that go away", async () => {
    const clients: EventClient[] = [];
    for (let i = 0; i < MOST_SUBSCRIBERS; i++) {
      clients.push(await EventClient.open(`${server.url}/v1/events`));
    }
    const last = clients.map(({ response }) => response.status);
    assert(last.slice(0, MOST_SUBSCRIBERS - 3).every((status) => status === 200));
    const refused = await fetch(`${server.url}/v1/events`);
    assertEquals([refused.status, refused.headers.get("content-type")], [503, "application/problem+json"]);
    assertEquals((await refused.json()).status, 503);
    for (const client of clients) client.close();
    for (let tries = 0;; tries++) {
      const again = await EventClient.open(`${server.url}/v1/events`);
      again.close();
      if (again.response.status === 200) break;
      assert(tries < 100, "there is room again");
      await sleep(50);
    }
  });

  it("refuses what it does not know, and names the field", async () => {
    for (
      const [query, field] of [["states=lost", "states.0"], ["jobs=perhaps", "jobs"], ["tube=x", "tube"]]
    ) {
      const response = await fetch(`${server.url}/v1/events?${query}`);
      assertEquals([response.status, (await response.json()).field], [400, field]);
    }
  });
});

describe("a stream of live events", () => {
  it("keeps a bounded part for who does not read, tells the rest as dropped, and closes him at last", async () => {
    const queue = new QueueUnderObservation();
    const live = new LiveEvents(queue.engine, queue.observation, queue.now);
    const interest = { matches: () => true, states: new Set(["ready"]) };
    const { signal } = new AbortController();
    const read = eventsResponse(live, interest, signal)!.body!.getReader();
    const left = eventsResponse(live, interest, signal, 50)!.body!.getReader();
    assertEquals(live.count, 2);
    const decoder = new TextDecoder();
    let heard = 0;
    for (let round = 0; round < 100; round++) {
      for (let i = 0; i < 100; i++) queue.put();
      live.flush();
      const { value } = await read.read();
      heard += decoder.decode(value).split("event: job\n").length - 1;
    }
    assertEquals(heard, 10_000 - 100, "he who reads hears all; the first read was of the greeting");
    await sleep(60);
    live.flush();
    assertEquals(live.count, 1, "he who does not is closed");
    let bytes = 0;
    let isClosed = false;
    while (!isClosed) {
      await left.read().then(
        ({ value, done }) => (done ? isClosed = true : bytes += value!.length),
        () => (isClosed = true),
      );
    }
    assert(bytes < 200_000, `${bytes} bytes were kept`);
    await read.cancel();
    assertEquals(live.count, 0);
  });

  it("says how much was dropped when its client reads again", async () => {
    const queue = new QueueUnderObservation();
    const live = new LiveEvents(queue.engine, queue.observation, queue.now);
    const interest = { matches: () => true, states: new Set(["ready"]) };
    const reader = eventsResponse(live, interest, new AbortController().signal)!.body!.getReader();
    const count = 20 * MOST_JOBS_TOLD;
    for (let i = 0; i < count; i++) {
      queue.put();
      if (i % 100 === 0) live.flush();
    }
    const decoder = new TextDecoder();
    let heard = 0;
    let dropped = 0;
    while (heard + dropped < count) {
      live.flush();
      const text = decoder.decode((await reader.read()).value);
      heard += text.split("event: job\n").length - 1;
      for (const [, said] of text.matchAll(/event: dropped\ndata: \{"count":(\d+)\}/g)) {
        dropped += Number(said);
      }
    }
    assertEquals(heard + dropped, count);
    assert(dropped > count / 2 && heard >= MOST_JOBS_TOLD);
    await reader.cancel();
  });
});
