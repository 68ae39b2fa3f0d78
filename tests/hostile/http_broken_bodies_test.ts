// Request bodies that are broken off, in every way that a connection can end: none of them keeps its share of the memory for
// bodies.
import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { openService } from "../http/service.ts";
import { RawClient, requestOf } from "../http/raw_client.ts";
import { sleep, until } from "../support/runtime.ts";

const BODY_BYTES = 100_000;
const ROUNDS = 12;
const JSON_TYPE = "Content-Type: application/json";
const ANNOUNCED = requestOf("POST", "/v1/reserve", [JSON_TYPE, "Content-Length: 90000"]) + " ".repeat(40_000);
const CHUNKED = requestOf("POST", "/v1/reserve", [JSON_TYPE, "Transfer-Encoding: chunked"]) +
  `9c40\r\n${" ".repeat(40_000)}\r\n`;
const WAITING = '{"tubes":["empty"],"timeoutSeconds":60}';
/** A whole body, whose request still waits for its answer. */
const WHOLE = requestOf("POST", "/v1/reserve", [JSON_TYPE, "Content-Length: 40000"], WAITING.padEnd(40_000));

const ENDINGS: readonly (readonly [string, (client: RawClient) => void])[] = [
  ["is reset", ({ socket }) => void socket.resetAndDestroy()],
  ["is closed", ({ socket }) => void socket.destroy()],
  ["is closed in one direction", ({ socket }) => void socket.end()],
];

describe("memory for request bodies comes back when a connection", () => {
  for (const [what, end] of ENDINGS) {
    for (const [kind, text] of [["announced", ANNOUNCED], ["chunked", CHUNKED], ["whole", WHOLE]] as const) {
      it(`${what} that has sent a body (${kind})`, { timeout: 60_000 }, async () => {
        const service = await openService({ limits: { bodyBytes: BODY_BYTES } });
        try {
          for (let i = 0; i < ROUNDS; i++) {
            const client = await RawClient.connect(service.httpPort);
            client.send(text);
            await sleep(20);
            end(client);
            await until(() => service.http.connections.open === 0, "the connection is over");
          }
          const body = '{"tubes":["empty"],"timeoutSeconds":0}'.padEnd(30_000);
          const client = await RawClient.connect(service.httpPort);
          client.send(requestOf("POST", "/v1/reserve", [JSON_TYPE, "Content-Length: 30000"], body));
          assertEquals(await client.answers(1), [200]);
          client.close();
          assertEquals(service.http.counts.bodiesRefused, 0);
        } finally {
          service.close();
        }
      });
    }
  }
});
