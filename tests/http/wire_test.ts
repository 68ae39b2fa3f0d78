// The text protocol over a WebSocket: the same bytes, in whatever pieces, with the same limits.
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { connect } from "../../src/client/mod.ts";
import { MAX_MESSAGE_BYTES } from "../../src/http/websocket/web_socket.ts";
import { scenarios } from "../clients/jackd_scenarios.mjs";
import { requireProgram, RUNTIME, skipWithout, sleep } from "../support/runtime.ts";
import { startProcess } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import type { Service } from "./service.ts";
import { until, withService } from "./service.ts";
import { openBridge, openSocket } from "./web_socket_client.ts";

type Scenario = (port: number) => Promise<void>;

const LIMIT = { timeout: 240_000 };
/** See jackd_scenarios.mjs. */
const IN_NODE = RUNTIME === "deno";
const SCRIPT = fileURLToPath(new URL("../clients/jackd_scenarios.mjs", import.meta.url));

async function runInNode(name: string, port: number): Promise<void> {
  const child = startProcess([requireProgram("node", "nodejs"), SCRIPT, String(port), name]);
  assertEquals(await child.exited, 0, child.stderr());
}

const wireOf = ({ url }: Service): string => `${url.replace("http", "ws")}/v1/wire`;

/** Collects what comes as text. */
function listenTo(socket: WebSocket): { text: string; isClosed: boolean; code: number } {
  const heard = { text: "", isClosed: false, code: 0 };
  const decoder = new TextDecoder("latin1");
  socket.onmessage = ({ data }) => (heard.text += decoder.decode(data));
  socket.onclose = ({ code }) => Object.assign(heard, { isClosed: true, code });
  return heard;
}

describe("a WebSocket", () => {
  it(
    "carries commands in text or binary messages, whole or in pieces",
    LIMIT,
    () =>
      withService(async (service) => {
        const socket = await openSocket(wireOf(service));
        const heard = listenTo(socket);
        socket.send("use t\r\nput 1 0 60 5\r\nhel");
        socket.send(new TextEncoder().encode("lo\r\npeek 1\r"));
        socket.send("\nquit\r\n");
        await until(() => heard.isClosed, "quit closes it");
        assertEquals(heard.text, "USING t\r\nINSERTED 1\r\nFOUND 1 5\r\nhello\r\n");
        assertEquals(service.server.engine.tubes.list.length, 2);
      }),
  );

  it("gives back what it held when it goes", LIMIT, () =>
    withService(async (service) => {
      const socket = await openSocket(wireOf(service));
      const heard = listenTo(socket);
      socket.send("put 0 0 60 1\r\nx\r\nreserve\r\n");
      await until(() => heard.text.endsWith("RESERVED 1 1\r\nx\r\n"), "it holds the job");
      const { connections } = (await service.call("GET", "/v1/connections")).json;
      const own = connections.find((each: { kind: string }) => each.kind === "websocket");
      assertEquals([own.holds, /^127\.0\.0\.1:\d+$/.test(own.peer)], [[1], true]);
      socket.close();
      await until(() => service.server.engine.counters.ready === 1, "the job is ready again");
    }));

  it(
    "serves this project's client through a bridge of small pieces, with large bodies",
    LIMIT,
    () =>
      withService(async (service) => {
        const bridge = await openBridge(wireOf(service), 1000);
        const queue = await connect({ port: bridge.port });
        const tube = queue.tube("t");
        const bodies = Array.from({ length: 30 }, (_, i) => new Uint8Array(1 + i * 2000).fill(i));
        await tube.putMany(bodies);
        for (const body of bodies) {
          const job = await tube.reserve();
          assertEquals(job!.body, body);
          await job!.delete();
        }
        await queue.close();
        bridge.close();
      }),
  );

  for (const [name, scenario] of Object.entries(scenarios as Record<string, Scenario>)) {
    it(`serves jackd through the bridge: ${name}`, {
      ...LIMIT,
      skip: IN_NODE && skipWithout("node", "nodejs"),
    }, () =>
      withService(async (service) => {
        const bridge = await openBridge(wireOf(service), 700);
        await (IN_NODE ? runInNode(name, bridge.port) : scenario(bridge.port));
        bridge.close();
      }));
  }

  it(
    "holds replies back while they are not taken, and sends all of them",
    LIMIT,
    () =>
      withService(async (service) => {
        const client = await service.connect();
        const body = "x".repeat(60_000);
        await client.ask(`put 0 0 60 ${body.length}\r\n${body}\r\n`);
        client.close();
        const socket = await openSocket(wireOf(service));
        let received = 0;
        socket.onmessage = ({ data }) => (received += data.byteLength);
        const asked = 500;
        socket.send("peek 1\r\n".repeat(asked));
        const expected = asked * (`FOUND 1 ${body.length}\r\n`.length + body.length + 2);
        await until(() => received === expected, `${expected} bytes come`);
        socket.close();
      }),
  );

  it(
    "is not read while it waits for a job, and goes on afterwards",
    LIMIT,
    () =>
      withService(async (service) => {
        const socket = await openSocket(wireOf(service));
        const heard = listenTo(socket);
        socket.send("reserve\r\n");
        const pings = "ping\r\n".repeat(10_000);
        const messages = 200; // 12 MB, beyond what the sockets of a connection hold
        for (let i = 0; i < messages; i++) socket.send(pings);
        await sleep(1000);
        assert(socket.bufferedAmount > 0, "everything was read");
        const client = await service.connect();
        await client.ask("put 0 0 60 1\r\nx\r\n");
        client.close();
        const expected = "RESERVED 1 1\r\nx\r\n".length + messages * 10_000 * "PONG\r\n".length;
        while (heard.text.length < expected) await sleep(20); // the test's own limit of time holds
        assertEquals(heard.text.length, expected);
        socket.close();
      }),
  );

  it("takes no message beyond the limit", LIMIT, () =>
    withService(async (service) => {
      const socket = await openSocket(wireOf(service));
      const heard = listenTo(socket);
      socket.send(new Uint8Array(MAX_MESSAGE_BYTES + 1));
      await until(() => heard.isClosed, "it is closed");
      await until(() => service.server.engine.counters.sessions === 1, "its session is over");
    }));

  it("is what /v1/wire asks for, and nothing else is upgraded", LIMIT, () =>
    withService(async (service) => {
      const client = await WireClient.connect(service.httpPort);
      client.send(
        "GET /v1/tubes/none HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
      );
      await client.until(() => client.unread.includes("\r\n\r\n"), 5000);
      const head = client.unread;
      assert(/^HTTP\/1\.1 404 /.test(head), head);
      client.close();
    }));
});
