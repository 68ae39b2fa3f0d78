// What every queue does, whichever way it is reached: one suite for the queue in this process and the client of a server.
import { afterEach, beforeEach, describe, it } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import * as v from "valibot";
import {
  BatchError,
  InvalidBodyError,
  type Job,
  type JobList,
  type JobQueue,
  json,
  LostLeaseError,
  QueueError,
  type StateWord,
  type Tube,
} from "../../src/client/mod.ts";
import { sleep } from "../support/runtime.ts";

/** A queue under test, and how to be rid of it and all below it. */
export interface Opened {
  readonly queue: JobQueue;
  end(): Promise<void>;
}

const MAIL = v.object({ to: v.array(v.pipe(v.string(), v.email())), at: v.optional(v.string()) });

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return "";
  } catch (error) {
    return error instanceof QueueError ? error.code : String(error);
  }
}

async function rejection<E>(attempt: () => Promise<unknown>, kind: new (...args: never[]) => E): Promise<E> {
  const error = await attempt().then(() => null, (error) => error);
  assert(error instanceof kind, `${error} should be a ${kind.name}`);
  return error;
}

/** Ids of all jobs in one state, page by page. */
async function listed(tube: Tube, state: StateWord, limit: number): Promise<number[]> {
  const ids: number[] = [];
  let cursor: string | null = null;
  do {
    const page: JobList = await tube.list(state, { limit, cursor });
    ids.push(...page.jobs.map((job) => job.id));
    ({ cursor } = page);
  } while (cursor !== null);
  return ids;
}

/**
 * A job whose ttr ran out: its id, and how it was reserved first and last. The reference may lose the timer: of it the end of
 * a ttr is asked again, with another job, some times.
 */
async function loseLease(tube: Tube, isReference: boolean): Promise<[number, Job | null, Job | null]> {
  for (let left = isReference ? 10 : 1;; left--) {
    const id = await tube.put("x", { ttr: 1 });
    const former = await tube.reserve();
    const present = await tube.reserve({ timeout: isReference ? 3 : 10 });
    if (present !== null || left === 1) return [id, former, present];
    await former!.delete();
  }
}

