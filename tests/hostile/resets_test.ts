// Connections that break off with a TCP reset, in the middle of whatever was going on.
import { afterEach, beforeEach, describe, it } from "node:test";
import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import { sleep } from "../support/runtime.ts";
import { type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient, yamlOf } from "../support/wire_client.ts";
import { Bystander, serverStats, settledStat } from "./bystander.ts";
import { KIB } from "./figures.ts";

const PEERS = 40;

describe("connection resets", () => {
  let server: ServerProcess;
  let watcher: WireClient;
  let bystander: Bystander;

  beforeEach(async () => {
    server = await startServer();
    watcher = await WireClient.connect(server.port);
    bystander = await Bystander.start(server.port);
  });
  afterEach(async () => {
    watcher?.close();
    await server?.stop();
  });

  async function put(body: string): Promise<string> {
    const answer = await watcher.ask(`put 7 0 60 ${body.length}\r\n${body}\r\n`);
    assertEquals(answer.slice(0, 9), "INSERTED ");
    return answer.slice(9, -2);
  }

  /** Opens the peers, lets each do its thing, and resets them all. */
  async function reset(act: (peer: WireClient) => Promise<void> | void): Promise<void> {
    const peers: WireClient[] = [];
    for (let i = 0; i < PEERS; i++) {
      const peer = await WireClient.connect(server.port);
      await act(peer);
      peers.push(peer);
    }
    await sleep(100);
    for (const peer of peers) peer.socket.resetAndDestroy();
    await bystander.finish();
    assertEquals(await settledStat(watcher, "current-connections", 1), 1, "connections left");
  }

  it("while jobs are held: they are ready again", { timeout: 240_000 }, async () => {
    for (let i = 0; i < PEERS; i++) await put("held");
    await reset(async (peer) => assertEquals((await peer.ask("reserve\r\n")).slice(0, 8), "RESERVED"));
    const stats = await serverStats(watcher);
    assertEquals([stats["current-jobs-ready"], stats["current-jobs-reserved"]], [String(PEERS), "0"]);
    const [, id] = (await watcher.ask("peek-ready\r\n")).split(" ");
    const job = yamlOf(await watcher.ask(`stats-job ${id}\r\n`));
    assertEquals([job.state, job.pri, job.reserves, job.releases, job.timeouts], [
      "ready",
      "7",
      "1",
      "0",
      "0",
    ]);
  });

  it("in the middle of a body: no trace of the job", { timeout: 240_000 }, async () => {
    await reset((peer) => {
      peer.send("put 0 0 60 65535\r\n");
      peer.send(Buffer.alloc(40 * KIB));
    });
    const stats = await serverStats(watcher);
    assertEquals([stats["current-jobs-ready"], stats["current-producers"]], ["0", "0"]);
  });

  it("in the middle of replies", { timeout: 240_000 }, async () => {
    const id = await put("r".repeat(60_000));
    await reset(async (peer) => {
      peer.send(`peek ${id}\r\n`.repeat(200));
      await peer.take(1000);
      peer.socket.pause();
    });
    assertEquals((await watcher.ask(`peek ${id}\r\n`)).length, `FOUND ${id} 60000\r\n`.length + 60_002);
  });

  it("while waiting: the job goes to somebody who is there", { timeout: 240_000 }, async () => {
    await reset((peer) => peer.send("reserve\r\n"));
    const stats = await serverStats(watcher);
    assertEquals([stats["current-waiting"], stats["current-workers"]], ["0", "0"]);
    const id = await put("hi");
    assertEquals(await watcher.ask("reserve-with-timeout 0\r\n"), `RESERVED ${id} 2\r\nhi\r\n`);
  });

  it("before the server has read a byte", { timeout: 240_000 }, async () => {
    await reset((peer) => {
      peer.send("put 0 0 60 2\r\n");
      peer.socket.resetAndDestroy();
    });
    assertEquals((await serverStats(watcher))["current-jobs-ready"], "0");
  });
});
