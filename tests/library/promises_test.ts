// What a queue promises of jobs, bodies and errors, wherever it is: loops that are left, buffers that are used again, schemas that
// fail, errors that name what they mean.
import { describe, it } from "node:test";
import process from "node:process";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BatchError,
  binlog,
  connect,
  InvalidBodyError,
  type Job,
  type JobQueue,
  JobTooBigError,
  json,
  kv,
  LostLeaseError,
  Queue,
  QueueError,
  type StandardSchema,
} from "../../mod.ts";
import { Engine } from "../../src/core/engine.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { createServer } from "../../src/library/create_server.ts";
import { sleep } from "../support/runtime.ts";
import { connectionsOf, everywhere, printedDuring, until } from "../worker/places.ts";

const unhandled: unknown[] = [];
process.on("unhandledRejection", (error) => void unhandled.push(error));
process.on("uncaughtException", (error) => void unhandled.push(error));

async function nothingUnhandled(): Promise<void> {
  await sleep(20);
  assertEquals(unhandled, []);
}

const connections = async (queue: JobQueue): Promise<number> =>
  Number((await queue.stats())["current-connections"]);

async function rejection(attempt: () => Promise<unknown>): Promise<unknown> {
  return await attempt().then(() => null, (error) => error);
}

describe("a loop over jobs", () => {
  everywhere("gives back what it passes over, and keeps one session", async (queue) => {
    const tube = queue.tube("t");
    const before = await connections(queue);
    const ids = await tube.putMany(Array.from({ length: 20 }, (_, i) => String(i)), { priority: 7 });
    const seen: number[] = [];
    for await (const job of tube.jobs({ timeout: 0 })) seen.push(job.id);
    assertEquals(seen, ids);
    assert(await connectionsOf(queue, before + 1) <= before + 1, "no session for each job");
    const stats = await tube.stats();
    assertEquals([stats?.["current-jobs-reserved"], stats?.["current-jobs-delayed"]], [0, 20]);
    assertEquals((await queue.statsJob(ids[0]))?.pri, 7);
    assertEquals((await tube.reserve({ timeout: 10 }))?.id, ids[0]); // it comes again
  });

  for (const way of ["break", "throw", "return", "dispose"] as const) {
    everywhere(`gives the job back at once when it is left: ${way}`, async (queue) => {
      const tube = queue.tube("t");
      const before = await connections(queue);
      const id = await tube.put("x", { ttr: 1000 });
      for (let round = 0; round < 5; round++) {
        if (way === "dispose") {
          const jobs = tube.jobs() as unknown as AsyncIterableIterator<Job> & AsyncDisposable;
          await using _ = jobs;
          assertEquals((await jobs.next()).value.id, id);
        } else {
          await oneRound(tube.jobs(), way);
        }
        assertEquals((await tube.stats())?.["current-jobs-ready"], 1);
      }
      assert(await connectionsOf(queue, before + 1) <= before + 1);
    });
  }

  everywhere("leaves alone what is settled, being settled or lost", async (queue) => {
    const tube = queue.tube("t");
    await tube.putMany(["delete", "bury", "release", "unawaited", "touched"]);
    const before = await connections(queue);
    const states: string[] = [];
    for await (const job of tube.jobs({ timeout: 0 })) {
      if (job.text() === "delete") await job.delete();
      if (job.text() === "bury") await job.bury();
      if (job.text() === "release") await job.release({ delay: 100 });
      if (job.text() === "unawaited") void job.delete();
      if (job.text() === "touched") {
        await job.touch();
        await job.delete();
      }
      states.push(job.state);
    }
    assertEquals(states, Array(5).fill("settled"));
    const stats = await tube.stats();
    assertEquals([
      stats?.["current-jobs-buried"],
      stats?.["current-jobs-delayed"],
      stats?.["current-jobs-ready"],
    ], [
      1,
      1,
      0,
    ]);
    // One more for the delete that was not awaited: it was still under way when the next job was asked for.
    assert(await connectionsOf(queue, before + 2) <= before + 2);
  });

  everywhere("can be left while it waits", async (queue) => {
    const jobs = queue.tube("t").jobs();
    const waiting = jobs.next();
    await sleep(20);
    assertEquals(await jobs.return!(), { done: true, value: undefined });
    assertEquals([await waiting, await jobs.next()], [
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    const controller = new AbortController();
    const other = queue.tube("t").jobs({ signal: controller.signal }).next();
    await sleep(20);
    controller.abort(new Error("enough"));
    assertEquals((await other).done, true);
    await nothingUnhandled();
  });

  everywhere("answers calls that overlap one after the other", async (queue) => {
    const tube = queue.tube("t");
    await tube.putMany(["1", "2"]);
    const jobs = tube.jobs({ timeout: 0 });
    const results = await Promise.all([jobs.next(), jobs.next(), jobs.next()]);
    assertEquals(results.map(({ done, value }) => done ? "done" : value.text()), ["1", "2", "done"]);
    assertEquals((await tube.stats())?.["current-jobs-reserved"], 0);
  });
});

async function oneRound(jobs: AsyncIterableIterator<Job>, way: "break" | "throw" | "return"): Promise<void> {
  const loop = async (): Promise<void> => {
    for await (const job of jobs) {
      assertEquals(job.state, "held");
      if (way === "break") break;
      if (way === "return") return;
      throw new Error("left");
    }
  };
  const error = await rejection(loop);
  assertEquals((error as Error | null)?.message, way === "throw" ? "left" : undefined);
}

describe("a buffer that is changed after its put", () => {
  for (const size of [0, 5, 60_000]) {
    everywhere(`changes no job of ${size} bytes`, async (queue) => {
      const tube = queue.tube("t");
      const body = new Uint8Array(size).fill(1);
      const parts = new Uint8Array(3).fill(1);
      // Many at once: some wait for their turn, or for what is sent before them.
      const puts = Array.from({ length: 40 }, () => tube.put(body));
      const many = tube.putMany([parts, parts.subarray(1), "text"]);
      body.fill(2);
      parts.fill(2);
      await Promise.all([...puts, many]);
      const jobs = await tube.reserveMany(100, { timeout: 0 });
      assertEquals(jobs.length, 43);
      for (const job of jobs) assert(job.text() === "text" || job.bytes.every((byte) => byte === 1));
    });
  }

  it("changes none of thousands that wait for their turn, nor one that waits for the disk", async () => {
    await using queue = await Queue.open();
    const body = new Uint8Array(8).fill(1);
    const puts = Array.from({ length: 5000 }, () => queue.tube("t").put(body));
    const many = queue.tube("t").putMany(Array.from({ length: 5000 }, () => body));
    body.fill(2);
    await Promise.all([...puts, many]);
    const jobs = await queue.tube("t").reserveMany(10_000, { timeout: 0 });
    assert(jobs.length === 10_000 && jobs.every(({ bytes }) => bytes[0] === 1 && bytes[7] === 1));
  });

  it("changes none that waits for a connection", async () => {
    const first = await Queue.open();
    const { port } = await first.listen({ port: 0 });
    await using queue = await connect({ port });
    await first.close();
    await until(() => !queue.isConnected, "the outage");
    const body = new Uint8Array(4).fill(1);
    const puts = [queue.tube("t").put(body), queue.tube("t").putMany([body])];
    body.fill(2);
    await using second = await Queue.open();
    await second.listen({ port });
    await Promise.all(puts);
    const jobs = await second.tube("t").reserveMany(9, { timeout: 0 });
    assertEquals(jobs.map(({ bytes }) => [...bytes]), [[1, 1, 1, 1], [1, 1, 1, 1]]);
  });
});

/** Schemas that fail in ways of their own. */
const FAILING: Record<string, (value: unknown) => unknown> = {
  "throws": () => {
    throw new Error("broken");
  },
  "rejects": () => Promise.reject(new Error("broken")),
  "throws what is no error": () => {
    throw 5;
  },
  "answers nothing": () => undefined,
  "answers a text": () => "yes",
  "answers neither value nor issues": () => ({}),
  "answers nothing later": () => Promise.resolve(undefined),
  "answers issues that are no list": () => ({ issues: 5 }),
};

function schemaOf(validate: (value: unknown) => unknown): StandardSchema<unknown, unknown> {
  return {
    "~standard": { version: 1, vendor: "test", validate: validate as () => { value: unknown } },
  };
}

describe("a schema that fails", () => {
  for (const [what, validate] of Object.entries(FAILING)) {
    everywhere(`refuses the body: ${what}`, async (queue) => {
      const before = await connections(queue);
      const tube = queue.tube("t", schemaOf(validate));
      const refused = await rejection(() => tube.put({}));
      assert(
        refused instanceof InvalidBodyError && refused.message.includes("the schema failed"),
        String(refused),
      );
      assertEquals(refused.jobId, null);
      assert(await rejection(() => tube.putMany([1, 2])) instanceof InvalidBodyError);
      assertEquals((await queue.stats())["cmd-put"], 0);
      const id = await queue.tube("t").put("{}");
      const found = await rejection(() => tube.reserve());
      assert(found instanceof InvalidBodyError && found.jobId === id, String(found));
      assertEquals((await queue.statsJob(id))?.state, "buried");
      assert(await connectionsOf(queue, before + 1) <= before + 1);
      await nothingUnhandled();
    });
  }

  everywhere("leaves no promise behind when another body of the batch is refused at once", async (queue) => {
    const tube = queue.tube("t", schemaOf(() => sleep(1).then(() => ({ issues: [{ message: "late" }] }))));
    assert(await rejection(() => tube.putMany([1, 2n, 3])) instanceof InvalidBodyError);
    await nothingUnhandled();
  });

  everywhere("and never settles holds no job that its reserve was given up for", async (queue) => {
    const before = await connections(queue);
    const never = schemaOf(() => new Promise(() => {}));
    const id = await queue.tube("t").put("{}");
    const controller = new AbortController();
    const waiting = rejection(() => queue.tube("t", never).reserve({ signal: controller.signal }));
    await until(async () => (await queue.statsJob(id))?.state === "reserved", "the reserve");
    controller.abort(new Error("enough"));
    assertEquals((await waiting as Error).message, "enough");
    await until(async () => (await queue.statsJob(id))?.state === "ready", "the job is given back");
    assert(await connectionsOf(queue, before) <= before);

    const other = rejection(() => queue.tube("t", never).reserve());
    await until(async () => (await queue.statsJob(id))?.state === "reserved", "the reserve");
    await queue.close();
    assertEquals((await other as QueueError).code, "CLOSED");
  });

  everywhere("and its onInvalid too: the other jobs come, and none is lost", async (queue) => {
    const tube = queue.tube(
      "t",
      schemaOf((value) => value === 1 ? { value } : { issues: [{ message: "no" }] }),
    );
    for (
      const onInvalid of [() => {
        throw new Error("hook");
      }, () => Promise.reject(new Error("hook"))]
    ) {
      await queue.tube("t").putMany(["1", "2", "1"]);
      const lines = await printedDuring(async () => {
        const jobs = await tube.reserveMany(3, { timeout: 0, onInvalid });
        assertEquals(jobs.map(({ body }) => body), [1, 1]);
        await queue.deleteMany(jobs);
        await sleep(1);
      });
      assert(lines.every((line) => line.includes("onInvalid")), lines.join());
    }
    assertEquals((await tube.stats())?.["current-jobs-buried"], 2);
    await nothingUnhandled();
  });

  it("that is none is refused when its tube is made", async () => {
    await using queue = await Queue.open();
    for (const schema of [{}, null, 5, { "~standard": {} }]) {
      const error = assertThrows(() => queue.tube("t", schema as never), QueueError, "Standard Schema");
      assert(error instanceof Error);
    }
  });
});

describe("JOB_TOO_BIG", () => {
  everywhere("names size and limit", async (queue) => {
    for (const size of [65_536, 100_000]) {
      const error = await rejection(() => queue.tube("t").put(new Uint8Array(size)));
      assert(error instanceof JobTooBigError, String(error));
      assertEquals([error.code, error.size, error.limit], ["JOB_TOO_BIG", size, 65_535]);
      assert(error.message.includes(`${size} bytes`) && error.message.includes("65535"), error.message);
    }
    const batch = await rejection(() => queue.tube("t").putMany(["a", new Uint8Array(65_537)]));
    assert(batch instanceof BatchError && batch.message.includes("65537") && batch.message.includes("65535"));
    const typed = await rejection(() => queue.tube("t", json<string>()).put("x".repeat(65_534)));
    assert(typed instanceof JobTooBigError && typed.size === 65_536, String(typed));
  });
});

describe("an option out of range", () => {
  const message = (error: unknown): string => {
    assert(error instanceof QueueError && error.code === "BAD_FORMAT", String(error));
    return error.message;
  };

  it("is refused by its name, before anything is opened", async () => {
    const BAD = [NaN, Infinity, -Infinity, -1, 1.5, "5", null, {}, 2 ** 53];
    for (const value of BAD as number[]) {
      const attempts: Record<string, () => Promise<unknown>> = {
        maxJobBytes: () => Queue.open({ maxJobBytes: value }),
        maxMemoryBytes: () => Queue.open({ maxMemoryBytes: value }),
        segmentBytes: async () =>
          await Queue.open({ store: binlog("/nowhere", { segmentBytes: value ?? "" }) }),
        sync: async () => await Queue.open({ store: binlog("/nowhere", { sync: value ?? 0 }) }),
        port: () => connect({ port: value }),
        replyTimeoutMs: () => connect({ replyTimeoutMs: value }),
        heartbeatSeconds: () => connect({ heartbeatSeconds: value }),
        maxConnections: async () => await createServer({ ...parts(), maxConnections: value }),
      };
      for (const [name, attempt] of Object.entries(attempts)) {
        const text = message(await rejection(attempt));
        assert(text.startsWith(`${name} is `) && text.endsWith("needed"), text);
      }
    }
    await using queue = await Queue.open();
    for (const port of [NaN, 65_536, -1, 0.5, "x"] as number[]) {
      assert(message(await rejection(() => queue.listen({ port }))).startsWith("port is "));
    }
    assert(message(await rejection(() => connect({ token: "a b" }))).startsWith("token"));
    assert(message(await rejection(() => connect({ onEvent: 5 as never }))).startsWith("onEvent is 5"));
    assert(message(await rejection(() => Queue.open({ onFailed: 5 as never }))).startsWith("onFailed is 5"));
    assert(message(await rejection(() => Queue.open({ store: "x" as never }))).startsWith("store is "));
    await assertRejects(() => Queue.open({ store: kv("/nowhere/x", { name: "" }) }), Error);
  });

  everywhere("is refused in each call, and nothing is sent", async (queue) => {
    const tube = queue.tube("t");
    const id = await tube.put("x");
    const job = (await tube.reserve())!;
    const BAD = [NaN, Infinity, -1, 0.5, "1", null, 2 ** 53] as number[];
    for (const value of BAD) {
      const attempts: (() => Promise<unknown>)[] = [
        () => tube.put("x", { priority: value }),
        () => tube.put("x", { delay: value }),
        () => tube.putMany(["x"], { ttr: value }),
        () => tube.reserve({ timeout: value }),
        async () => await tube.jobs({ timeout: value }).next(),
        () => tube.reserveMany(value),
        () => tube.kick(value),
        () => tube.pause(value),
        () => queue.peek(value),
        () => queue.delete(value),
        () => queue.kickJob(value),
        () => queue.statsJob(value),
        () => job.release({ delay: value === null ? NaN : value }),
        () => job.bury({ priority: value }),
      ];
      for (const attempt of attempts) message(await rejection(attempt));
    }
    message(await rejection(() => tube.putMany("ab" as never)));
    message(await rejection(() => tube.putMany(undefined as never)));
    assertEquals([job.state, (await queue.statsJob(id))?.state], ["held", "reserved"]);
    await job.delete();
    const error = await rejection(() => job.touch());
    assert(error instanceof LostLeaseError);
  });
});

function parts(): { engine: Engine; clock: SystemClock } {
  return { engine: new Engine(), clock: new SystemClock() };
}
