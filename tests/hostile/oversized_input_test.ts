// Peers that announce or send far more than they should: the server keeps what it must and no more.
import { after, before, describe, it } from "node:test";
import { Buffer } from "node:buffer";
import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { Random } from "../support/random.ts";
import { freshSeed, sleep } from "../support/runtime.ts";
import { type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { Bystander, serverStats, settledStat } from "./bystander.ts";
import { KIB, MemoryGrowth, MIB, NO_PROC } from "./figures.ts";
import { pour } from "./pour.ts";

const GIB = 1024 * MIB;

describe("oversized input", { skip: NO_PROC }, () => {
  let server: ServerProcess;

  before(async () => {
    server = await startServer({ args: ["-z", String(GIB)] });
  });
  after(() => server?.stop());

  it("50 peers announce a body of 1 GiB, send 100 KiB of it and stay", { timeout: 240_000 }, async () => {
    const watcher = await WireClient.connect(server.port);
    const growth = new MemoryGrowth(server.pid);
    const bystander = await Bystander.start(server.port);
    const peers: WireClient[] = [];
    for (let i = 0; i < 50; i++) {
      const peer = await WireClient.connect(server.port);
      peer.send(`put 0 0 60 ${GIB}\r\n`);
      peer.send(Buffer.alloc(100 * KIB, "x"));
      peers.push(peer);
    }
    await sleep(1000);
    assertEquals(await settledStat(watcher, "current-connections", 52), 52, "all stay connected");
    for (const peer of peers) assertEquals([peer.unread, peer.ended], ["", false]);
    await bystander.finish();
    growth.check(128 * MIB, "50 announced bodies of 1 GiB");
    for (const peer of peers) peer.close();
    assertEquals(await settledStat(watcher, "current-connections", 1), 1, "the peers are cleaned up");
    assertEquals((await serverStats(watcher))["current-jobs-ready"], "0", "no half-sent job shows");
    watcher.close();
  });

  it("a body over the limit is swallowed, not kept", { timeout: 240_000 }, async () => {
    const small = await startServer({ args: ["-z", "1000"] });
    try {
      const bystander = await Bystander.start(small.port);
      const peer = await WireClient.connect(small.port);
      const growth = new MemoryGrowth(small.pid);
      const size = 256 * MIB;
      const chunk = Buffer.from("delete 1\r\n".repeat(8 * KIB));
      peer.send(`put 0 0 60 ${size}\r\n`);
      await pour(
        peer,
        (poured) => poured < size ? chunk.subarray(0, Math.min(chunk.length, size - poured)) : undefined,
      );
      assertEquals(peer.unread, "", "no answer before the last byte");
      peer.send("\r\nlist-tube-used\r\n");
      assertEquals(await peer.reply(), "JOB_TOO_BIG\r\n");
      assertEquals(await peer.reply(), "USING default\r\n");
      growth.check(128 * MIB, "256 MiB swallowed");
      await bystander.finish();
      peer.close();
    } finally {
      await small.stop();
    }
  });

  it("a line without an end", { timeout: 240_000 }, async () => {
    const bystander = await Bystander.start(server.port);
    const peer = await WireClient.connect(server.port);
    const growth = new MemoryGrowth(server.pid);
    const chunk = Buffer.alloc(64 * KIB, "a");
    const poured = await pour(peer, (soFar) => soFar < 256 * MIB ? chunk : undefined);
    assertEquals(poured, 256 * MIB, "the server reads on");
    assertEquals(peer.unread, "");
    peer.send("\r\nlist-tube-used\r\n");
    assertEquals(await peer.reply(), "BAD_FORMAT\r\n", "one answer for the whole line");
    assertEquals(await peer.reply(), "USING default\r\n");
    growth.check(128 * MIB, "a line of 256 MiB");
    await bystander.finish();
    peer.close();
  });

  it("four peers send garbage for three seconds", { timeout: 240_000 }, async () => {
    const random = new Random(freshSeed("garbage"));
    const bystander = await Bystander.start(server.port);
    const growth = new MemoryGrowth(server.pid);
    const endsAt = performance.now() + 3000;
    const pouring = Array.from({ length: 4 }, async () => {
      const peer = await WireClient.connect(server.port);
      peer.socket.removeAllListeners("data").resume();
      const chunks = Array.from({ length: 16 }, () => garbage(random));
      const sent = await pour(peer, () => performance.now() < endsAt ? random.pick(chunks) : undefined);
      assertEquals(peer.ended, false, "garbage is answered, not hung up on");
      peer.close();
      return sent;
    });
    const sent = (await Promise.all(pouring)).reduce((sum, bytes) => sum + bytes);
    console.log(`garbage: ${Math.round(sent / MIB)} MiB`);
    assertGreaterOrEqual(sent, MIB, "garbage was sent");
    growth.check(128 * MIB, "garbage");
    await bystander.finish();
    const later = await WireClient.connect(server.port);
    assertEquals(await settledStat(later, "current-connections", 1), 1, "the peers are cleaned up");
    later.close();
  });
});

/** 64 KiB of random bytes with line ends strewn in, so that the parser gets lines of all lengths and the long-line path. */
function garbage(random: Random): Uint8Array {
  const bytes = Buffer.alloc(64 * KIB);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = random.below(256);
    // A line that begins with "quit" closes, which is right but not what this test is about.
    if (bytes[i] === 0x71) bytes[i] = 0;
  }
  for (let at = 0; at + 1 < bytes.length; at += 1 + random.below(random.chance(0.5) ? 40 : 1000)) {
    bytes.write("\r\n", at, "latin1");
  }
  return bytes;
}
