// More HTTP connections than may be, and connections on which nothing happens: each has its time and its place, and those who
// ask are served. With limits that the test chooses, in the test's process.
import { describe, it } from "node:test";
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import type { HttpLimits } from "../../src/http/http1/limits.ts";
import type { HttpPort } from "../../src/http/serve_http.ts";
import { openService, type Service } from "../http/service.ts";
import { RawClient, requestOf, UPGRADE } from "../http/raw_client.ts";
import { sleep, until } from "../support/runtime.ts";

const LIMIT = { timeout: 240_000 };
const HEALTH = requestOf("GET", "/healthz");
/** Timers may be late on a busy machine, never early. */
const LATE_MS = 5000;
/** Beside a flood, enough for those who ask to be read before they have to give way. */
const PLACES = 100;

async function withPort(
  limits: Partial<HttpLimits>,
  run: (port: number, http: HttpPort, said: string[], service: Service) => Promise<void>,
): Promise<void> {
  const said: string[] = [];
  const service = await openService({ limits, warn: (line) => said.push(line) });
  try {
    await run(service.httpPort, service.http, said, service);
  } finally {
    service.close();
  }
}

/** Has to be closed after `ms`, while what `drip` sends does not put it off. */
async function assertEnds(client: RawClient, ms: number, drip: string | null): Promise<void> {
  const timer = setInterval(() => drip !== null && client.send(drip), ms / 10);
  try {
    const took = await client.closed(ms + LATE_MS);
    assertGreaterOrEqual(took, ms * 0.9 - 50);
  } finally {
    clearInterval(timer);
    client.close();
  }
}

describe("time on the HTTP port", () => {
  it("ends a connection that says nothing", LIMIT, () =>
    withPort({ headMs: 300 }, async (port) => {
      await assertEnds(await RawClient.connect(port), 300, null);
    }));

  for (
    const [what, start, drip] of [
      ["a request line", "GET /heal", "a"],
      ["headers", `${HEALTH.slice(0, -2)}x: `, "a"],
      ["many headers", HEALTH.slice(0, -2), "a: b\r\n"],
    ]
  ) {
    it(`ends a trickle of ${what}, with 408`, LIMIT, () =>
      withPort({ headMs: 400 }, async (port, http) => {
        const client = await RawClient.connect(port);
        await assertEnds(client.send(start), 400, drip);
        assertEquals(client.statuses, [408]);
        assertEquals(http.counts.headTimeouts, 1);
      }));
  }

  it(
    "ends an idle connection, and not one that asks now and then",
    LIMIT,
    () =>
      withPort({ idleMs: 500 }, async (port, http) => {
        const [idle, busy] = [await RawClient.connect(port), await RawClient.connect(port)];
        await idle.send(HEALTH).answers(1);
        const timer = setInterval(() => busy.send(HEALTH), 100);
        const took = await idle.closed(500 + LATE_MS);
        clearInterval(timer);
        assertGreaterOrEqual(took, 400);
        assert(!busy.heard.isClosed, "the busy one was closed");
        assertEquals(http.counts.idleTimeouts, 1);
        busy.close();
      }),
  );

  it(
    "ends a connection whose answer is not read",
    LIMIT,
    () =>
      withPort({ stallMs: 500 }, async (port, http) => {
        const client = await RawClient.connect(port);
        client.socket.pause();
        client.send(requestOf("GET", "/openapi.json").repeat(300));
        await until(() => http.connections.open === 0, "it is disconnected");
        assertEquals(http.counts.stalled, 1);
        client.close();
      }),
  );

  it(
    "disconnects the slowest when all answers together are too many",
    LIMIT,
    () =>
      withPort({ stallMs: 60_000, unsentBytes: 100_000 }, async (port, http) => {
        const clients: RawClient[] = [];
        for (let i = 0; i < 5; i++) {
          const client = await RawClient.connect(port);
          client.socket.pause();
          clients.push(client.send(requestOf("GET", "/openapi.json").repeat(300)));
        }
        await until(() => http.counts.stalled >= 3, "most are disconnected");
        const reader = await RawClient.connect(port);
        assertEquals(await reader.send(HEALTH).answers(1), [200]);
        for (const client of [...clients, reader]) client.close();
      }),
  );

  it(
    "ends a refused client that goes on sending",
    LIMIT,
    () =>
      withPort({ lingerMs: 300 }, async (port, http) => {
        const client = await RawClient.connect(port);
        client.send("nonsense\r\n\r\n");
        const timer = setInterval(() => client.send("x".repeat(10_000)), 20);
        await until(() => http.connections.open === 0, "it is disconnected");
        clearInterval(timer);
        client.close();
      }),
  );

  it(
    "does not end those who wait for a job, hear events or speak the protocol",
    LIMIT,
    () =>
      withPort({ idleMs: 200, headMs: 200, stallMs: 200 }, async (port, _http, _said, service) => {
        const [waiting, hearing, wire] = await Promise.all([1, 2, 3].map(() => RawClient.connect(port)));
        const body = '{"tubes":["t"],"timeoutSeconds":30}';
        const lines = ["Content-Type: application/json", `Content-Length: ${body.length}`];
        waiting.send(requestOf("POST", "/v1/reserve", lines, body));
        hearing.send(requestOf("GET", "/v1/events"));
        await wire.send(requestOf("GET", "/v1/wire", UPGRADE)).answers(1);
        await sleep(1500);
        assert(![waiting, hearing, wire].some(({ heard }) => heard.isClosed), "one was closed");
        assertEquals((await service.call("POST", "/v1/tubes/t/jobs", { body: "x" })).status, 201);
        assertEquals(await waiting.answers(1), [200]);
        for (const client of [waiting, hearing, wire]) client.close();
      }),
  );
});

