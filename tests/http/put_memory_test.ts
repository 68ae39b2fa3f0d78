// A put with an idempotency key puts once.
import { describe, it } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { Problem } from "../../src/http/problem.ts";
import { fingerprintOf, KEY_WINDOW_MS, PutMemory } from "../../src/http/put_memory.ts";
import { withService } from "./service.ts";

describe("a put with a key", () => {
  it("is answered the same when it is sent again, also at the same time, and puts nothing more", () =>
    withService(async (service) => {
      const put = (key: string, body: unknown): ReturnType<typeof service.call> =>
        service.call("POST", "/v1/tubes/t/jobs", body, { headers: { "idempotency-key": key } });
      const answers = await Promise.all([1, 2, 3].map(() => put("k", { body: "x" })));
      answers.push(await put("k", { body: "x" }));
      assertEquals(answers.map(({ status, json }) => [status, json.id]), Array(4).fill([201, 1]));
      assertEquals((await put("k", { body: "y" })).status, 422);
      assertEquals((await put("k", { body: "x", priority: 1 })).json.field, "Idempotency-Key");
      assertEquals((await put("other", { body: "x" })).json.id, 2);
      assertEquals((await put("x".repeat(256), { body: "x" })).status, 400);
      assertEquals(service.server.engine.jobs.count, 2);
    }));

  it("that failed is put when it is sent again", () =>
    withService(async (service) => {
      const put = (): ReturnType<typeof service.call> =>
        service.call("POST", "/v1/tubes/t/jobs", { body: "x" }, { headers: { "idempotency-key": "k" } });
      await service.call("POST", "/v1/server/drain", { on: true });
      assertEquals((await put()).status, 503);
      await service.call("POST", "/v1/server/drain", { on: false });
      assertEquals((await put()).status, 201);
    }));
});

describe("the memory of puts", () => {
  const fingerprint = fingerprintOf("t", { priority: 0, delay: 0, ttr: 1 }, new Uint8Array(1));

  it("forgets after its window, and the oldest when there are too many", async () => {
    let now = 0;
    let id = 0;
    const memory = new PutMemory(() => now, 3);
    const put = (key: string): Promise<number> =>
      memory.once("me", key, fingerprint, () => Promise.resolve(++id));
    assertEquals([await put("a"), await put("a")], [1, 1]);
    now = KEY_WINDOW_MS - 1;
    assertEquals(await put("a"), 1);
    now = KEY_WINDOW_MS;
    assertEquals(await put("a"), 2);
    assertEquals([await put("b"), await put("c"), await put("d")], [3, 4, 5]);
    assertEquals(await put("a"), 6);
  });

  it("keeps callers apart and sees every difference", async () => {
    const memory = new PutMemory();
    assertEquals(await memory.once("me", "k", fingerprint, () => Promise.resolve(1)), 1);
    assertEquals(await memory.once("you", "k", fingerprint, () => Promise.resolve(2)), 2);
    const numbers = { priority: 0, delay: 0, ttr: 1 };
    const others = [
      fingerprintOf("u", numbers, new Uint8Array(1)),
      fingerprintOf("t", { ...numbers, delay: 1 }, new Uint8Array(1)),
      fingerprintOf("t", { ...numbers, ttr: 2 }, new Uint8Array(1)),
      fingerprintOf("t", numbers, new Uint8Array(2)),
    ];
    for (const other of others) {
      await assertRejects(() => memory.once("me", "k", other, () => Promise.resolve(3)), Problem);
    }
  });
});
