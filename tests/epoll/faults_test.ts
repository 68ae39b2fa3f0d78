// What the system may answer and seldom does: no descriptors left, no room in epoll, a call that is interrupted.
import { afterEach, describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import { Acceptor } from "../../src/adapters/epoll/acceptor.ts";
import { openLibc } from "../../src/adapters/epoll/epoll.ts";
import type { Libc } from "../../src/adapters/epoll/libc.ts";
import { openListeningSocket } from "../../src/adapters/epoll/listening_socket.ts";
import { Poller } from "../../src/adapters/epoll/poller.ts";
import { ReadBuffer } from "../../src/adapters/epoll/read_buffer.ts";
import { sleep } from "../support/runtime.ts";
import { WireClient } from "../support/wire_client.ts";
import { NO_EPOLL } from "./no_epoll.ts";
import { eventually, RecordedPeer } from "./recorder.ts";

const LIMIT = { timeout: 240_000 };
const EINTR = 4;
const EMFILE = 24;
const ENOSPC = 28;
const ECONNABORTED = 103;

/** The real library, with calls that fail as long as they are told to. */
class FaultyLibc {
  readonly libc: Libc;
  /** Functions that fail, and the error of each. */
  readonly faults: Map<keyof Libc, number> = new Map();
  readonly counts: Map<keyof Libc, number> = new Map();
  private injected = 0;

  constructor(real: Libc) {
    this.libc = { ...real, errno: () => this.injected || real.errno() };
    for (const name of ["accept4", "recv", "send", "epoll_wait"] as const) this.wrap(real, name);
  }

  private wrap(real: Libc, name: "accept4" | "recv" | "send" | "epoll_wait"): void {
    const call = real[name] as (...values: unknown[]) => number;
    const wrapped = (...values: unknown[]): number => {
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
      this.injected = this.faults.get(name) ?? 0;
      return this.injected === 0 ? call(...values) : -1;
    };
    (this.libc as unknown as Record<string, unknown>)[name] = wrapped;
  }
}

describe("the epoll adapter when the system fails", { skip: NO_EPOLL }, () => {
  let acceptor: Acceptor | undefined;
  afterEach(() => acceptor?.close());

  async function start(): Promise<{ faulty: FaultyLibc; port: number; peers: RecordedPeer[] }> {
    const faulty = new FaultyLibc(await openLibc());
    const { libc } = faulty;
    const { fd, address } = await openListeningSocket(libc, { kind: "tcp", host: "127.0.0.1", port: 0 });
    assert(address.kind === "tcp");
    const peers: RecordedPeer[] = [];
    acceptor = new Acceptor(libc, new Poller(libc, setImmediate), new ReadBuffer(), fd, (transport) => {
      const peer = new RecordedPeer(transport);
      peers.push(peer);
      return peer;
    });
    return { faulty, port: address.port, peers };
  }

  it(
    "rests when descriptors have run out, and takes who waits when there are some again",
    LIMIT,
    async () => {
      const { faulty, port, peers } = await start();
      faulty.faults.set("accept4", EMFILE);
      const client = await WireClient.connect(port);
      await sleep(350);
      const tries = faulty.counts.get("accept4") ?? 0;
      assert(tries >= 1 && tries <= 8, `${tries} tries in 350 ms`);
      faulty.faults.clear();
      await eventually("accepted", () => peers.length === 1);
      client.close();
    },
  );

  it("goes on after a connection that was gone before it was accepted", LIMIT, async () => {
    const { faulty, port, peers } = await start();
    faulty.faults.set("accept4", ECONNABORTED);
    const client = await WireClient.connect(port);
    await eventually("tries", () => (faulty.counts.get("accept4") ?? 0) > 0);
    faulty.faults.clear();
    await eventually("accepted", () => peers.length === 1);
    client.close();
  });

  it(
    "closes a connection whose calls fail for good, and keeps one whose calls were interrupted",
    LIMIT,
    async () => {
      const { faulty, port, peers } = await start();
      const client = await WireClient.connect(port);
      await eventually("accepted", () => peers.length === 1);
      for (const call of ["recv", "epoll_wait"] as const) {
        faulty.faults.set(call, EINTR);
        client.send("x");
        await sleep(20);
        faulty.faults.clear();
      }
      await eventually("what was sent", () => peers[0].text === "xx");
      faulty.faults.set("send", EINTR);
      assertEquals(peers[0].say("y"), false);
      await sleep(20);
      faulty.faults.clear();
      assertEquals(await client.take(1), "y");
      await eventually("drained", () => peers[0].events.length > 0);
      faulty.faults.set("send", ENOSPC);
      assertEquals(peers[0].say("z"), true);
      assertEquals(peers[0].events, ["drained"], "not told in the midst of sending");
      await eventually("closed", () => peers[0].events.length > 1);
      assertEquals(peers[0].events, ["drained", "closed"]);
      assert(await client.closed());
      client.close();
    },
  );

  it("closes a connection that epoll has no room for", LIMIT, async () => {
    const { faulty, port, peers } = await start();
    const add = faulty.libc.epoll_ctl;
    faulty.libc.epoll_ctl = () => -1;
    const client = await WireClient.connect(port);
    assert(await client.closed());
    assertEquals(peers[0].events, ["closed"]);
    faulty.libc.epoll_ctl = add;
    client.close();
  });
});
