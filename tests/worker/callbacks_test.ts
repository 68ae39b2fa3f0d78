// Functions that a program gives to a worker, and that throw, reject, answer garbage or never settle: each has its outcome, no
// job is lost, no session stays behind, and the process lives.
import { describe, it } from "node:test";
import process from "node:process";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { exponentialBackoff, type JobQueue, Queue, QueueError, worker, type WorkEvent } from "../../mod.ts";
import { complain, tell } from "../../src/client/hooks.ts";
import { sleep } from "../support/runtime.ts";
import { connectionsOf, everywhere, printedDuring, until } from "./places.ts";

const unhandled: unknown[] = [];
process.on("unhandledRejection", (error) => void unhandled.push(error));
process.on("uncaughtException", (error) => void unhandled.push(error));

async function nothingUnhandled(): Promise<void> {
  await sleep(20);
  assertEquals(unhandled, []);
}

const kinds = (events: readonly WorkEvent[]): string[] => events.map((event) => event.kind);

/** The code of the error that names the option. */
function refusedOption(attempt: () => unknown, name: string): string {
  let code = "";
  assertThrows(
    () => {
      try {
        attempt();
      } catch (error) {
        if (error instanceof QueueError) ({ code } = error);
        throw error;
      }
    },
    QueueError,
    name,
  );
  return code;
}

/** What an onEvent may do wrong. */
const BAD_HOOKS: Record<string, () => unknown> = {
  "throws": () => {
    throw new Error("thrown");
  },
  "rejects": () => Promise.reject(new Error("rejected")),
  "rejects later": async () => {
    await sleep(1);
    throw "not an error";
  },
  "throws what has no text": () => {
    throw Object.create(null);
  },
  "answers a thenable that throws": () => ({
    then() {
      throw new Error("then");
    },
  }),
  "never settles": () => new Promise(() => {}),
};

/** What a backoff may do wrong. */
const BAD_BACKOFFS: Record<string, (failures: number) => unknown> = {
  "NaN": () => NaN,
  "a text": () => "soon",
  "nothing": () => undefined,
  "a promise that rejects": () => Promise.reject(new Error("later")),
  "a promise that never settles": () => new Promise(() => {}),
  "an exception": () => {
    throw new Error("none");
  },
  "a bigint": () => 1n,
};

describe("a worker's onEvent", () => {
  for (const [what, hook] of Object.entries(BAD_HOOKS)) {
    everywhere(`may do wrong: ${what}`, async (queue) => {
      const tube = queue.tube("t");
      let calls = 0;
      await printedDuring(async () => {
        await using work = worker(tube, () => {}, {
          onEvent: () => {
            calls++;
            return hook();
          },
        });
        await tube.putMany(["1", "2", "3"]);
        await until(() => calls === 6, "three jobs started and done");
        await work.stop();
      });
      assertEquals((await tube.stats())?.["current-jobs-ready"] ?? 0, 0);
      await nothingUnhandled();
    });
  }

  it("is complained of once in a while", async () => {
    const lines = await printedDuring(async () => {
      for (let i = 0; i < 100; i++) {
        tell("a hook of this test", () => {
          throw new Error(`fault\nin two lines`);
        }, null);
      }
      complain("another hook of this test", 5);
      await sleep(1);
    });
    assertEquals(lines, [
      "runnerbean: a hook of this test failed: Error: fault",
      "runnerbean: another hook of this test failed: 5",
    ]);
  });
});

describe("a worker's backoff", () => {
  for (const [what, backoff] of Object.entries(BAD_BACKOFFS)) {
    everywhere(`may answer ${what}: the job is given back all the same`, async (queue) => {
      const tube = queue.tube("t");
      const events: WorkEvent[] = [];
      const before = Number((await queue.stats())["current-connections"]);
      await using work = worker(tube, () => {
        throw new Error("fails");
      }, { backoff: backoff as () => number, onEvent: (event) => void events.push(event) });
      await tube.putMany(["1", "2", "3", "4", "5"]);
      await until(() => events.filter(({ kind }) => kind === "failed").length >= 5, "five failures");
      await work.stop();
      const troubles = events.filter((event) => event.kind === "trouble");
      assert(troubles.length >= 5 && kinds(events).includes("trouble"));
      assert(await connectionsOf(queue, before + 1) <= before + 1, "one session for reserves");
      const stats = await tube.stats();
      assertEquals(stats!["current-jobs-ready"] + stats!["current-jobs-delayed"], 5);
      await nothingUnhandled();
    });
  }

  everywhere("is rounded and brought into range", async (queue) => {
    const tube = queue.tube("t");
    const rests = [-5, 0.4, -Infinity];
    const delays: (number | null)[] = [];
    await using work = worker(tube, () => {
      throw new Error("fails");
    }, {
      backoff: (failures) => rests[failures - 1] ?? Infinity,
      onEvent: (event) => event.kind === "failed" && delays.push(event.delay),
    });
    await tube.put("x");
    await until(() => delays.length === 4, "four failures");
    await work.stop();
    assertEquals(delays, [0, 0, 0, 4_294_967_295]);
  });

  it("has sound numbers for ever, and refuses others by name", () => {
    for (const first of [0, 0.1, 1, 4_294_967_295]) {
      for (const factor of [0, 0.5, 1, 2, 1_000_000]) {
        const backoff = exponentialBackoff({ first, factor, most: 100 });
        for (const failures of [1, 2, 10, 1100, 4_294_967_295]) {
          const rest = backoff(failures);
          assert(
            Number.isInteger(rest) && rest >= 0 && rest <= 100,
            `${rest} for ${first} ${factor} ${failures}`,
          );
        }
      }
    }
    for (const name of ["first", "factor", "most"]) {
      for (const value of [NaN, Infinity, -1, "1", null]) {
        assertEquals(refusedOption(() => exponentialBackoff({ [name]: value }), name), "BAD_FORMAT");
      }
    }
  });
});