/** What a queue of ours can do and beanstalkd cannot. */
function extensionSuite(queue: () => JobQueue): void {
  it("truncates a tube, wholly or by state", async () => {
    for (const name of ["full", "n".repeat(200)]) {
      const tube = queue().tube(name);
      await tube.putMany(["a", "b", "c"]);
      await tube.put("later", { delay: 100 });
      const held = await tube.reserve();
      assertEquals(await tube.truncate(["delayed", "buried"]), 1);
      assertEquals(await tube.truncate(), 2);
      assertEquals(await tube.truncate(), 0);
      await held!.release();
      assertEquals((await tube.peekReady())?.id, held!.id);
    }
    assertEquals(await queue().tube("nowhere").truncate(), 0);
    assertEquals(await codeOf(queue().tube("full").truncate(["reserved" as "ready"])), "BAD_FORMAT");
  });

  it("lists jobs by state, page by page", async () => {
    for (const name of ["many", "n".repeat(200)]) {
      const tube = queue().tube(name);
      const ids = await tube.putMany(Array.from({ length: 25 }, (_, i) => "x".repeat(i)));
      const first = await tube.put("urgent", { priority: 1, ttr: 7 });
      const last = await tube.put("later", { delay: 100 });
      assertEquals(await listed(tube, "ready", 7), [first, ...ids]);
      assertEquals(await listed(tube, "ready", 1000), [first, ...ids]);
      assertEquals(await listed(tube, "delayed", 1), [last]);
      const { jobs: [job], cursor, isCut } = await tube.list("ready", { limit: 1 });
      assertEquals([job.id, job.state, job.pri, job.ttr, job.bytes, job.reserves], [
        first,
        "ready",
        1,
        7,
        6,
        0,
      ]);
      assertEquals([typeof cursor, isCut], ["string", false]);
      const held = await tube.reserve();
      assertEquals(await listed(tube, "reserved", 5), [held!.id]);
      await held!.bury();
      assertEquals(await listed(tube, "buried", 5), [first]);
    }
    assertEquals(await queue().tube("nowhere").list("ready"), { jobs: [], cursor: null, isCut: false });
    const tube = queue().tube("many");
    assertEquals(await codeOf(tube.list("ready", { limit: 1001 })), "BAD_FORMAT");
    assertEquals(await codeOf(tube.list("ready", { cursor: "1\r\nquit" })), "BAD_FORMAT");
    assertEquals(await codeOf(tube.list("ready", { cursor: "1" })), "BAD_FORMAT");
    assertEquals(await codeOf(tube.list("done" as "ready")), "BAD_FORMAT");
  });

  it("deletes a tube that nobody uses, sessions kept for later not counted", async () => {
    const tube = queue().tube("old");
    await tube.putMany(["a", "b"]);
    const job = await tube.reserve();
    assertEquals(await codeOf(queue().deleteTube("old")), "IN_USE");
    await job!.delete();
    await queue().deleteTube("old");
    assertEquals([(await queue().tubes()).includes("old"), await queue().peek(job!.id + 1)], [false, null]);
    assertEquals(await codeOf(queue().deleteTube("old")), "NOT_FOUND");
    assertEquals(await codeOf(queue().deleteTube("default")), "IN_USE");
    assertEquals(await codeOf(queue().deleteTube("-")), "BAD_FORMAT");
  });

  it("answers a ping, tells what it can do, and drains", async () => {
    await queue().ping();
    const words = await queue().capabilities();
    for (const word of ["put", "truncate", "list-jobs"]) assert(words.includes(word), word);
    await queue().drain();
    assertEquals(await codeOf(queue().tube("t").put("x")), "DRAINING");
    await queue().drain(false);
    await queue().tube("t").put("x");
  });
}

/** What a beanstalkd says to it. */
function strictSuite(queue: () => JobQueue): void {
  it("rejects what the server does not have, and goes on", async () => {
    const tube = queue().tube("t");
    const attempts = [
      () => tube.truncate(),
      () => tube.list("ready"),
      () => queue().deleteTube("t"),
      () => queue().ping(),
      () => queue().capabilities(),
      () => queue().drain(),
    ];
    for (const attempt of attempts) assertEquals(await codeOf(attempt()), "UNKNOWN_COMMAND");
    await tube.put("x");
    assertEquals((await tube.reserve())?.text(), "x");
  });
}

