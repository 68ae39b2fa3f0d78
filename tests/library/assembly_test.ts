// However a server is put together, by the command line, by Queue.open or by hand: what was accepted is kept when it ends, and
// what its journal can take at once is all that it records at once.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { binlog, Queue, type Store } from "../../mod.ts";
import { JournalMemory } from "../../src/adapters/memory/journal.ts";
import { MemoryKv, MemoryKvContent } from "../../src/adapters/memory/kv.ts";
import { MemoryConnection } from "../../src/adapters/memory/transport.ts";
import { NodeFiles } from "../../src/adapters/node/files.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { Engine } from "../../src/core/engine.ts";
import { openKv } from "../../src/journal/kv/recovery.ts";
import { changesAtOnce } from "../../src/journal/layout.ts";
import { openLog } from "../../src/journal/recovery.ts";
import { createServer } from "../../src/library/create_server.ts";
import { listen } from "../../src/runtime/runtime.ts";
import { sleep } from "../support/runtime.ts";
import { startServer } from "../support/server_process.ts";
import { WireClient, yamlOf } from "../support/wire_client.ts";

const LIMIT = { timeout: 240_000 };
const JOBS = 300;

/** A place that outlives its queues, and how a queue is opened on it. */
interface Place {
  readonly what: string;
  readonly store: Store;
  remove(): void;
}

type OpenPlace = () => Place;

function logPlace(segmentBytes: number, sync: "always" | "never"): Place {
  const directory = mkdtempSync(join(tmpdir(), "runnerbean-assembly-"));
  return {
    what: `a log with segments of ${segmentBytes}, sync ${sync}`,
    store: (queue, now) =>
      openLog(new NodeFiles(directory), queue, {
        segmentBytes,
        sync: { kind: sync },
        stopwatch: () => performance.now(),
        now,
        identity: new Uint8Array(16).fill(1),
      }).binlog,
    remove: () => rmSync(directory, { recursive: true }),
  };
}

function memoryPlace(): Place {
  const memory = new JournalMemory();
  return { what: "memory", store: (queue, now) => memory.open(queue, now), remove() {} };
}

/** Each commit takes so long. */
function kvPlace(commitMs: number): Place {
  const content = new MemoryKvContent();
  let starts = 0;
  const store: Store = async (queue, now) => {
    const kv = new MemoryKv(content);
    kv.faults.beforeCommit = () => sleep(commitMs).then(() => "none");
    const owner = String(++starts);
    const { journal } = await openKv(kv, queue, {
      claimant: { owner, host: "here", pid: starts, place: "", startedAt: "" },
      isGone: () => true,
      stopwatch: () => performance.now(),
      sleep,
      name: "jobs",
      clock: () => now,
    });
    return journal;
  };
  return { what: `a KV whose commits take ${commitMs} ms`, store, remove() {} };
}

const PLACES: readonly OpenPlace[] = [
  memoryPlace,
  () => logPlace(4096, "always"),
  () => logPlace(65_536, "never"),
  () => logPlace(10_485_760, "always"),
  () => kvPlace(0),
  () => kvPlace(40),
  () => kvPlace(200),
];

async function jobsIn(store: Store): Promise<number> {
  await using queue = await Queue.open({ store });
  return Number((await queue.stats())["current-jobs-ready"]);
}

describe("a server put together by hand", () => {
  for (const open of PLACES) {
    const place = open();
    it(`keeps what it accepted before it was stopped: ${place.what}`, LIMIT, async () => {
      const clock = new SystemClock();
      const engine = new Engine();
      const journal = await place.store(engine, clock.now());
      const server = createServer({ engine, clock, journal });
      const connection = new MemoryConnection(server.accept);
      connection.write(new TextEncoder().encode("put 0 0 60 5\r\nhello\r\n".repeat(JOBS)));
      connection.deliver();
      await server.stop(); // nothing is committed yet, and some of it has not been looked at
      const replies = new TextDecoder().decode(connection.read());
      const told = replies.split("\r\n").filter((line) => line.startsWith("INSERTED")).length;
      const jobs = await jobsIn(place.store);
      assert(told > 0, "what was accepted is answered");
      assertEquals(jobs, told);
      await server.stop();
      place.remove();
    });
  }
});

