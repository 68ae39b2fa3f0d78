// The client and a network that is against it: a server that stands still, connections cut at random bytes, peers that are
// gone without a word. Replies stay with their commands, reserves go on, errors have a type.
import { describe, it } from "node:test";
import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import {
  type Client,
  connect,
  type ConnectOptions,
  DisconnectedError,
  LostLeaseError,
  type QueueError,
} from "../../src/client/mod.ts";
import { Random } from "../support/random.ts";
import { freshSeed, requireProgram, skipWithout, sleep } from "../support/runtime.ts";
import { type ServerProcess, type StartOptions, startServer } from "../support/server_process.ts";
import { HostileProxy } from "./hostile_proxy.ts";

/** RUNNERBEAN_LONG=1 makes it the full proof: 200 cuts, a server that stands still for 5 s. */
const IS_LONG = process.env.RUNNERBEAN_LONG !== undefined;
const CUTS = IS_LONG ? 200 : 20;
const STANDSTILL_MS = IS_LONG ? 5000 : 1000;

async function withServer(
  options: StartOptions,
  client: ConnectOptions,
  test: (server: ServerProcess, queue: Client) => Promise<void>,
): Promise<void> {
  const server = await startServer(options);
  try {
    await using queue = await connect({ ...client, port: server.port });
    await test(server, queue);
  } finally {
    await server.stop();
  }
}

async function withProxy(
  options: StartOptions,
  client: ConnectOptions,
  test: (proxy: HostileProxy, queue: Client, direct: Client, random: Random) => Promise<void>,
): Promise<void> {
  const random = new Random(freshSeed("hostile network"));
  await withServer(options, {}, async (server, direct) => {
    const proxy = await HostileProxy.start(server.port, random);
    try {
      await using queue = await connect({ ...client, port: proxy.port });
      await test(proxy, queue, direct, random);
    } finally {
      proxy.stop();
    }
  });
}

function isTyped(error: unknown): error is QueueError {
  return error instanceof DisconnectedError || error instanceof LostLeaseError;
}

/** Puts and peeks until it is told to stop; answers the ids of acknowledged puts with their bodies. */
async function putAndPeek(
  queue: Client,
  name: string,
  random: Random,
  isOver: () => boolean,
): Promise<Map<number, string>> {
  const known = new Map<number, string>();
  for (let i = 0; !isOver(); i++) {
    const body = `${name}-${i}-${"x".repeat(random.below(300))}`;
    try {
      const id = await queue.tube(name).put(body);
      assert(!known.has(id), `id ${id} was given twice`);
      known.set(id, body);
      const [some, text] = random.pick([...known].slice(-20));
      const [peeked, stats] = await Promise.all([queue.peek(some), queue.statsJob(some)]);
      assertEquals([peeked?.id, peeked?.text(), stats?.id, stats?.tube], [some, text, some, name]);
      assertEquals(await queue.tube(`none-${name}`).stats(), null);
    } catch (error) {
      if (!isTyped(error)) throw error;
    }
  }
  return known;
}

/** Reserves and deletes until it is told to stop; answers the bodies it saw, and those whose delete was acknowledged. */
async function work(
  queue: Client,
  tube: string,
  isOver: () => boolean,
): Promise<{ seen: Map<number, string>; done: Set<number> }> {
  const seen = new Map<number, string>();
  const done = new Set<number>();
  while (!isOver()) {
    try {
      const jobs = await queue.tube(tube).reserveMany(3, { timeout: 1 });
      for (const job of jobs) {
        assertEquals(seen.get(job.id) ?? job.text(), job.text());
        assert(!done.has(job.id), `job ${job.id} came back after it was deleted`);
        seen.set(job.id, job.text());
      }
      for (const job of jobs) {
        await job.touch();
        await job.delete();
        done.add(job.id);
      }
    } catch (error) {
      if (!isTyped(error)) throw error;
    }
  }
  return { seen, done };
}

async function cutAtRandomBytes(options: StartOptions): Promise<void> {
  await withProxy(options, { replyTimeoutMs: 20_000 }, async (proxy, queue, direct, random) => {
    const bodies = Array.from({ length: 3000 }, (_, i) => `work-${i}-${"y".repeat(random.below(200))}`);
    const ids = await direct.tube("work").putMany(bodies, { ttr: 60 });
    const textOf = new Map(ids.map((id, i) => [id, bodies[i]]));
    proxy.cutWithin = 3000;
    const isOver = (): boolean => proxy.cuts >= CUTS;
    const isDone = async (): Promise<boolean> =>
      ((await direct.tube("work").stats())?.["current-jobs-ready"] ?? 0) === 0;
    const putters = ["a", "b", "c"].map((name) => putAndPeek(queue, name, random, isOver));
    const workers = Array.from({ length: 4 }, () => work(queue, "work", isOver));
    const waiting = queue.tube("at-last").reserve();
    waiting.catch(() => {}); // if something fails below, that is what to tell
    const [known, worked] = await Promise.all([Promise.all(putters), Promise.all(workers)]);
    proxy.cutWithin = Infinity;

    // What was acknowledged is what the server has.
    for (const [id, text] of known.flatMap((map) => [...map])) {
      assertEquals((await direct.peek(id))?.text(), text);
    }
    for (const { seen, done } of worked) {
      for (const [id, text] of seen) assertEquals(textOf.get(id), text);
      for (const id of done) assertEquals(await direct.peek(id), null);
    }
    // What is left can all be had, and a wait that began before the cuts is served.
    let over = false;
    const rest = [work(queue, "work", () => over), work(queue, "work", () => over)];
    while (!(await isDone())) await sleep(50);
    over = true;
    await Promise.all(rest);
    await direct.tube("at-last").put("here");
    assertEquals((await waiting)?.text(), "here");
    assert(proxy.cuts >= CUTS);
  });
}