/** Counts handlers that run at the same time. */
class Count {
  now = 0;
  most = 0;
  begin(): void {
    this.most = Math.max(this.most, ++this.now);
  }
  end(): void {
    this.now--;
  }
}

describe("a worker with a time limit", () => {
  everywhere("never runs more handlers than it may, whether they heed their signal or not", async (queue) => {
    const tube = queue.tube("t");
    await tube.putMany(Array.from({ length: 30 }, (_, i) => String(i)));
    const count = new Count();
    const before = Number((await queue.stats())["current-connections"]);
    let failures = 0;
    let overruns = 0;
    await using work = worker(tube, async (job) => {
      count.begin();
      await sleep(Number(job.text()) % 2 === 0 ? 150 : 1);
      count.end();
    }, {
      concurrency: 2,
      timeoutMs: 20,
      attempts: 1000,
      backoff: () => 0,
      onEvent: (event) => {
        if (event.kind === "failed") failures++;
        if (event.kind === "overrun") overruns++;
      },
    });
    await until(() => failures >= 8, "eight failures");
    await work.stop();
    assertEquals([count.most, count.now, work.inHand], [2, 0, 0]);
    assert(overruns > 0 && overruns <= failures, `${overruns} of ${failures}`);
    assert(await connectionsOf(queue, before + 2) <= before + 2, "two sessions for reserves");
  });

  everywhere("says that a handler overran, keeps its place, and gives it up when stopped", async (queue) => {
    const tube = queue.tube("t");
    const events: WorkEvent[] = [];
    let calls = 0;
    const work = worker(tube, () => {
      calls++;
      return new Promise(() => {});
    }, {
      timeoutMs: 20,
      graceMs: 50,
      attempts: 1,
      onEvent: (event) => void events.push(event),
    });
    await tube.putMany(["1", "2"]);
    await until(() => kinds(events).includes("overrun"), "an overrun");
    await sleep(100);
    assertEquals([calls, work.inHand, kinds(events)], [1, 1, ["started", "buried", "overrun"]]);
    await work.stop();
    assertEquals([work.inHand, (await tube.stats())?.["current-jobs-ready"]], [0, 1]);
    await nothingUnhandled();
  });
});

describe("a worker's report", () => {
  everywhere("says what became of each job", async (queue) => {
    const tube = queue.tube("t");
    const seen: string[] = [];
    await using work = worker(tube, async (job) => {
      if (job.stats === undefined || job.text() === "done") return;
      if (job.text() === "deleted") return await job.delete();
      if (job.text() === "buried") return await job.bury();
      if (job.text() === "released") return await job.release({ delay: 1000 });
      if (job.text() === "unawaited") return void job.bury();
      if (job.text() === "refused") return await job.release({ delay: -1 }).catch(() => job.bury());
      throw new Error("fails");
    }, {
      attempts: 1,
      onEvent: (event) => {
        if (event.kind === "started" || !("job" in event)) return;
        const by = event.kind === "buried" ? ` by the ${event.by}` : "";
        seen.push(`${event.job.text()}: ${event.kind}${by}, ${event.job.outcome}`);
      },
    });
    await tube.putMany(["done", "deleted", "buried", "released", "unawaited", "refused", "failed"]);
    await until(() => seen.length === 7, "seven jobs");
    await work.stop();
    assertEquals(seen, [
      "done: done, deleted",
      "deleted: done, deleted",
      "buried: buried by the handler, buried",
      "released: released, released",
      "unawaited: buried by the handler, buried",
      "refused: buried by the handler, buried",
      "failed: buried by the worker, buried",
    ]);
    const stats = await tube.stats();
    assertEquals([stats?.["current-jobs-buried"], stats?.["current-jobs-delayed"]], [4, 1]);
  });

  everywhere("does not call a job lost that its handler settled and goes on after", async (queue) => {
    const tube = queue.tube("t");
    await tube.put("x", { ttr: 1 });
    const seen: string[] = [];
    let isAborted = false;
    await using work = worker(tube, async (job, { signal }) => {
      await sleep(400); // the lease has been looked at
      await job.bury();
      await sleep(900);
      isAborted = signal.aborted;
    }, { onEvent: (event) => void seen.push(event.kind) });
    await until(() => seen.length === 2, "the end");
    await work.stop();
    assertEquals([seen, isAborted], [["started", "buried"], false]);
  });
});

describe("a worker's options", () => {
  it("are refused by name", async () => {
    await using queue: JobQueue = await Queue.open();
    const tube = queue.tube("t");
    const bad: [string, unknown[]][] = [
      ["concurrency", [NaN, Infinity, 0, -1, 1.5, 10_001, "2", null]],
      ["attempts", [NaN, Infinity, 0, 1.5, 4_294_967_296]],
      ["timeoutMs", [NaN, Infinity, 0, -1, 0.5, 2 ** 31]],
      ["graceMs", [NaN, Infinity, -1, 0.5, 2 ** 31]],
      ["backoff", [5, "x", {}]],
      ["onEvent", [5, {}]],
      ["atMostOnce", ["once", 1, null]],
    ];
    for (const [name, values] of bad) {
      for (const value of values) {
        assertEquals(refusedOption(() => worker(tube, () => {}, { [name]: value }), name), "BAD_FORMAT");
      }
    }
    assertThrows(() => worker(tube, undefined as unknown as () => void), QueueError, "handler");
    assertEquals((await queue.stats())["current-waiting"], 0);
  });
});