describe("a queue in a program", () => {
  for (const open of PLACES) {
    const place = open();
    it(`keeps what was accepted before it was closed: ${place.what}`, LIMIT, async () => {
      const queue = await Queue.open({ store: place.store });
      let told = 0;
      const puts = Array.from({ length: JOBS }, () => queue.tube("t").put("hello"));
      for (const put of puts) void put.then(() => told++, () => {});
      await queue.close();
      await Promise.allSettled(puts);
      assert(told > 0, "what was accepted is answered");
      assertEquals(await jobsIn(place.store), told);
      place.remove();
    });
  }

  it("refuses segments of no size", () => {
    for (const segmentBytes of [NaN, 0, -1, 0.5, Infinity]) {
      assertThrows(() => binlog("/nowhere", { segmentBytes }), Error, "segmentBytes");
    }
  });
});

/** A server over TCP whose log has segments of a size, put together in one way. */
interface Served {
  readonly port: number;
  end(): Promise<unknown>;
}

const WAYS: Record<string, (directory: string, segmentBytes: number) => Promise<Served>> = {
  "the command line": async (directory, segmentBytes) => {
    const server = await startServer({ args: ["-b", directory, "-s", String(segmentBytes)] });
    return { port: server.port, end: () => server.stop("SIGTERM") };
  },
  "Queue.open": async (directory, segmentBytes) => {
    const queue = await Queue.open({ store: binlog(directory, { segmentBytes }) });
    const { port } = await queue.listen({ port: 0 });
    return { port, end: () => queue.close() };
  },
  "createServer": async (directory, segmentBytes) => {
    const engine = new Engine();
    const clock = new SystemClock();
    const journal = await binlog(directory, { segmentBytes })(engine, clock.now());
    const server = createServer({ engine, clock, journal });
    const { address, close } = await listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, server.accept);
    const end = (): Promise<void> => {
      close();
      return server.stop();
    };
    return { port: address.kind === "tcp" ? address.port : 0, end };
  },
};

describe("a log of small segments bounds what is recorded at once", () => {
  for (const [what, serve] of Object.entries(WAYS)) {
    for (const segmentBytes of [4096, 8192, 16_384]) {
      it(`by ${what}, segments of ${segmentBytes}`, LIMIT, async () => {
        const directory = mkdtempSync(join(tmpdir(), "runnerbean-assembly-"));
        const { port, end } = await serve(directory, segmentBytes);
        const client = await WireClient.connect(port);
        try {
          // A truncate notes each job that it spares, in a quarter of the bytes of a change.
          const most = 2 * changesAtOnce(segmentBytes);
          client.send("put 0 0 600 1\r\nx\r\n".repeat(most + 2));
          for (let i = 0; i < most + 2; i++) assertEquals(await client.reply(), `INSERTED ${i + 1}\r\n`);
          client.send("reserve\r\n".repeat(most + 1));
          for (let i = 0; i < most + 1; i++) {
            assertEquals(await client.reply(), `RESERVED ${i + 1} 1\r\nx\r\n`);
          }
          assertEquals(await client.ask("truncate default\r\n"), "OUT_OF_MEMORY\r\n");
          assertEquals(await client.ask("delete 1\r\n"), "DELETED\r\n");
          assertEquals(await client.ask("truncate default\r\n"), "TRUNCATED 1\r\n");
          assertEquals(yamlOf(await client.ask("stats\r\n"))["binlog-max-size"], String(segmentBytes));
        } finally {
          client.close();
          await end();
          rmSync(directory, { recursive: true });
        }
      });
    }
  }
});
