// What a worker does with jobs that succeed, fail, hang, are lost, and with being stopped. Over the queue in this process and
// over TCP alike.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import * as v from "valibot";
import {
  type Client,
  connect,
  exponentialBackoff,
  type JobQueue,
  LostLeaseError,
  Queue,
  worker,
  type WorkEvent,
} from "../../mod.ts";
import { sleep } from "../support/runtime.ts";

/** Runs a test on a queue in this process, and on a client of one. */
function onBoth(what: string, test: (queue: JobQueue) => Promise<void>): void {
  it(`${what} (in this process)`, async () => {
    await using queue = await Queue.open();
    await test(queue);
  });
  it(`${what} (over TCP)`, async () => {
    await using server = await Queue.open();
    const { port } = await server.listen({ port: 0 });
    await using queue: Client = await connect({ port });
    await test(queue);
  });
}

/** Waits until the condition holds. */
async function until(condition: () => boolean): Promise<void> {
  for (const giveUpAt = Date.now() + 30_000; !condition();) {
    assert(Date.now() < giveUpAt, "it took too long");
    await sleep(5);
  }
}

const atOnce = (): number => 0;

describe("a worker", () => {
  onBoth("deletes what succeeds, with as many in hand as it may have", async (queue) => {
    const tube = queue.tube("t");
    let inHand = 0;
    let most = 0;
    const seen: string[] = [];
    await using work = worker(tube, async (job) => {
      most = Math.max(most, ++inHand);
      await sleep(10);
      inHand--;
      seen.push(job.text());
    }, { concurrency: 4 });
    await tube.putMany(Array.from({ length: 20 }, (_, i) => String(i)));
    await until(() => seen.length === 20);
    await work.stop();
    assertEquals([most, work.inHand, await tube.reserve({ timeout: 0 })], [4, 0, null]);
    assertEquals(new Set(seen).size, 20);
  });

  onBoth("gives back what fails, with its priority, and buries it after its attempts", async (queue) => {
    const tube = queue.tube("t");
    const id = await tube.put("x", { priority: 42 });
    const events: string[] = [];
    let calls = 0;
    await using work = worker(tube, () => {
      calls++;
      throw new Error(`failure ${calls}`);
    }, {
      attempts: 3,
      backoff: (failures) => failures === 1 ? 1 : 0,
      onEvent: (event) => {
        if (event.kind === "failed") events.push(`failed ${event.failures}, again in ${event.delay}`);
        if (event.kind === "buried") {
          events.push(`buried ${event.failures}: ${(event.error as Error).message}`);
        }
      },
    });
    await until(() => events.length === 3);
    await work.stop();
    assertEquals(events, ["failed 1, again in 1", "failed 2, again in 0", "buried 3: failure 3"]);
    const stats = await queue.statsJob(id);
    assertEquals([calls, stats?.state, stats?.pri], [3, "buried", 42]);
  });

  onBoth("touches a job for as long as its handler runs", async (queue) => {
    const tube = queue.tube("t");
    const id = await tube.put("long", { ttr: 1 });
    let isAborted = false;
    const done = Promise.withResolvers<void>();
    await using work = worker(tube, async (_job, { signal }) => {
      await sleep(2500);
      isAborted = signal.aborted;
    }, { onEvent: (event) => event.kind === "done" && done.resolve() });
    await sleep(1500);
    assertEquals((await queue.statsJob(id))?.state, "reserved");
    await done.promise;
    await work.stop();
    assertEquals([isAborted, await queue.statsJob(id)], [false, null]);
  });

  onBoth("counts a handler that hangs as failed, and tells it", async (queue) => {
    const tube = queue.tube("t");
    await tube.put("hangs");
    const reasons: string[] = [];
    const buried = Promise.withResolvers<number>();
    await using _work = worker(tube, (_job, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          reasons.push(signal.reason.name);
          reject(signal.reason);
        });
      }), {
      timeoutMs: 30,
      attempts: 2,
      backoff: atOnce,
      onEvent: (event) => event.kind === "buried" && buried.resolve(event.failures),
    });
    assertEquals(await buried.promise, 2);
    assertEquals(reasons, ["TimeoutError", "TimeoutError"]);
  });

  onBoth("notices a lost lease, tells the handler, and settles nothing", async (queue) => {
    const tube = queue.tube("t");
    const id = await tube.put("x", { ttr: 1 });
    const events: WorkEvent[] = [];
    let reason: unknown = null;
    await using work = worker(tube, async (_job, { signal }) => {
      if (reason !== null) return;
      await new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => {
          reason = signal.reason;
          resolve();
        });
        const end = performance.now() + 1300;
        while (performance.now() < end); // a handler that holds up the process: nothing is touched, its ttr runs out
      });
    }, { onEvent: (event) => events.push(event) });
    await until(() => events.some((event) => event.kind === "done"));
    await work.stop();
    assert(reason instanceof LostLeaseError && reason.jobId === id);
    assertEquals(events.map((event) => event.kind), ["started", "lost", "started", "done"]);
  });

  onBoth("waits for jobs in hand when it is stopped, and takes no more", async (queue) => {
    const tube = queue.tube("t");
    await tube.putMany(["1", "2", "3"]);
    const seen: string[] = [];
    const started = Promise.withResolvers<void>();
    const work = worker(tube, async (job) => {
      started.resolve();
      await sleep(100);
      seen.push(job.text());
    });
    await started.promise;
    await Promise.all([work.stop(), work.stop(), work.done]);
    assertEquals(seen, ["1"]);
    assertEquals((await tube.stats())?.["current-jobs-ready"], 2);
  });

  onBoth("gives up what is in hand when its grace is over: ready again, uncounted", async (queue) => {
    const tube = queue.tube("t");
    const id = await tube.put("never");
    let reason = "";
    const started = Promise.withResolvers<void>();
    const stopping = new AbortController();
    const work = worker(tube, (_job, { signal }) =>
      new Promise(() => {
        signal.addEventListener("abort", () => reason = signal.reason.name);
        started.resolve();
      }), { graceMs: 50, signal: stopping.signal });
    await started.promise;
    stopping.abort();
    await work.done;
    const job = await tube.reserve({ timeout: 5 });
    const stats = await job!.stats();
    assertEquals([reason, job?.id, stats.releases, stats.timeouts], ["AbortError", id, 0, 0]);
  });

  onBoth("deletes or buries first when it works at most once", async (queue) => {
    const tube = queue.tube("t");
    const calls: string[] = [];
    const states: (string | undefined)[] = [];
    const handler = async (job: { readonly id: number; text(): string }): Promise<void> => {
      states.push((await queue.statsJob(job.id))?.state);
      calls.push(job.text());
      if (job.text() === "bad") throw new Error("bad");
    };
    for (const atMostOnce of ["delete", "bury"] as const) {
      const ends: string[] = [];
      await using work = worker(tube, handler, {
        atMostOnce,
        onEvent: (event) => event.kind !== "started" && ends.push(event.kind),
      });
      await tube.putMany(["good", "bad"]);
      await until(() => ends.length === 2);
      await work.stop();
      assertEquals(ends, ["done", "failed"]);
    }
    assertEquals(calls, ["good", "bad", "good", "bad"]);
    assertEquals(states, [undefined, undefined, "buried", "buried"]);
    const stats = await tube.stats();
    assertEquals([stats?.["current-jobs-buried"], stats?.["current-jobs-ready"]], [1, 0]);
    assertEquals((await tube.peekBuried())?.text(), "bad");
  });

  onBoth("leaves a job alone that its handler has settled", async (queue) => {
    const tube = queue.tube("t");
    await tube.putMany(["bury", "release", "fail"]);
    const events: string[] = [];
    await using work = worker(tube, async (job) => {
      if (job.text() === "release") return await job.release({ delay: 1000 });
      await job.bury();
      if (job.text() === "fail") throw new Error("after all");
    }, { onEvent: (event) => event.kind !== "started" && events.push(event.kind) });
    await until(() => events.length === 3);
    await work.stop();
    assertEquals(events, ["buried", "released", "failed"]);
    const stats = await tube.stats();
    assertEquals([stats?.["current-jobs-buried"], stats?.["current-jobs-delayed"]], [2, 1]);
  });

  onBoth("goes on after a body that does not fit", async (queue) => {
    const tube = queue.tube("t", v.object({ n: v.number() }));
    const kinds: string[] = [];
    await using work = worker(tube, (job) => assertEquals(job.body.n, 1), {
      onEvent: (event) => kinds.push(event.kind),
    });
    await queue.tube("t").putMany(["{", '{"n":"1"}', '{"n":1}']);
    await until(() => kinds.includes("done"));
    await work.stop();
    assertEquals(kinds, ["invalid", "invalid", "started", "done"]);
    assertEquals((await tube.stats())?.["current-jobs-buried"], 2);
  });

  onBoth("ends when its queue is closed", async (queue) => {
    const work = worker(queue.tube("t"), () => {}, { concurrency: 3 });
    await sleep(10);
    await queue.close();
    await work.done;
    await work.stop();
  });

  it("rests longer after each failure, within bounds", () => {
    const backoff = exponentialBackoff({ first: 4, most: 60 });
    for (let i = 0; i < 200; i++) {
      assert(backoff(1) >= 2 && backoff(1) <= 4);
      assert(backoff(3) >= 8 && backoff(3) <= 16);
      assert(backoff(2000) >= 30 && backoff(2000) <= 60);
      assert(Number.isInteger(backoff(2)));
    }
    assert(new Set(Array.from({ length: 100 }, () => backoff(9))).size > 5, "it is spread out");
  });
});
