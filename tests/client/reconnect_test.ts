// A client whose server is away: what waits, what is refused, what goes on when it is back.
import { describe, it } from "node:test";
import net from "node:net";
import { assert, assertEquals } from "@std/assert";
import { connect, DisconnectedError, Queue } from "../../mod.ts";
import { freePort } from "../support/server_process.ts";
import { sleep } from "../support/runtime.ts";

async function errorOf(attempt: Promise<unknown>): Promise<unknown> {
  return await attempt.then((value) => assert(false, `resolved with ${value}`), (error) => error);
}

function assertDisconnected(error: unknown, mayHaveRun: boolean): void {
  assert(error instanceof DisconnectedError, String(error));
  assertEquals([error.code, error.mayHaveRun], ["DISCONNECTED", mayHaveRun]);
}

describe("a client whose server is away", () => {
  it("is told so when it connects", async () => {
    assertDisconnected(await errorOf(connect({ port: await freePort() })), false);
    assertDisconnected(await errorOf(connect({ path: "/nowhere/socket" })), false);
    assertDisconnected(await errorOf(connect({ host: "no-such-host.invalid" })), false);
  });

  it("has what was not sent yet wait, and then done in order", async () => {
    const port = await freePort();
    const first = await Queue.open();
    await first.listen({ port });
    await using queue = await connect({ port });
    const tube = queue.tube("t");
    await tube.put("before");
    const waiting = queue.tube("later").reserve();
    await sleep(20);
    await first.close();
    await sleep(50);
    const puts = [tube.put("1"), tube.put("2"), tube.put("3")];
    await sleep(100);
    await using second = await Queue.open();
    await second.listen({ port });
    assertEquals(await Promise.all(puts), [1, 2, 3]);
    assertEquals((await tube.reserveMany(9)).map((job) => job.text()), ["1", "2", "3"]);
    await queue.tube("later").put("at last");
    assertEquals((await waiting)?.text(), "at last");
  });

  it("gives up a command and a reserve when their time is up", async () => {
    const server = await Queue.open();
    const { port } = await server.listen({ port: 0 });
    await using queue = await connect({ port, replyTimeoutMs: 200 });
    await server.close();
    await sleep(20);
    assertDisconnected(await errorOf(queue.tube("t").put("x")), false);
    assertDisconnected(await errorOf(queue.tube("t").reserve({ timeout: 0 })), false);
    assertDisconnected(await errorOf(queue.tube("t").reserve({ timeout: 1 })), false);
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 50);
    assertEquals(
      (await errorOf(queue.tube("t").reserve({ signal: controller.signal })) as Error).message,
      "enough",
    );
  });

  it("can be closed while it tries", async () => {
    const server = await Queue.open();
    const { port } = await server.listen({ port: 0 });
    const queue = await connect({ port });
    await server.close();
    await sleep(20);
    const codes = [queue.tube("t").put("x"), queue.tube("t").reserve(), queue.stats()]
      .map((attempt) => attempt.then(() => "", (error) => error.code));
    await sleep(20);
    await queue.close();
    assertEquals(await Promise.all(codes), ["CLOSED", "CLOSED", "CLOSED"]);
  });

  it("does not wait for ever for a peer that accepts and says nothing", async () => {
    const silent = net.createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as net.AddressInfo;
    const queue = await connect({ port, replyTimeoutMs: 100, heartbeatSeconds: 1 });
    assertDisconnected(await errorOf(queue.tube("t").put("x")), true);
    assertDisconnected(await errorOf(queue.tube("t").reserve({ timeout: 1 })), true);
    await queue.close();
    silent.close();
  });
});
