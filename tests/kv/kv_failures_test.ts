// However a KV journal ends, by a store that cannot be closed, a commit that fails in its last moment, or a lease that falls due
// while it ends: one failure is told at most, and nothing is thrown where nobody catches it.

import process from "node:process";
import { afterEach, beforeEach, describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { MemoryKvContent } from "../../src/adapters/memory/kv.ts";
import { sleep } from "../support/runtime.ts";
import { openMemoryQueue } from "./memory_queue.ts";

const BODY = new Uint8Array([97, 13, 10]);

describe("a KV journal that ends", () => {
  let escaped: unknown[] = [];
  const note = (reason: unknown): void => void escaped.push(reason);
  beforeEach(() => {
    escaped = [];
    process.on("unhandledRejection", note).on("uncaughtException", note);
  });
  afterEach(() => {
    process.off("unhandledRejection", note).off("uncaughtException", note);
  });

  /** Opens one, and counts its failures. */
  async function open(content: MemoryKvContent, stopwatch: () => number = () => 0) {
    const { queue, kv } = await openMemoryQueue(content, { stopwatch, validMs: 1000 });
    const failures: string[] = [];
    queue.journal.listen({ progressed: () => {}, failed: ({ message }) => failures.push(message) });
    return { queue, kv, failures };
  }

  for (const outcome of ["none", "refused", "unknown"] as const) {
    for (const ending of ["closed", "finished"] as const) {
      it(`by a store that cannot be closed: ${ending}, commits ${outcome}`, async () => {
        const { queue, kv, failures } = await open(new MemoryKvContent());
        kv.close = () => {
          throw new Error("the store does not close");
        };
        kv.faults.beforeCommit = () => outcome;
        queue.put(BODY);
        queue.journal.commit(queue.now, 1);
        if (ending === "finished") await queue.journal.finish!();
        else await sleep(5);
        queue.journal.close();
        queue.journal.close();
        await sleep(5);
        assertEquals([failures.length, escaped], [1, []]);
      });
    }
  }

  it("gives the lease back once, however often it is asked to commit meanwhile", async () => {
    const content = new MemoryKvContent();
    let time = 0;
    const { queue, kv, failures } = await open(content, () => time);
    let under = 0;
    let most = 0;
    kv.faults.beforeCommit = async (): Promise<"none"> => {
      most = Math.max(most, ++under);
      await sleep(2);
      time += 300; // the lease is due
      queue.journal.commit(queue.now, 1);
      under--;
      return "none";
    };
    for (let i = 0; i < 20; i++) queue.put(BODY);
    await queue.journal.finish!();
    assertEquals(queue.journal.nextInstant, Infinity);
    queue.journal.close();
    assertEquals([most, failures, escaped], [1, [], []]);
    const { queue: next } = await openMemoryQueue(content, { isGone: false });
    assertEquals(next.jobs, 20);
    assert(next.failure === null);
  });
});
