// What a stop waits for: a request counts as unanswered until the bytes of its answer count as unsent, however long they take
// to be made.
import { describe, it } from "node:test";
import net from "node:net";
import { assertEquals } from "@std/assert";
import { HttpServer } from "../../src/http/http1/http_server.ts";
import { HTTP_LIMITS } from "../../src/http/http1/limits.ts";
import { RateLimitedLog } from "../../src/http/rate_limited_log.ts";
import { sleep, until } from "../support/runtime.ts";
import { RawClient, requestOf } from "./raw_client.ts";

/** How an answer comes about: late as a whole, or at once with a body that comes late. */
const KINDS: Readonly<Record<string, (ready: Promise<void>) => Promise<Response>>> = {
  "an answer": (ready) => ready.then(() => new Response("done")),
  "a body": (ready) =>
    Promise.resolve(
      new Response(
        new ReadableStream({
          async start(controller) {
            await ready;
            controller.enqueue(new TextEncoder().encode("done"));
            controller.close();
          },
        }),
      ),
    ),
};

describe("a request is unanswered while it waits for", () => {
  for (const [what, answer] of Object.entries(KINDS)) {
    it(what, { timeout: 30_000 }, async () => {
      let go = (): void => {};
      const ready = new Promise<void>((resolve) => (go = resolve));
      const log = new RateLimitedLog(() => {});
      const server = new HttpServer(() => answer(ready), (each) => each, HTTP_LIMITS, () => {}, log);
      const listener = net.createServer({ allowHalfOpen: true }, (socket) => server.take(socket));
      await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
      const client = await RawClient.connect((listener.address() as net.AddressInfo).port);
      assertEquals(server.unanswered, 0);
      client.send(requestOf("GET", "/x"));
      await until(() => server.unanswered === 1, "the request is read");
      await sleep(50);
      assertEquals([server.unanswered, server.unsent.total, client.statuses.length], [1, 0, 0]);
      go();
      assertEquals(await client.answers(1), [200]);
      await until(() => server.unanswered === 0 && server.unsent.total === 0, "all is sent");
      client.send(requestOf("GET", "/y"));
      assertEquals(await client.answers(2), [200, 200]);
      client.close();
      listener.close();
      server.close();
    });
  }
});
