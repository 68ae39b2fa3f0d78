// Peers that ask and do not read: the server stops reading from them, keeps little for them, and when they read at last they
// get every reply, in order and whole.
import { afterEach, beforeEach, describe, it } from "node:test";
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { runtimeCommand, sleep } from "../support/runtime.ts";
import { type ServerProcess, startProcess, startServer } from "../support/server_process.ts";
import { WireClient, yamlOf } from "../support/wire_client.ts";
import { Bystander, settledStat } from "./bystander.ts";
import { MemoryGrowth, MIB, NO_PROC } from "./figures.ts";
import { pour } from "./pour.ts";
import { RepliesExpected } from "./replies.ts";

const BIG = 65_535;
const ALLOWED_GROWTH = 96 * MIB;

const found = (id: number, body: string): string => `FOUND ${id} ${body.length}\r\n${body}\r\n`;

describe("peers that do not read", { skip: NO_PROC }, () => {
  let server: ServerProcess;
  let bystander: Bystander;
  let growth: MemoryGrowth;

  beforeEach(async () => {
    server = await startServer();
    bystander = await Bystander.start(server.port);
  });
  afterEach(() => server?.stop());

  /** Puts a big job and a small one into the default tube; returns what peek answers to each. */
  async function twoJobs(): Promise<{ ids: number[]; answers: string[] }> {
    const producer = await WireClient.connect(server.port);
    const bodies = ["b".repeat(BIG), "small"];
    const ids: number[] = [];
    for (const body of bodies) {
      ids.push(Number((await producer.ask(`put 0 0 60 ${body.length}\r\n${body}\r\n`)).slice(9)));
    }
    producer.close();
    growth = new MemoryGrowth(server.pid);
    return { ids, answers: ids.map((id, index) => found(id, bodies[index])) };
  }

  it("3,000 peeks at a job of 64 KiB, read a second later", { timeout: 240_000 }, async () => {
    const { ids, answers } = await twoJobs();
    const peer = await WireClient.connect(server.port);
    const pairs = 3000;
    const expected = new RepliesExpected(peer, answers.join(""), pairs * answers.join("").length);
    peer.socket.pause();
    peer.send(ids.map((id) => `peek ${id}\r\n`).join("").repeat(pairs));
    await sleep(1000);
    growth.check(ALLOWED_GROWTH, "190 MiB of replies not read");
    await bystander.finish();
    peer.socket.resume();
    assertEquals(await expected.whole(20_000), "");
    growth.check(ALLOWED_GROWTH, "190 MiB of replies read late");
    assertEquals(peer.ended, false);
    peer.close();
  });

  it("small commands without end: the server stops reading them", { timeout: 240_000 }, async () => {
    const peer = await WireClient.connect(server.port);
    growth = new MemoryGrowth(server.pid);
    // Tubes in turn, so that a lost, doubled or exchanged answer shows.
    const tubes = Array.from({ length: 97 }, (_, index) => `tube-${index}`);
    const asked = Buffer.from(tubes.map((tube) => `use ${tube}\r\n`).join("").repeat(16), "latin1");
    const answered = tubes.map((tube) => `USING ${tube}\r\n`).join("").repeat(16);
    peer.socket.pause();
    const limit = 96 * MIB;
    const poured = await pour(peer, (soFar) => soFar < limit ? asked : undefined);
    console.log(`a peer that reads nothing could send ${Math.round(poured / MIB)} MiB of commands`);
    assert(poured < limit, "the server read on although nobody takes its answers");
    growth.check(ALLOWED_GROWTH, "small commands without end");
    await bystander.finish();
    const expected = new RepliesExpected(peer, answered, (poured / asked.length) * answered.length);
    peer.socket.resume();
    assertEquals(await expected.whole(20_000), "");
    peer.close();
  });

  it("long tube lists", { timeout: 240_000 }, async () => {
    const keeper = await WireClient.connect(server.port);
    // Keeps the tube in the list when the bystander leaves.
    assertEquals(await keeper.ask("use bystander\r\n"), "USING bystander\r\n");
    const names = ["default", "bystander"];
    for (let index = 0; index < 1000; index++) names.push(`${"t".repeat(150)}-${index}`);
    keeper.send(names.slice(2).map((name) => `watch ${name}\r\n`).join(""));
    for (let watched = 2; watched <= 1001; watched++) {
      assertEquals(await keeper.reply(), `WATCHING ${watched}\r\n`);
    }
    const list = await keeper.ask("list-tubes\r\n");
    for (const name of names) assert(list.includes(`\n- ${name}\n`), name);
    growth = new MemoryGrowth(server.pid);
    const peer = await WireClient.connect(server.port);
    const rounds = 600;
    const expected = new RepliesExpected(
      peer,
      `${list}USING default\r\n`,
      rounds * (list.length + "USING default\r\n".length),
    );
    peer.socket.pause();
    peer.send("list-tubes\r\nlist-tube-used\r\n".repeat(rounds));
    await sleep(1000);
    growth.check(ALLOWED_GROWTH, "90 MiB of tube lists not read");
    await bystander.finish();
    peer.socket.resume();
    assertEquals(await expected.whole(20_000), "");
    peer.close();
    keeper.close();
  });

  it("3,000 times stats", { timeout: 240_000 }, async () => {
    growth = new MemoryGrowth(server.pid);
    const peer = await WireClient.connect(server.port);
    peer.socket.pause();
    peer.send("stats\r\n".repeat(3000));
    await sleep(500);
    growth.check(ALLOWED_GROWTH, "3,000 stats documents not read");
    await bystander.finish();
    peer.socket.resume();
    let counted = 0;
    for (let round = 0; round < 3000; round++) {
      const stats = yamlOf(await peer.reply());
      assert(Number(stats["cmd-stats"]) > counted, "each document counts at least itself");
      counted = Number(stats["cmd-stats"]);
      assert(stats.platform, "the last line is there");
    }
    peer.close();
  });

  it("a reader stopped by SIGSTOP and continued", { timeout: 240_000 }, async () => {
    const { ids } = await twoJobs();
    const script = fileURLToPath(new URL("./peeking_process.ts", import.meta.url));
    const count = 2000;
    const reader = startProcess([
      ...runtimeCommand(),
      script,
      String(server.port),
      String(ids[0]),
      String(count),
    ]);
    try {
      while (!reader.stdout().includes("reading")) await sleep(5);
      reader.signal("SIGSTOP");
      await sleep(1000);
      growth.check(ALLOWED_GROWTH, "125 MiB for a stopped process");
      await bystander.finish();
      reader.signal("SIGCONT");
      assertEquals(await reader.exited, 0, reader.stderr());
      assertEquals(reader.stdout(), `reading\n${count} whole replies\n`);
    } finally {
      await reader.stop();
    }
  });

  it("peers that never read and are gone leave nothing behind", { timeout: 240_000 }, async () => {
    const { ids, answers } = await twoJobs();
    const peers: WireClient[] = [];
    for (let i = 0; i < 20; i++) {
      const peer = await WireClient.connect(server.port);
      peer.socket.pause();
      peer.send(`peek ${ids[0]}\r\n`.repeat(500));
      peers.push(peer);
    }
    await sleep(1000);
    growth.check(ALLOWED_GROWTH, "20 peers with 30 MiB of replies each");
    await bystander.finish();
    for (const peer of peers) peer.socket.resetAndDestroy();
    const watcher = await WireClient.connect(server.port);
    assertEquals(await settledStat(watcher, "current-connections", 1), 1);
    assertEquals(await watcher.ask(`peek ${ids[1]}\r\n`), answers[1]);
    watcher.close();
  });
});
