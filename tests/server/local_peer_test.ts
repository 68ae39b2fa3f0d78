// Peers in this process: a promise resolves only when the journal has reached what it tells of.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binlog, Queue, QueueError, type Store } from "../../mod.ts";
import { ManualJournal } from "../support/manual_journal.ts";
import { sleep, until } from "../support/runtime.ts";

async function opened(): Promise<{ queue: Queue; journal: ManualJournal; failures: string[] }> {
  const journal = new ManualJournal();
  const store: Store = () => journal;
  const failures: string[] = [];
  const queue = await Queue.open({ store, onFailed: (error) => failures.push(error.message) });
  return { queue, journal, failures };
}

/** What is decided by now, and would be heard without the journal, is heard after some turns. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await sleep(1);
}

/** Notes what has resolved or failed, in order. */
function watch(log: string[], name: string, promise: Promise<unknown>): void {
  promise.then(() => log.push(name), (error) => log.push(`${name}: ${error.code}`));
}

describe("a peer in this process", () => {
  it("hears of a put when the journal has reached it, and not before", async () => {
    const { queue, journal } = await opened();
    const log: string[] = [];
    watch(log, "one", queue.tube("t").put("1"));
    watch(log, "two", queue.tube("t").put("2"));
    await until(() => journal.records.length === 2 && journal.commits > 0, "both puts are committed");
    await someTurns();
    assertEquals([log, journal.records], [[], ["put 1", "put 2"]]);
    journal.reach(1);
    await until(() => log.length > 0, "the first is heard of");
    await someTurns();
    assertEquals(log, ["one"]);
    journal.reach(2);
    await until(() => log.length > 1, "the second is heard of");
    assertEquals(log, ["one", "two"]);
    await queue.close();
  });

  it("gives up waiting for the journal when its signal comes", async () => {
    const { queue, journal } = await opened();
    const controller = new AbortController();
    const put = queue.tube("t").put("1", { signal: controller.signal }).then(
      () => "",
      (error) => error.message,
    );
    await until(() => journal.records.length > 0, "the put is recorded");
    controller.abort(new Error("enough"));
    assertEquals([await put, journal.records], ["enough", ["put 1"]]);
    await queue.close();
  });

  it("gets no job that could be undone, whoever put it", async () => {
    const { queue, journal } = await opened();
    const log: string[] = [];
    watch(log, "reserve", queue.tube("t").reserve());
    watch(log, "put", queue.tube("t").put("1"));
    watch(log, "peek", queue.peek(1));
    watch(log, "nothing", queue.tube("empty").reserve({ timeout: 0 }));
    await until(
      () => journal.commits > 0 && log.length > 0,
      "the put is committed, and nothing is there elsewhere",
    );
    await someTurns();
    assertEquals(log, ["nothing"]);
    journal.reach(1);
    await until(() => log.length === 4, "all is heard of");
    assertEquals(log.toSorted(), ["nothing", "peek", "put", "reserve"]);
    await queue.close();
  });

  it("waits while the journal is full, and goes on after it", async () => {
    const { queue, journal } = await opened();
    journal.isFull = true;
    const log: string[] = [];
    watch(log, "put", queue.tube("t").putMany(["1", "2"]));
    await until(() => journal.commits > 0, "a turn has ended");
    await someTurns();
    assertEquals(journal.records, []);
    journal.isFull = false;
    journal.reach(0);
    await until(() => journal.records.length === 2, "both are put");
    journal.reach(2);
    await until(() => log.length > 0, "that is heard of");
    assertEquals(log, ["put"]);
    await queue.close();
  });

  it("is refused a put for which the journal has no room, and may do all else", async () => {
    const { queue, journal } = await opened();
    const first = queue.tube("t").put("1");
    await until(() => journal.records.length === 1, "the first is recorded");
    journal.reach(1);
    journal.hasRoom = false;
    const refused = await queue.tube("t").put("2").then(() => "", (error) => error.code);
    assertEquals(refused, "OUT_OF_MEMORY");
    const deleted = queue.delete(await first);
    await until(() => journal.records.length === 2, "the delete is recorded");
    journal.reach(2);
    await deleted;
    await queue.close();
  });

  it("learns of a failed journal, and that what waited is not kept", async () => {
    const { queue, journal, failures } = await opened();
    const log: string[] = [];
    const first = queue.tube("held").put("0");
    await until(() => journal.records.length === 1, "the first is recorded");
    journal.reach(1);
    const held = await first.then(() => queue.tube("held").reserve());
    const { signal } = held!;
    watch(log, "put", queue.tube("t").put("1"));
    watch(log, "reserve", queue.tube("empty").reserve());
    await until(() => journal.records.length === 2, "the second is recorded");
    journal.fail(new Error("the disk is gone"));
    await until(() => log.length === 2, "both have failed");
    assertEquals(log.toSorted(), ["put: JOURNAL_FAILED", "reserve: JOURNAL_FAILED"]);
    assertEquals([failures, signal.aborted], [["the disk is gone"], true]);
    const later = await queue.tube("t").put("2").then(() => null, (error) => error);
    assert(later instanceof QueueError && later.code === "JOURNAL_FAILED");
    await queue.close();
  });

  it("hears of a delete, a release and a bury though the queue gives its sessions back before", async () => {
    const { queue, journal } = await opened();
    const log: string[] = [];
    journal.isManual = false;
    const tube = queue.tube("t");
    await tube.putMany(["1", "2", "3"]);
    const jobs = [await tube.reserve(), await tube.reserve(), await tube.reserve()];
    journal.isManual = true;
    const { length } = journal.records;
    watch(log, "delete", jobs[0]!.delete());
    watch(log, "release", jobs[1]!.release({ priority: 1 }));
    watch(log, "bury", jobs[2]!.bury({ priority: 1 }));
    await until(() => journal.records.length === length + 3, "all three are recorded");
    await queue.close();
    await until(() => log.length === 3, "all three are heard of");
    assertEquals(log.toSorted(), ["bury", "delete", "release"]);
  });

  it("is told that nobody knows when its store closes without having what was recorded", async () => {
    const { queue, journal } = await opened();
    journal.reachesAtClose = false;
    const put = queue.tube("t").put("1").then(() => "kept", (error) => error.message);
    const waiting = queue.tube("empty").reserve().then(() => "granted", (error) => error.message);
    await until(() => journal.records.length === 1, "the put is recorded");
    await queue.close();
    assertEquals(await put, "the queue is closed before the store had this; it may not be kept");
    assertEquals(await waiting, "the queue is closed");
  });

  it("hears all that is durable when the queue is closed", async () => {
    const { queue } = await opened();
    const log: string[] = [];
    watch(log, "put", queue.tube("t").put("1"));
    await queue.close();
    await until(() => log.length > 0, "the put is heard of");
    assertEquals(log, ["put"]);
  });
});

describe("peers in this process, with a real log", () => {
  it("go on when a commit has made room for more than one turn's records", { timeout: 240_000 }, async () => {
    const directory = mkdtempSync(join(tmpdir(), "runnerbean-"));
    try {
      await using queue = await Queue.open({
        store: binlog(directory, { sync: "never", segmentBytes: 65_536 }),
      });
      const ids = await queue.tube("t").putMany(Array(3000).fill("some job"));
      assertEquals(ids.length, 3000);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
