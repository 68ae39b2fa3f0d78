// The queue in this process: the common suite, in memory and on a log; and what only it has.
import { describe, it } from "node:test";
import { setImmediate } from "node:timers";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { binlog, connect, Queue, QueueError, type Store } from "../../mod.ts";
import { LOCAL_COMMANDS_PER_TURN } from "../../src/core/limits.ts";
import { changesAtOnce } from "../../src/journal/layout.ts";
import { sleep } from "../support/runtime.ts";
import { faceSuite } from "./face_suite.ts";

function folder(): string {
  return mkdtempSync(join(tmpdir(), "runnerbean-library-"));
}

faceSuite("in memory", async () => {
  const queue = await Queue.open();
  return { queue, end: () => queue.close() };
});

faceSuite("on a log", async () => {
  const directory = folder();
  const queue = await Queue.open({ store: binlog(directory) });
  const end = async (): Promise<void> => {
    await queue.close();
    rmSync(directory, { recursive: true });
  };
  return { queue, end };
});

describe("the queue in this process", () => {
  it("has its jobs again after it was closed, and refuses a second opener", async () => {
    const directory = folder();
    const first = await Queue.open({ store: binlog(directory) });
    const ids = await first.tube("t").putMany(["a", "b", "c"]);
    const held = await first.tube("t").reserve();
    await (await first.tube("t").reserve())!.delete();
    await assertRejects(() => Queue.open({ store: binlog(directory) }), Error, "this process has opened");
    await first.close();
    await using second = await Queue.open({ store: binlog(directory, { sync: "never" }) });
    const jobs = await second.tube("t").reserveMany(9, { timeout: 0 });
    assertEquals(jobs.map((job) => [job.id, job.text()]), [[held!.id, "a"], [ids[2], "c"]]);
    await second.close();
    rmSync(directory, { recursive: true });
  });

  it("is joined over TCP when it listens", async () => {
    await using queue = await Queue.open();
    const { port } = await queue.listen({ port: 0 });
    await using other = await connect({ port });
    const waiting = queue.tube("t").reserve();
    const id = await other.tube("t").put("from outside");
    const job = await waiting;
    assertEquals([job?.id, job?.text()], [id, "from outside"]);
    assertEquals((await other.statsJob(id))?.state, "reserved");
    await job!.release();
    assertEquals((await other.tube("t").reserve())?.id, id);
  });

  it("listens on a Unix socket", async () => {
    const directory = folder();
    await using queue = await Queue.open();
    await using listening = await queue.listen({ path: join(directory, "socket") });
    assertEquals(listening.port, 0);
    await using other = await connect({ path: join(directory, "socket") });
    assertEquals(await other.tubes(), ["default"]);
    rmSync(directory, { recursive: true });
  });

  it("does not listen once it is closed, nor open what it was just about to", async () => {
    const queue = await Queue.open();
    const opening = queue.listen({ port: 0 });
    await queue.close();
    await assertRejects(() => opening, QueueError, "closed");
    await assertRejects(() => queue.listen({ port: 0 }), QueueError, "closed");
  });

  it("opens the same Unix socket again after it was closed", async () => {
    const directory = folder();
    const path = join(directory, "socket");
    for (let i = 0; i < 3; i++) {
      await using queue = await Queue.open();
      await queue.listen({ path });
      await using other = await connect({ path });
      assertEquals(await other.tubes(), ["default"]);
    }
    rmSync(directory, { recursive: true });
  });

  it("takes more than the log can take in one turn, whatever the syncs, and can be closed at once", async () => {
    for (const sync of ["always", 100, "never"] as const) {
      const directory = folder();
      const queue = await Queue.open({ store: binlog(directory, { sync, segmentBytes: 16_384 }) });
      const ids = await queue.tube("t").putMany(Array.from({ length: 300 }, () => new Uint8Array(1000)));
      assertEquals(ids.length, 300, `sync ${sync}`);
      await queue.close(); // a sync of several files may be under way
      await sleep(50);
      await using again = await Queue.open({ store: binlog(directory) });
      assertEquals((await again.tube("t").stats())?.["current-jobs-ready"], 300);
      await again.close();
      rmSync(directory, { recursive: true });
    }
  });

  it("moves no more jobs at once than a log of small segments has room for", async () => {
    const directory = folder();
    let most = 0;
    const counting: Store = async (empty, now) => {
      const journal = await binlog(directory, { segmentBytes: 4096, sync: "never" })(empty, now);
      let changes = 0;
      const { change, commit } = journal;
      return Object.assign(journal, {
        change(...job: Parameters<typeof change>): void {
          most = Math.max(most, ++changes);
          change.apply(journal, job);
        },
        commit(...when: Parameters<typeof commit>): void {
          changes = 0;
          commit.apply(journal, when);
        },
      });
    };
    await using queue = await Queue.open({ store: counting });
    const tube = queue.tube("t");
    await tube.putMany(Array.from({ length: 300 }, () => "x"), { delay: 1000 });
    assertEquals(await tube.kick(300), 300);
    assertEquals((await tube.stats())?.["current-jobs-ready"], 300);
    assert(most > 0 && most <= 2 * changesAtOnce(4096), `${most} changes in one commit`);
    await queue.close();
    rmSync(directory, { recursive: true });
  });

  it("keeps large bodies whole, whichever way they come and go", async () => {
    await using queue = await Queue.open({ maxJobBytes: 2_000_000 });
    const { port } = await queue.listen({ port: 0 });
    await using other = await connect({ port });
    const body = Uint8Array.from({ length: 1_000_003 }, (_, i) => i * 7);
    const isWhole = (bytes: Uint8Array | undefined): boolean =>
      bytes?.length === body.length && bytes.every((byte, i) => byte === body[i]);
    const ids = [await queue.tube("t").put(body), await other.tube("t").put(body)];
    assert(isWhole((await queue.peek(ids[1]))?.body) && isWhole((await other.peek(ids[0]))?.body));
    assert(
      isWhole((await queue.tube("t").reserve())?.body) && isWhole((await other.tube("t").reserve())?.body),
    );
  });

  it("refuses puts beyond its memory limit, and while it drains", async () => {
    await using queue = await Queue.open({ maxMemoryBytes: 10_000, maxJobBytes: 5000 });
    const codes = new Set<string>();
    for (let i = 0; i < 10; i++) {
      await queue.tube("t").put(new Uint8Array(2000)).catch((error) => codes.add(error.code));
    }
    await queue.tube("t").put(new Uint8Array(5001)).catch((error) => codes.add(error.code));
    await queue.drain();
    await queue.tube("t").put("x").catch((error) => codes.add(error.code));
    assertEquals([...codes], ["OUT_OF_MEMORY", "JOB_TOO_BIG", "DRAINING"]);
  });

  it("lets timers and sockets have their turn, however busy a loop of calls is", async () => {
    await using queue = await Queue.open();
    const tube = queue.tube("t");
    let rang = 0;
    const timer = setInterval(() => rang++, 1);
    for (let i = 0; i < 20_000; i++) {
      await tube.put("x");
      await (await tube.reserve())!.delete();
    }
    clearInterval(timer);
    assert(rang > 0, "a timer rang while the loop ran");
  });

  it("runs a bounded number of calls before it gives the turn back, however many loops there are", async () => {
    await using queue = await Queue.open();
    let calls = 0;
    let before = 0;
    let most = 0;
    let isOver = false;
    const look = (): void => {
      most = Math.max(most, calls - before);
      before = calls;
      if (!isOver) setImmediate(look);
    };
    const loop = async (name: string): Promise<void> => {
      for (let i = 0; i < 2000; i++) {
        await queue.tube(name).reserve({ timeout: 0 });
        calls++;
      }
    };
    look();
    await Promise.all(Array.from({ length: 20 }, (_, i) => loop(`t${i}`)));
    isOver = true;
    assertEquals(calls, 40_000);
    assert(most <= 4 * LOCAL_COMMANDS_PER_TURN, `${most} calls in one turn`);
  });

  it("takes batches of any size in slices, in order", async () => {
    await using queue = await Queue.open();
    const tube = queue.tube("t");
    const texts = Array.from({ length: 20_000 }, (_, i) => String(i));
    const all = tube.putMany(texts);
    const one = tube.put("after");
    assertEquals((await all).length, 20_000);
    assert((await one) > (await all)[19_999]);
    const jobs = [...await tube.reserveMany(10_000), ...await tube.reserveMany(10_000)];
    assertEquals(jobs.map((job) => job.text()), texts);
    assertEquals(await queue.deleteMany(jobs), []);
  });
});