async function standStill(options: StartOptions): Promise<void> {
  await withServer(options, {}, async (server, queue) => {
    const tube = queue.tube("t");
    const waiting = queue.tube("later").reserve();
    await tube.put("before");
    const held = await tube.reserve();
    server.signal("SIGSTOP");
    const bodies = Array.from({ length: 50 }, (_, i) => `body ${i}`);
    const puts = Promise.all(bodies.map((body) => tube.put(body)));
    const [stats, kicked] = [queue.stats(), tube.kick(3)];
    const deleted = held!.delete();
    const reserves = Promise.all(bodies.map(() => tube.reserve()));
    await sleep(STANDSTILL_MS);
    server.signal("SIGCONT");
    const ids = await puts;
    await deleted;
    assertEquals([typeof (await stats)["cmd-put"], await kicked], ["number", 0]);
    const jobs = await reserves;
    const texts = new Map(jobs.map((job) => [job!.id, job!.text()]));
    ids.forEach((id, i) => assertEquals(texts.get(id), bodies[i]));
    assertEquals(await queue.deleteMany(jobs.map((job) => job!)), []);
    await queue.tube("later").put("at last");
    assertEquals((await waiting)?.text(), "at last");
  });
}

async function impatient(options: StartOptions): Promise<void> {
  await withServer(options, { replyTimeoutMs: 1500, heartbeatSeconds: 1 }, async (server, queue) => {
    const tube = queue.tube("t");
    await tube.put("held");
    const held = await tube.reserve();
    const waiting = queue.tube("later").reserve();
    await sleep(50);
    server.signal("SIGSTOP");
    const put = await tube.put("x").then(() => null, (error) => error);
    assert(put instanceof DisconnectedError && put.mayHaveRun);
    const lost = await held!.touch().then(() => null, (error) => error);
    assert(lost instanceof LostLeaseError && lost.code === "DISCONNECTED");
    assert(held!.signal.aborted && held!.state === "lost");
    await sleep(6000); // the waiting reserve gives up its connection, and others after it
    server.signal("SIGCONT");
    for (let isPut = false; !isPut;) {
      isPut = await queue.tube("later").put("at last").then(() => true, () => false);
    }
    assertEquals((await waiting)?.text(), "at last");
    const again = [await tube.reserve({ timeout: 10 }), ...await tube.reserveMany(5, { timeout: 1 })];
    assert(again.some((job) => job?.id === held!.id));
  });
}

async function halfOpen(options: StartOptions): Promise<void> {
  await withProxy(options, { replyTimeoutMs: 2000, heartbeatSeconds: 1 }, async (proxy, queue, direct) => {
    const tube = queue.tube("t");
    await tube.put("one");
    const held = await tube.reserve();
    const waiting = queue.tube("later").reserve();
    await sleep(50);
    proxy.silence(4000);
    const [put, read] = await Promise.all([
      tube.put("two").then(() => null, (error) => error),
      queue.tubes(), // changes nothing, so it is asked again on another connection
    ]);
    assert(put instanceof DisconnectedError && put.mayHaveRun);
    assert(read.includes("default"));
    const lost = await held!.delete().then(() => null, (error) => error);
    assert(lost instanceof LostLeaseError && lost.code === "DISCONNECTED");
    assertEquals((await tube.reserve({ timeout: 20 }))?.text(), "one"); // the server has noticed, too
    await direct.tube("later").put("at last");
    assertEquals((await waiting)?.text(), "at last");
  });
}

const SERVERS: readonly (readonly [string, () => StartOptions, string | false])[] = [
  ["this server", () => ({}), false],
  ["beanstalkd", () => ({ command: [requireProgram("beanstalkd")] }), skipWithout("beanstalkd")],
];

for (const [name, options, skip] of SERVERS) {
  describe(`a client of ${name} on a hostile network`, { skip }, () => {
    it(`waits for a server that stands still for ${STANDSTILL_MS} ms`, () => standStill(options()));
    it(`keeps replies and commands together over ${CUTS} cuts at random bytes`, () =>
      cutAtRandomBytes(options()));
    // What this is about is the client's own patience: one server will do, but for the full proof.
    if (!IS_LONG && name !== "this server") return;
    it("gives up a server that stands still for longer than it may", () => impatient(options()));
    it("notices a peer that is gone without a word", () => halfOpen(options()));
  });
}
