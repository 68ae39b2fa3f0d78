// Peers of the HTTP port that send without end, or ask and do not read: what is unfinished or not taken is bounded, whoever
// else uses the server is served, and who never reads is disconnected.
import { Buffer } from "node:buffer";
import { after, before, describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { frame } from "../http/fuzz/frames.ts";
import { RawClient, requestOf, UPGRADE } from "../http/raw_client.ts";
import { sleep } from "../support/runtime.ts";
import { freePort, type ServerProcess, startServer } from "../support/server_process.ts";
import { MemoryGrowth, MIB, NO_PROC } from "./figures.ts";

const PEERS = 20;
const POUR_MS = 3000;
/**
 * For garbage of the runtime above all, which Deno collects late: a gigabyte and more is offered in three seconds, and was kept
 * by what this found (1,079 MiB on Deno, 1,106 on Node).
 */
const ALLOWED_GROWTH = 768 * MIB;
/** Of bodies 64 MiB may be kept; the rest are copies that were outgrown. */
const BODIES_GROWTH = 448 * MIB;
const LIMIT = { timeout: 240_000 };
const MEBIBYTE = Buffer.alloc(MIB, "a");

/** Sends pieces for a while to a server that may stop reading. Returns how many bytes went. */
async function pour(client: RawClient, piece: () => Uint8Array, ms: number): Promise<number> {
  let sent = 0;
  for (const endAt = performance.now() + ms; performance.now() < endAt && !client.socket.destroyed;) {
    const bytes = piece();
    sent += bytes.length;
    client.socket.write(bytes);
    do await sleep(client.socket.writableLength === 0 ? 0 : 5); while (
      client.socket.writableLength > 0 && performance.now() < endAt && !client.heard.isClosed
    );
  }
  return sent;
}

describe("memory of the HTTP port", { skip: NO_PROC }, () => {
  let server: ServerProcess;
  let port = 0;
  before(async () => {
    port = await freePort();
    server = await startServer({ args: ["--http", `127.0.0.1:${port}`] });
  });
  after(() => server?.stop());

  async function assertServed(what: string): Promise<void> {
    const client = await RawClient.connect(port);
    assertEquals(
      await client.send(requestOf("GET", "/healthz")).answers(1),
      [200],
      `/healthz during ${what}`,
    );
    client.close();
  }

  async function webSocket(): Promise<RawClient> {
    const client = await RawClient.connect(port);
    await client.send(requestOf("GET", "/v1/wire", UPGRADE)).answers(1);
    assertEquals(client.statuses, [101]);
    return client;
  }

  /** Many peers at once do the same; the server must stay small and serve. */
  async function underAttack(
    what: string,
    peer: () => Promise<RawClient>,
    piece: (client: RawClient) => () => Uint8Array,
  ): Promise<RawClient[]> {
    await assertServed("nothing");
    const growth = new MemoryGrowth(server.pid);
    const peers = await Promise.all(Array.from({ length: PEERS }, peer));
    const pouring = Promise.all(peers.map((client) => pour(client, piece(client), POUR_MS)));
    await sleep(POUR_MS / 2);
    await assertServed(what);
    const sent = (await pouring).reduce((sum, each) => sum + each, 0);
    growth.check(ALLOWED_GROWTH, `${what}, ${Math.round(sent / MIB)} MiB offered`);
    await assertServed(what);
    return peers;
  }

  const end = (peers: readonly RawClient[]): void => peers.forEach((client) => client.close());

  it("WebSocket messages in fragments that never end", LIMIT, async () => {
    const peers = await underAttack("fragments", webSocket, () => {
      let isFirst = true;
      return () => {
        const bytes = frame(isFirst ? 0x02 : 0x00, MEBIBYTE);
        isFirst = false;
        return bytes;
      };
    });
    for (const client of peers) await client.closed();
    end(peers);
  });

  it("small fragments that never end", LIMIT, async () => {
    const peers = await underAttack("small fragments", webSocket, () => {
      let isFirst = true;
      return () => {
        const bytes = Buffer.concat(
          Array.from({ length: 1000 }, (_, i) => frame(isFirst && i === 0 ? 1 : 0, Buffer.from("a\n"))),
        );
        isFirst = false;
        return bytes;
      };
    });
    end(peers);
  });

  it("frames of 60 MiB that are not finished", LIMIT, async () => {
    const peers = await underAttack("large frames", webSocket, () => {
      let isFirst = true;
      return () => {
        const bytes = isFirst ? frame(0x82, MEBIBYTE, 60 * MIB) : MEBIBYTE;
        isFirst = false;
        return bytes;
      };
    });
    for (const client of peers) await client.closed();
    end(peers);
  });

  it("pings whose answers are not read", LIMIT, async () => {
    const pings = Buffer.concat(Array.from({ length: 1000 }, () => frame(0x89, Buffer.alloc(125, "p"))));
    const peers = await underAttack("pings", webSocket, (client) => {
      client.socket.pause();
      return () => pings;
    });
    end(peers);
  });

  it("commands whose replies are not read", LIMIT, async () => {
    const commands = frame(0x82, Buffer.from("stats\r\n".repeat(2000)));
    const peers = await underAttack("commands", webSocket, (client) => {
      client.socket.pause();
      return () => commands;
    });
    end(peers);
  });

  it("messages that say they are compressed", LIMIT, async () => {
    const peers = await underAttack("compressed", webSocket, () => () => frame(0xc2, MEBIBYTE));
    for (const client of peers) await client.closed();
    end(peers);
  });

  it("a WebSocket waiting for a job that is sent more and more", LIMIT, async () => {
    const peers = await underAttack("commands during a reserve", async () => {
      const client = await webSocket();
      return client.send(frame(0x82, Buffer.from("reserve\r\n")));
    }, () => () => frame(0x82, MEBIBYTE));
    assert(peers.every((client) => !client.heard.isClosed), "one was closed");
    end(peers);
  });

  for (const path of ["/openapi.json", "/metrics", "/healthz"]) {
    it(`a pipeline of GET ${path} whose answers are not read`, LIMIT, async () => {
      const many = Buffer.from(requestOf("GET", path).repeat(1000));
      const peers = await underAttack(`pipeline of ${path}`, () => RawClient.connect(port), (client) => {
        client.socket.pause();
        return () => many;
      });
      end(peers);
    });
  }

  it("live events that are not read", LIMIT, async () => {
    const peers = await underAttack("live events", async () => {
      const client = await RawClient.connect(port);
      client.socket.pause();
      return client.send(requestOf("GET", "/v1/events?jobs=1"));
    }, () => () => Buffer.from(requestOf("GET", "/v1/events").repeat(100)));
    end(peers);
  });

  for (const path of ["/v1/tubes/t/jobs", "/v1/reserve", "/healthz"]) {
    it(`a chunked body for ${path} that never ends`, LIMIT, async () => {
      const head = requestOf("POST", path, ["Transfer-Encoding: chunked", "Content-Type: application/json"]);
      const peers = await underAttack(`chunks for ${path}`, async () => {
        return (await RawClient.connect(port)).send(head);
      }, () => () => Buffer.concat([Buffer.from("100000\r\n"), MEBIBYTE, Buffer.from("\r\n")]));
      for (const client of peers) await client.closed();
      end(peers);
    });
  }

  it("chunks of one byte", LIMIT, async () => {
    const head = requestOf("POST", "/v1/tubes/t/jobs", [
      "Transfer-Encoding: chunked",
      "Content-Type: application/json",
    ]);
    const chunks = Buffer.from("1\r\na\r\n".repeat(20_000));
    const peers = await underAttack("chunks of one byte", async () => {
      return (await RawClient.connect(port)).send(head);
    }, () => () => chunks);
    end(peers);
  });

  it("heads that never end", LIMIT, async () => {
    const peers = await underAttack("heads", () => RawClient.connect(port), () => () => MEBIBYTE);
    for (const client of peers) {
      await client.closed();
      assertEquals(client.statuses.slice(0, 1), [431]);
    }
    end(peers);
  });

  it("many bodies that are not finished", LIMIT, async () => {
    const announced = 1_048_576;
    const lines = ["Content-Type: application/json", `Content-Length: ${announced}`];
    const growth = new MemoryGrowth(server.pid);
    const peers = await Promise.all(Array.from({ length: 150 }, () => RawClient.connect(port)));
    for (const client of peers) {
      client.send(requestOf("POST", "/v1/tubes/t/jobs", lines)).send(MEBIBYTE.subarray(0, announced - 1));
    }
    const isRefused = (client: RawClient): boolean => client.statuses[0] === 503;
    for (const giveUpAt = performance.now() + 20_000; !peers.some(isRefused); await sleep(20)) {
      assert(performance.now() < giveUpAt, "150 MiB of bodies are kept");
    }
    await assertServed("bodies");
    growth.check(BODIES_GROWTH, "150 bodies of a mebibyte without their last byte");
    end(peers);
  });
});
