// What a client tells of an outage: that it began, that it is over, and whether there is a connection now.
import { describe, it } from "node:test";
import net from "node:net";
import { assert, assertEquals } from "@std/assert";
import { type ClientEvent, connect, DisconnectedError, Queue } from "../../mod.ts";
import { requireProgram, skipWithout, sleep } from "../support/runtime.ts";
import { freePort, startProcess } from "../support/server_process.ts";
import { printedDuring, until } from "../worker/places.ts";

const kinds = (events: readonly ClientEvent[]): string[] => events.map((event) => event.kind);

/** Passes connections on to a port, until it is told to fall silent or to cut them. */
class Relay {
  port = 0;
  isSilent = false;
  private readonly sockets = new Set<net.Socket>();
  private readonly server: net.Server;

  constructor(target: number) {
    this.server = net.createServer((near) => {
      const far = net.connect(target, "127.0.0.1");
      for (const socket of [near, far]) {
        this.sockets.add(socket);
        socket.on("error", () => {}).on("close", () => this.sockets.delete(socket));
      }
      near.on("data", (bytes) => this.isSilent || far.write(bytes)).on("close", () => far.destroy());
      far.on("data", (bytes) => this.isSilent || near.write(bytes)).on("close", () => near.destroy());
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.port = (this.server.address() as net.AddressInfo).port;
    return this;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}

describe("a client and an outage", () => {
  it("is told once that it began and once that it is over, though nobody asks for anything", async () => {
    const first = await Queue.open();
    const { port } = await first.listen({ port: 0 });
    const events: ClientEvent[] = [];
    await using queue = await connect({ port, onEvent: (event) => void events.push(event) });
    assertEquals([queue.isConnected, events], [true, []]);
    await first.close();
    await until(() => events.length === 1, "the outage");
    await sleep(300);
    assertEquals([queue.isConnected, kinds(events)], [false, ["disconnected"]]);
    const [begun] = events;
    assert(begun.kind === "disconnected" && begun.error instanceof DisconnectedError);
    assertEquals([begun.error.mayHaveRun, begun.error.code], [false, "DISCONNECTED"]);
    await using second = await Queue.open();
    await second.listen({ port });
    await until(() => events.length === 2, "its end");
    const [, ended] = events;
    assert(ended.kind === "reconnected" && ended.outageMs >= 300 && queue.isConnected);
    await queue.tube("t").put("x");
    await sleep(50);
    assertEquals(events.length, 2);
  });

  it("is told of each of many, and goes on", async () => {
    await using server = await Queue.open();
    const { port } = await server.listen({ port: 0 });
    const relay = await new Relay(port).listen();
    const events: ClientEvent[] = [];
    const queue = await connect({ port: relay.port, onEvent: (event) => void events.push(event) });
    for (let round = 1; round <= 5; round++) {
      relay.cut();
      await until(() => events.length === 2 * round, `outage ${round}`);
      await queue.tube("t").put("x");
    }
    await queue.close();
    relay.close();
    await sleep(50);
    const pairs = Array.from({ length: 5 }, () => ["disconnected", "reconnected"]).flat();
    assertEquals([kinds(events), queue.isConnected], [pairs, false]);
  });

  it("finds out that a server went without a word while only a reserve waits", async () => {
    await using server = await Queue.open();
    const { port } = await server.listen({ port: 0 });
    const relay = await new Relay(port).listen();
    const events: ClientEvent[] = [];
    const queue = await connect({
      port: relay.port,
      replyTimeoutMs: 300,
      heartbeatSeconds: 1,
      onEvent: (event) => void events.push(event),
    });
    const waiting = queue.tube("t").reserve().catch((error) => error.code);
    await sleep(50);
    relay.isSilent = true;
    await until(() => events.length >= 1, "the outage");
    assertEquals(events[0].kind, "disconnected");
    relay.isSilent = false;
    relay.cut();
    // The first ones may still meet a connection that was made in the silence and cut with it.
    await until(() => queue.tube("t").put("at last").then(() => true, () => false), "a put");
    assertEquals((await waiting).text(), "at last");
    await queue.close();
    relay.close();
  });

  it("is told nothing when it is closed, also during an outage", async () => {
    for (const isDuring of [false, true]) {
      const server = await Queue.open();
      const { port } = await server.listen({ port: 0 });
      const events: ClientEvent[] = [];
      const queue = await connect({ port, onEvent: (event) => void events.push(event) });
      if (isDuring) {
        await server.close();
        await until(() => events.length === 1, "the outage");
      }
      await queue.close();
      await server.close();
      await sleep(150);
      assertEquals([kinds(events), queue.isConnected], [isDuring ? ["disconnected"] : [], false]);
    }
  });

  it("may have an onEvent that throws or rejects", async () => {
    for (
      const onEvent of [() => {
        throw new Error("hook");
      }, () => Promise.reject(new Error("hook"))]
    ) {
      await printedDuring(async () => {
        const first = await Queue.open();
        const { port } = await first.listen({ port: 0 });
        await using queue = await connect({ port, onEvent });
        await first.close();
        await until(() => !queue.isConnected, "the outage");
        await using second = await Queue.open();
        await second.listen({ port });
        assertEquals(await queue.tube("t").put("x"), 1);
      });
    }
  });

  it("of beanstalkd is told the same", { skip: skipWithout("beanstalkd") }, async () => {
    const port = await freePort();
    const command = [requireProgram("beanstalkd"), "-l", "127.0.0.1", "-p", String(port)];
    const isUp = (): Promise<boolean> =>
      connect({ port }).then((queue) => queue.close().then(() => true), () => false);
    const first = startProcess(command);
    await until(isUp, "beanstalkd");
    const events: ClientEvent[] = [];
    const queue = await connect({ port, onEvent: (event) => void events.push(event) });
    await first.stop();
    await until(() => events.length === 1, "the outage");
    const second = startProcess(command);
    await until(() => events.length === 2, "its end");
    assertEquals(kinds(events), ["disconnected", "reconnected"]);
    assertEquals(await queue.tube("t").put("x"), 1);
    await queue.close();
    await second.stop();
  });
});
