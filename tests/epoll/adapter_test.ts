// The adapter by itself, in this process, with clients of node:net: what the ports ask of transport, listener and clock.
import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAfterInput } from "../../src/adapters/deno/after_input.ts";
import { type Epoll, openEpoll } from "../../src/adapters/epoll/epoll.ts";
import type { Address, Listener } from "../../src/ports/transport.ts";
import { RUNTIME, sleep } from "../support/runtime.ts";
import { WireClient } from "../support/wire_client.ts";
import { NO_EPOLL } from "./no_epoll.ts";
import { eventually, RecordedPeer } from "./recorder.ts";

const LIMIT = { timeout: 240_000 };
const LOOPBACK: Address = { kind: "tcp", host: "127.0.0.1", port: 0 };

/** More than the system keeps for a connection. */
const LARGE_BLOCK: Uint8Array = new Uint8Array(16 << 20).fill(120);

interface Reader {
  readonly socket: net.Socket;
  bytes: number;
  hasEnded: boolean;
}

function portOf({ address }: Listener): number {
  assert(address.kind === "tcp");
  return address.port;
}

describe("the epoll adapter", { skip: NO_EPOLL }, () => {
  let epoll: Epoll;
  let listener: Listener;
  const peers: RecordedPeer[] = [];
  let isFull = false;

  before(async () => {
    epoll = await openEpoll(RUNTIME === "deno" ? await createAfterInput() : undefined);
    listener = await epoll.listen(LOOPBACK, (transport) => {
      if (isFull) {
        transport.close();
        return null;
      }
      const peer = new RecordedPeer(transport);
      peers.push(peer);
      return peer;
    });
  });
  after(() => listener?.close());

  async function connect(): Promise<{ client: WireClient; peer: RecordedPeer }> {
    const count = peers.length;
    const client = await WireClient.connect(portOf(listener));
    await eventually("a connection", () => peers.length > count);
    return { client, peer: peers[count] };
  }

  /** A client that reads nothing until its socket is resumed, and then only counts. */
  async function connectReader(): Promise<{ reader: Reader; peer: RecordedPeer }> {
    const count = peers.length;
    const socket = net.connect(portOf(listener), "127.0.0.1");
    const reader: Reader = { socket, bytes: 0, hasEnded: false };
    socket.on("data", (chunk: Uint8Array) => (reader.bytes += chunk.length)).pause();
    socket.on("end", () => (reader.hasEnded = true)).on("error", () => (reader.hasEnded = true));
    await eventually("a connection", () => peers.length > count);
    return { reader, peer: peers[count] };
  }

  it(
    "carries bytes both ways, and tells of the client's end once it has read all before it",
    LIMIT,
    async () => {
      const { client, peer } = await connect();
      client.send("hello");
      await eventually("hello", () => peer.text === "hello");
      assert(peer.say("answer"));
      assertEquals(await client.take(6), "answer");
      client.send("last");
      client.socket.end();
      await eventually("the end", () => peer.events.length > 0);
      assertEquals([peer.text, peer.events], ["hellolast", ["ended"]]);
      assert(peer.say("after the end"), "a peer that ended may still read");
      assertEquals(await client.take(13), "after the end");
      peer.transport.close();
      assert(await client.closed());
      assertEquals(peer.events, ["ended", "closed"]);
    },
  );

  it("tells of a reset, also while it is not reading", LIMIT, async () => {
    for (const isPaused of [false, true]) {
      const { client, peer } = await connect();
      if (isPaused) peer.transport.pause();
      client.socket.resetAndDestroy();
      await eventually("closed", () => peer.events.includes("closed"));
      assertEquals(peer.events, ["closed"]);
      assert(peer.say("to nobody"), "nothing is held for a connection that is gone");
    }
  });

  it("reads nothing while paused, and all of it afterwards", LIMIT, async () => {
    const { client, peer } = await connect();
    peer.transport.pause();
    client.send("later");
    await sleep(50);
    assertEquals(peer.text, "");
    peer.transport.resume();
    await eventually("later", () => peer.text === "later");
    client.close();
    await eventually("closed or ended", () => peer.events.length > 0);
    peer.transport.close();
  });

  it("holds a buffer that the system does not take whole, until it has", LIMIT, async () => {
    const { reader, peer } = await connectReader();
    assertEquals(peer.transport.send(LARGE_BLOCK, LARGE_BLOCK.length), false);
    await sleep(50);
    assertEquals(peer.events, []);
    reader.socket.resume();
    await eventually("drained", () => peer.events.includes("drained"));
    assert(peer.say("."));
    await eventually("all of it", () => reader.bytes === LARGE_BLOCK.length + 1);
    reader.socket.destroy();
    await eventually("the end", () => peer.events.length > 1);
    peer.transport.close();
  });

  it("closes only when what was sent before is out", LIMIT, async () => {
    const { reader, peer } = await connectReader();
    assertEquals(peer.transport.send(LARGE_BLOCK, LARGE_BLOCK.length), false);
    peer.transport.close();
    assertEquals(peer.events, []);
    reader.socket.resume();
    await eventually("closed", () => peer.events.length > 0);
    await eventually("all of it", () => reader.bytes === LARGE_BLOCK.length);
    await eventually("the end", () => reader.hasEnded);
    assertEquals(peer.events, ["closed"]);
  });

  it("turns away who is not wanted", LIMIT, async () => {
    isFull = true;
    const client = await WireClient.connect(portOf(listener));
    assert(await client.closed());
    client.close();
    isFull = false;
  });

  it("accepts 300 at once and keeps no descriptor of them", LIMIT, async () => {
    const open = (): number => readdirSync("/proc/self/fd").length;
    const { client } = await connect();
    client.close();
    peers.at(-1)!.transport.close();
    await sleep(100);
    const [before, count] = [open(), peers.length];
    const clients = await Promise.all(
      Array.from({ length: 300 }, () => WireClient.connect(portOf(listener))),
    );
    await eventually("300 connections", () => peers.length === count + 300);
    for (const client of clients) client.close();
    const ours = peers.slice(count);
    await eventually("300 ends", () => ours.every(({ events }) => events.length > 0));
    for (const { transport } of ours) transport.close();
    await eventually("no more descriptors", () => open() <= before);
  });

  it(
    "waits for input with the runtime, hundreds of times, and keeps no descriptor of that",
    LIMIT,
    async () => {
      const { client, peer } = await connect();
      const ask = async (): Promise<void> => {
        client.send("?");
        const { length } = peer.text;
        await eventually("a question", () => peer.text.length > length);
      };
      await ask();
      const before = readdirSync("/proc/self/fd").length;
      for (let i = 0; i < 200; i++) {
        await ask();
        await sleep(3); // longer than a pause: the wait is left to the runtime
      }
      const grown = readdirSync("/proc/self/fd").length - before;
      assert(grown < 20, `${grown} descriptors more`);
      client.close();
      peer.transport.close();
    },
  );

  it("calls back at the end of the round, and what it is asked for then in the next", LIMIT, async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      epoll.clock.afterTurn(() => {
        order.push("first");
        epoll.clock.afterInput(() => {
          order.push("third");
          resolve();
        });
      });
      epoll.clock.afterTurn(() => order.push("second"));
    });
    assertEquals(order, ["first", "second", "third"]);
  });

  it(
    "gives timers, promises, immediates and other sockets their turn while it has no end of work",
    LIMIT,
    async () => {
      let isOver = false;
      let rounds = 0;
      const goOn = (): void => {
        rounds++;
        if (!isOver) epoll.clock.afterInput(goOn);
      };
      epoll.clock.afterTurn(goOn);
      const echo = net.createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
      try {
        await new Promise((resolve) => setTimeout(resolve, 5));
        await new Promise((resolve) => setImmediate(resolve));
        await eventually("the listener", () => echo.listening);
        const client = await WireClient.connect((echo.address() as net.AddressInfo).port);
        for (let i = 0; i < 20; i++) {
          client.send("ping");
          assertEquals(await client.take(4), "ping");
        }
        client.close();
      } finally {
        isOver = true;
        echo.close();
      }
      assert(rounds > 20, `${rounds} rounds meanwhile`);
    },
  );

  it("listens on IPv6, on names and on Unix sockets", LIMIT, async () => {
    const directory = mkdtempSync(join(tmpdir(), "runnerbean-epoll-"));
    const path = join(directory, "socket");
    try {
      const addresses: Address[] = [
        { ...LOOPBACK, host: "::1" },
        { ...LOOPBACK, host: "localhost" },
        { kind: "unix", path },
      ];
      for (const address of addresses) {
        let peer: RecordedPeer | undefined;
        const other = await epoll.listen(address, (transport) => peer = new RecordedPeer(transport));
        const actual = other.address;
        if (address.kind === "tcp" && actual.kind === "tcp" && address.host === "::1") {
          assertEquals(actual.host, "::1");
        }
        const client = actual.kind === "tcp"
          ? await WireClient.connect(actual.port, actual.host)
          : await WireClient.connectUnix(path);
        client.send("hello");
        await eventually("hello", () => peer?.text === "hello");
        peer!.transport.pause();
        client.send(", bye");
        client.close();
        await sleep(50);
        peer!.transport.resume();
        await eventually("what came before the end", () => peer!.text === "hello, bye");
        await eventually("the end", () => peer!.events.length > 0);
        peer!.transport.close();
        other.close();
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it("says why an address cannot be had", LIMIT, async () => {
    const refused = async (address: Address): Promise<string> =>
      (await assertRejects(() => epoll.listen(address, () => null), Error)).message;
    assertMatch(await refused(listener.address), /EADDRINUSE/);
    assertMatch(await refused({ ...LOOPBACK, host: "192.0.2.1" }), /EADDRNOTAVAIL/);
    assertMatch(await refused({ kind: "unix", path: "/nowhere/at/all" }), /ENOENT/);
    assertMatch(await refused({ kind: "unix", path: "x".repeat(108) }), /too long/);
    assertMatch(await refused({ kind: "descriptor", fd: 0 }), /ENOTSOCK|EOPNOTSUPP|does not listen/);
  });
});