describe("room on the HTTP port", () => {
  it(
    "silent connections give way, the oldest first, and are counted",
    LIMIT,
    () =>
      withPort({ connections: 5, headMs: 60_000 }, async (port, http, said) => {
        const silent: RawClient[] = [];
        for (let i = 0; i < 5; i++) {
          silent.push(await RawClient.connect(port));
          await until(() => http.connections.open === i + 1, "it is taken");
        }
        const client = await RawClient.connect(port);
        assertEquals(await client.send(HEALTH).answers(1), [200]);
        await silent[0].closed();
        assertEquals(silent.map(({ heard }) => heard.isClosed), [true, false, false, false, false]);
        assertEquals([http.counts.displaced, http.counts.refused, http.connections.open], [1, 0, 5]);
        assert(said.some((line) => line.includes("127.0.0.1:")), said.join());
        for (const each of [...silent, client]) each.close();
      }),
  );

  it(
    "who has asked before is spared while silent ones are there",
    LIMIT,
    () =>
      withPort({ connections: 4 }, async (port, http) => {
        const kept = await RawClient.connect(port);
        await kept.send(HEALTH).answers(1);
        for (let i = 0; i < 30; i++) {
          const each = await RawClient.connect(port);
          each.socket.unref();
        }
        await until(() => http.counts.accepted === 31, "all are taken");
        assertEquals(await kept.send(HEALTH).answers(2), [200, 200]);
        assertLessOrEqual(http.connections.open, 4);
        kept.close();
      }),
  );

  it(
    "one too many is told so when all others are busy",
    LIMIT,
    () =>
      withPort({ connections: 3 }, async (port, http, said) => {
        const busy = await Promise.all([1, 2, 3].map(() => RawClient.connect(port)));
        for (const client of busy) client.send(requestOf("GET", "/v1/events"));
        for (const client of busy) {
          await client.until(() => client.heard.text.includes("200 OK"), 10_000, "events");
        }
        for (let i = 0; i < 3; i++) {
          const client = await RawClient.connect(port);
          assertEquals(await client.answers(1), [503]);
          await client.closed();
          client.close();
        }
        assertEquals([http.counts.refused, http.counts.displaced], [3, 0]);
        assertEquals(
          said.filter((line) => line.includes("as many are open as may be")).length,
          1,
          "rate-limited",
        );
        busy[0].close();
        await until(() => http.connections.open === 2, "one is gone");
        const client = await RawClient.connect(port);
        assertEquals(await client.send(HEALTH).answers(1), [200]);
        for (const each of [...busy, client]) {
          each.close();
        }
      }),
  );

  it(
    "a flood of connections leaves those in that ask",
    LIMIT,
    () =>
      withPort({ connections: PLACES }, async (port, http) => {
        let isOver = false;
        const flooding = Promise.all(Array.from({ length: 20 }, async () => {
          while (!isOver) {
            const client = await RawClient.connect(port).catch(() => null);
            if (client === null) continue; // its place went to another one at once
            if (Math.random() < 0.5) client.send("GET / HT");
            await sleep(5);
            if (Math.random() < 0.5) client.close();
            else client.socket.unref();
          }
        }));
        for (let i = 0; i < 60; i++) {
          const client = await RawClient.connect(port);
          assertEquals(await client.send(HEALTH).answers(1), [200], `request ${i}`);
          client.close();
        }
        isOver = true;
        await flooding;
        assert(http.counts.displaced > 0, "there was no flood");
        assertLessOrEqual(http.connections.open, PLACES + 17);
      }),
  );
});