/** Declares the suite. `open` gives an empty queue; `skip` is a reason not to run; `isStrict`: it has no extensions. */
export function faceSuite(
  name: string,
  open: () => Promise<Opened>,
  skip: string | false = false,
  isStrict: boolean = false,
): void {
  describe(`a queue: ${name}`, { skip }, () => {
    let opened: Opened;
    let queue: JobQueue;
    beforeEach(async () => {
      opened = await open();
      queue = opened.queue;
    });
    afterEach(() => opened.end());

    if (isStrict) strictSuite(() => queue);
    else extensionSuite(() => queue);

    it("puts, reserves and deletes", async () => {
      const tube = queue.tube("letters");
      const id = await tube.put("grüße");
      const job = await tube.reserve({ timeout: 5 });
      assertEquals([job?.id, job?.text(), job?.state], [id, "grüße", "held"]);
      await job!.delete();
      assertEquals([await queue.peek(id), await tube.reserve({ timeout: 0 }), job!.state], [
        null,
        null,
        "settled",
      ]);
    });

    it("keeps every byte of a body, and none at all", async () => {
      const tube = queue.tube("bytes");
      const all = Uint8Array.from({ length: 65_535 }, (_, i) => i);
      await tube.putMany([all, new Uint8Array(0), "\r\n"]);
      const jobs = await tube.reserveMany(5);
      assertEquals(jobs.map((job) => job.bytes.length), [65_535, 0, 2]);
      assert(jobs[0].body.every((byte, i) => byte === (i & 255)));
      assertEquals(jobs[2].text(), "\r\n");
    });

    it("gives the most urgent job first, over several tubes", async () => {
      await queue.tube("a").put("later", { priority: 20 });
      await queue.tube("b").put("sooner", { priority: 10 });
      await queue.tube("c").put("elsewhere", { priority: 0 });
      const jobs = await queue.reserveMany(["a", "b"], 9, { timeout: 0 });
      assertEquals(jobs.map((job) => job.text()), ["sooner", "later"]);
      assertEquals((await queue.reserve(["c"]))?.text(), "elsewhere");
    });

    it("puts into the tube that is asked for, however calls mix", async () => {
      const tubes = ["x", "y", "z"].map((name) => queue.tube(name));
      const puts = Array.from({ length: 60 }, (_, i) => tubes[i % 3].put(`${tubes[i % 3].name}${i}`));
      await Promise.all([...puts, tubes[0].peekReady(), tubes[1].kick(1)]);
      for (const tube of tubes) {
        const jobs = await tube.reserveMany(100);
        assertEquals(jobs.length, 20);
        assert(jobs.every((job) => job.text().startsWith(tube.name)));
      }
    });

    it("answers null when the time is up", async () => {
      assertEquals(await queue.tube("empty").reserve({ timeout: 0 }), null);
      assertEquals(await queue.tube("empty").reserve({ timeout: 1 }), null);
    });

    it("serves a waiting reserve, while a job in hand is settled", async () => {
      const tube = queue.tube("busy");
      await tube.put("first");
      const first = await tube.reserve();
      const waiting = tube.reserve();
      await first!.touch();
      await first!.delete();
      await tube.put("second");
      assertEquals((await waiting)?.text(), "second");
    });

    it("ends a wait by a signal without losing a job", async () => {
      const tube = queue.tube("signals");
      const controller = new AbortController();
      const waiting = tube.reserve({ signal: controller.signal });
      await sleep(20);
      controller.abort(new Error("enough"));
      await assertRejects(() => waiting, Error, "enough");
      await assertRejects(() => tube.reserve({ signal: controller.signal }), Error, "enough");
      await assertRejects(() => tube.put("x", { signal: controller.signal }), Error, "enough");
      await tube.put("kept");
      assertEquals((await tube.reserve({ timeout: 5 }))?.text(), "kept");
    });

    it("releases, buries and kicks with the job's own priority", async () => {
      const tube = queue.tube("returns");
      const id = await tube.put("x", { priority: 77 });
      await (await tube.reserve())!.release();
      assertEquals((await queue.statsJob(id))?.pri, 77);
      await (await tube.reserve())!.bury();
      assertEquals([(await queue.statsJob(id))?.state, (await tube.peekBuried())?.id], ["buried", id]);
      assertEquals(await tube.kick(5), 1);
      await (await tube.reserve())!.release({ priority: 5, delay: 100 });
      const stats = await queue.statsJob(id);
      assertEquals([stats?.state, stats?.pri, stats?.releases, stats?.buries], ["delayed", 5, 2, 1]);
      assertEquals((await tube.peekDelayed())?.text(), "x");
      await queue.kickJob(id);
      assertEquals((await tube.peekReady())?.id, id);
      await queue.delete(id);
      assertEquals(await queue.statsJob(id), null);
    });

    it("waits for delays and for pauses", async () => {
      const tube = queue.tube("slow");
      await tube.put("late", { delay: 1 });
      assertEquals(await tube.reserve({ timeout: 0 }), null);
      assertEquals((await tube.reserve({ timeout: 5 }))?.text(), "late");
      await tube.put("held back");
      await tube.pause(1);
      assertEquals(await tube.reserve({ timeout: 0 }), null);
      assertEquals((await tube.stats())?.["pause"], 1);
      assertEquals((await tube.reserve({ timeout: 5 }))?.text(), "held back");
    });

    it("tells a lost lease by an error, and leaves the new holder alone", async () => {
      const tube = queue.tube("short");
      const [id, former, present] = await loseLease(tube, isStrict);
      assertEquals([former?.id, present?.id], [id, id]);
      const attempts = [
        () => former!.touch(),
        () => former!.delete(),
        () => former!.release(),
        () => former!.bury(),
      ];
      for (const attempt of attempts) {
        const error = await rejection(attempt, LostLeaseError);
        assertEquals([error.code, error.jobId], ["NOT_FOUND", id]);
      }
      assertEquals(former!.state, "lost");
      await present!.delete();
    });

    it("settles a job once", async () => {
      const tube = queue.tube("once");
      await tube.put("x");
      const job = await tube.reserve();
      const outcomes = await Promise.allSettled([job!.delete(), job!.delete(), job!.release()]);
      assertEquals(outcomes.map(({ status }) => status), ["fulfilled", "rejected", "rejected"]);
    });

    it("deletes many, and tells which were lost", async () => {
      const tube = queue.tube("many");
      await tube.putMany(Array.from({ length: 100 }, (_, i) => String(i)));
      const jobs = [...await tube.reserveMany(60), ...await tube.reserveMany(60)];
      assertEquals(jobs.length, 100);
      await jobs[7].delete();
      const lost = await queue.deleteMany(jobs);
      assertEquals(lost.map((job) => job.id), [jobs[7].id]);
      assertEquals((await queue.stats())["current-jobs-reserved"], 0);
    });

    it("checks the bodies of a typed tube on put and on reserve", async () => {
      const mails = queue.tube("mails", MAIL);
      await mails.put({ to: ["ada@example.org"] });
      const job = await mails.reserve();
      assertEquals(job?.body.to, ["ada@example.org"]);
      const refused = await rejection(() => mails.put({ to: ["ada@example.org", "x"] }), InvalidBodyError);
      assertEquals([refused.code, refused.path, refused.jobId], ["INVALID_BODY", "to[1]", null]);

      const id = await queue.tube("mails").put("{}");
      const found = await rejection(() => mails.reserve(), InvalidBodyError);
      assertEquals([found.path, found.jobId], ["to", id]);
      assertEquals((await queue.statsJob(id))?.state, "buried");

      await queue.tube("mails").putMany(["no json", '{"to":[]}']);
      const faults: string[] = [];
      const next = await mails.reserve({ onInvalid: (error) => faults.push(error.code) });
      assertEquals([next?.body.to, faults], [[], ["INVALID_BODY"]]);
    });

    it("takes the input of a schema that transforms, and gives its output", async () => {
      const schema = v.object({ at: v.pipe(v.string(), v.transform((text) => new Date(text))) });
      const tube = queue.tube("dates", schema);
      await tube.put({ at: "2026-11-21T00:00:00.000Z" });
      assertEquals((await tube.reserve())?.body.at.getTime(), Date.UTC(2026, 10, 21));
    });

    it("takes a schema that needs time", async () => {
      const schema = v.pipeAsync(v.number(), v.checkAsync(async (n) => (await sleep(1), n < 3), "too much"));
      const tube = queue.tube("async", schema);
      await tube.putMany([1, 2]);
      assertEquals((await rejection(() => tube.put(3), InvalidBodyError)).issues[0].message, "too much");
      await queue.tube("async").put("4", { priority: 2000 });
      const jobs = await tube.reserveMany(2);
      assertEquals(jobs.map((job) => job.body), [1, 2]);
      const fault = await rejection(() => tube.reserve(), InvalidBodyError);
      assertEquals([fault.path, (await tube.peekBuried())?.id], ["", fault.jobId]);
    });

    it("refuses what is no JSON", async () => {
      const tube = queue.tube("json", json<unknown>());
      const circle: Record<string, unknown> = {};
      circle.self = circle;
      for (const body of [circle, undefined, 1n]) {
        assertEquals(await codeOf(tube.put(body)), "INVALID_BODY");
      }
    });

    it("refuses with the server's word", async () => {
      assertEquals(await codeOf(queue.tube("t").put(new Uint8Array(65_536))), "JOB_TOO_BIG");
      assertEquals(await codeOf(queue.delete(4711)), "NOT_FOUND");
      assertEquals(await codeOf(queue.kickJob(4711)), "NOT_FOUND");
      assertEquals(await codeOf(queue.tube("nowhere").pause(1)), "NOT_FOUND");
      const batch = await rejection(
        () => queue.tube("t").putMany(["a", new Uint8Array(65_536), "b"]),
        BatchError,
      );
      assertEquals([batch.code, batch.ids.map((id) => id !== null)], ["JOB_TOO_BIG", [true, false, true]]);
    });

    it("refuses arguments that cannot be before anything is sent", async () => {
      const tube = queue.tube("t");
      for (const name of ["", "-a", "a b", "ü", "a\r\n", "x".repeat(201)]) {
        assertEquals(await codeOf((async () => await queue.tube(name).put(""))()), "BAD_FORMAT");
      }
      for (
        const options of [{ priority: -1 }, { delay: 0.5 }, { ttr: 0 }, { ttr: 2 ** 32 }, { delay: NaN }]
      ) {
        assertEquals(await codeOf(tube.put("", options)), "BAD_FORMAT");
      }
      assertEquals(await codeOf(tube.reserve({ timeout: -1 })), "BAD_FORMAT");
      assertEquals(await codeOf(tube.reserveMany(0)), "BAD_FORMAT");
      assertEquals(await codeOf(queue.reserve([])), "BAD_FORMAT");
      assertEquals(await codeOf(queue.peek(1.5)), "BAD_FORMAT");
      for (const body of [5, null, new ArrayBuffer(2), ["x"]]) {
        assertEquals(await codeOf(tube.put(body as unknown as string)), "BAD_FORMAT");
        assertEquals(await codeOf(tube.putMany(["x", body as unknown as string])), "BAD_FORMAT");
      }
      assertEquals((await queue.stats())["cmd-put"], 0);
    });

    it("goes through jobs with for await", async () => {
      const tube = queue.tube("loop");
      await tube.putMany(["1", "2", "3"]);
      const seen: string[] = [];
      for await (const job of tube.jobs({ timeout: 0 })) {
        seen.push(job.text());
        await job.delete();
      }
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 20);
      for await (const job of tube.jobs({ signal: controller.signal })) seen.push(job.text());
      assertEquals(seen, ["1", "2", "3"]);
    });

    it("lists tubes and tells of them", async () => {
      await queue.tube("one").put("x", { priority: 3 });
      assert((await queue.tubes()).includes("one"));
      const stats = await queue.tube("one").stats();
      assertEquals([stats?.name, stats?.["current-jobs-ready"], stats?.["current-jobs-urgent"]], [
        "one",
        1,
        1,
      ]);
      assertEquals(await queue.tube("two").stats(), null);
    });

    it("gives back what is held, and ends what waits, when it is closed", async () => {
      const tube = queue.tube("last");
      await tube.put("x");
      const job = await tube.reserve();
      const { signal } = job!;
      const waiting = codeOf(tube.reserve());
      await sleep(20);
      await queue.close();
      await queue.close();
      assertEquals([await waiting, signal.aborted], ["CLOSED", true]);
      assert(signal.reason instanceof LostLeaseError);
      assertEquals(await codeOf(job!.delete()), "DISCONNECTED");
      assertEquals([await codeOf(tube.put("y")), await codeOf(tube.reserve())], ["CLOSED", "CLOSED"]);
    });
  });
}
