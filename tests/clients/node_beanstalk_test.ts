// node-beanstalk from npm, unmodified, against the server: every command it has, through its own functions.
import { after, before, describe, it } from "node:test";
import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import { assert, assertEquals, assertGreaterOrEqual, assertRejects } from "@std/assert";
import { sleep } from "../support/runtime.ts";
import { type ServerProcess, startServer } from "../support/server_process.ts";
import { binaryBody, DEFAULT_MAX_JOB_BYTES, longBody, ONE_MIB } from "./bodies.ts";

interface Job {
  id: number;
  payload: unknown;
}

type Fields = Record<string, unknown>;

/** What the tests use of it; its own declarations bring an old @types/node that clashes with the project's. */
interface Client {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  put(body: unknown, ttr?: number, priority?: number, delay?: number): Promise<{ id: number; state: string }>;
  reserve(): Promise<Job | null>;
  reserveWithTimeout(seconds: number): Promise<Job | null>;
  reserveJob(id: number): Promise<Job | null>;
  delete(id: number): Promise<boolean>;
  release(id: number, priority?: number, delay?: number): Promise<string | null>;
  bury(id: number, priority?: number): Promise<boolean>;
  touch(id: number): Promise<boolean>;
  use(tube: string): Promise<string>;
  watch(tube: string): Promise<number>;
  ignore(tube: string): Promise<boolean>;
  pauseTube(tube: string, seconds: number): Promise<boolean>;
  peek(id: number): Promise<Job | null>;
  peekReady(): Promise<Job | null>;
  peekDelayed(): Promise<Job | null>;
  peekBuried(): Promise<Job | null>;
  kick(bound: number): Promise<number>;
  kickJob(id: number): Promise<boolean>;
  stats(): Promise<Fields>;
  statsTube(tube: string): Promise<Fields | null>;
  statsJob(id: number): Promise<Fields | null>;
  listTubes(): Promise<string[]>;
  listTubesWatched(): Promise<string[]>;
  listTubeUsed(): Promise<string>;
}

const { Client: NodeBeanstalk } = createRequire(import.meta.url)("node-beanstalk") as {
  Client: new (options: Record<string, unknown>) => Client;
};

/** Bodies as bytes, instead of the JSON that is its default. */
const rawBytes = { serialize: (body: Uint8Array) => body, deserialize: (body: Uint8Array) => body };

const isBody = (job: Job | null, body: Buffer): boolean => body.equals(job?.payload as Buffer);

/** A fresh connection that uses and watches only the given tube. */
async function connectTo(port: number, tube: string, options: Record<string, unknown> = {}): Promise<Client> {
  const client = new NodeBeanstalk({ host: "127.0.0.1", port, ...options });
  await client.connect();
  assertEquals(await client.use(tube), tube);
  assertEquals(await client.watch(tube), 2);
  assertEquals(await client.ignore("default"), true);
  return client;
}

async function carriesUpTo(port: number, limit: number): Promise<void> {
  const client = await connectTo(port, "limit", { serializer: rawBytes, maxPayloadSize: 2 * limit });
  const body = longBody(limit);
  const { id } = await client.put(body);
  assert(isBody(await client.peek(id), body), "peek changed the body");
  assert(isBody(await client.reserve(), body), "reserve changed the body");
  assertEquals(await client.delete(id), true);
  const refused = await assertRejects(() => client.put(longBody(limit + 1)));
  assertEquals((refused as Error & { code: string }).code, "JOB_TOO_BIG");
  await client.put(Buffer.from("still in step"));
  assert(isBody(await client.reserve(), Buffer.from("still in step")));
  await client.disconnect();
}

describe("node-beanstalk", () => {
  let server: ServerProcess;

  before(async () => {
    server = await startServer();
  });
  after(() => server?.stop());

  it("takes a job through its life", { timeout: 240_000 }, async () => {
    const client = await connectTo(server.port, "life");
    const second = (await client.put("second", 30, 20)).id;
    const first = (await client.put({ name: "first" }, 30, 10)).id;
    assertEquals(await client.reserve(), { id: first, payload: { name: "first" } });
    assertEquals((await client.statsJob(first))?.state, "reserved");
    assertEquals(await client.touch(first), true);
    assertEquals(await client.release(first, 30), "ready");
    assertEquals((await client.statsJob(first))?.pri, 30);
    assertEquals((await client.reserveWithTimeout(0))?.id, second, "the released job now comes second");
    assertEquals(await client.bury(second, 5), true);
    assertEquals(await client.peekBuried(), { id: second, payload: "second" });
    assertEquals(await client.kick(10), 1);
    assertEquals((await client.statsJob(second))?.state, "ready");
    assertEquals((await client.reserveJob(first))?.id, first);
    assertEquals(await client.bury(first), true);
    assertEquals(await client.kickJob(first), true);
    for (const id of [first, second]) assertEquals(await client.delete(id), true);
    for (const command of ["delete", "touch", "bury", "kickJob"] as const) {
      assertEquals(await client[command](first), false, command);
    }
    for (const command of ["release", "peek", "reserveJob", "statsJob"] as const) {
      assertEquals(await client[command](first), null, command);
    }
    await client.disconnect();
  });

  it("delays a put and a release", { timeout: 240_000 }, async () => {
    const client = await connectTo(server.port, "delay");
    const putAt = performance.now();
    const { id, state } = await client.put("later", 30, 0, 1);
    assertEquals(state, "delayed");
    assertEquals((await client.peekDelayed())?.id, id);
    assertEquals(await client.reserveWithTimeout(0), null);
    assertEquals((await client.reserve())?.id, id);
    assertGreaterOrEqual(performance.now() - putAt, 990);
    const releasedAt = performance.now();
    assertEquals(await client.release(id, 7, 1), "delayed");
    assertEquals((await client.reserveWithTimeout(5))?.id, id);
    assertGreaterOrEqual(performance.now() - releasedAt, 990);
    const { pri, releases, reserves } = await client.statsJob(id) as Fields;
    assertEquals([pri, releases, reserves], [7, 1, 2]);
    assertEquals(await client.delete(id), true);
    await client.disconnect();
  });

  it("keeps a touched job past its ttr and is warned before the deadline", { timeout: 240_000 }, async () => {
    const client = await connectTo(server.port, "touch");
    const { id } = await client.put("slow", 1);
    await client.reserve();
    await sleep(600);
    assertEquals(await client.touch(id), true);
    const warned = await assertRejects(() => client.reserve());
    assertEquals((warned as Error & { code: string }).code, "DEADLINE_SOON");
    await sleep(600);
    assertEquals((await client.statsJob(id))?.state, "reserved");
    assertEquals(await client.delete(id), true);
    await client.disconnect();
  });

  it("uses, watches, ignores and lists tubes", { timeout: 240_000 }, async () => {
    const client = await connectTo(server.port, "tubes");
    assertEquals(await client.listTubeUsed(), "tubes");
    assertEquals(await client.listTubesWatched(), ["tubes"]);
    assertEquals(await client.watch("other"), 2);
    const names = await client.listTubes();
    for (const name of ["default", "tubes", "other"]) assert(names.includes(name), name);
    assertEquals(await client.ignore("other"), true);
    assertEquals(await client.ignore("tubes"), false, "the last watched tube stays");
    await client.disconnect();
  });

  it("peeks and reads the three stats documents", { timeout: 240_000 }, async () => {
    const client = await connectTo(server.port, "stats");
    assertEquals(await client.peekReady(), null);
    const { id } = await client.put("counted", 77, 3);
    assertEquals(await client.peekReady(), { id, payload: "counted" });
    const job = await client.statsJob(id) as Fields;
    assertEquals([job.id, job.tube, job.state, job.pri, job.ttr], [id, "stats", "ready", 3, 77]);
    const tube = await client.statsTube("stats") as Fields;
    assertEquals([tube.name, tube["current-jobs-ready"], tube["current-using"]], ["stats", 1, 1]);
    assertEquals(await client.statsTube("no-such-tube"), null);
    const all = await client.stats();
    assertEquals([all.pid, all["max-job-size"], all.draining], [server.pid, DEFAULT_MAX_JOB_BYTES, false]);
    await client.delete(id);
    await client.disconnect();
  });

  it("pauses a tube", { timeout: 240_000 }, async () => {
    const client = await connectTo(server.port, "pause");
    assertEquals(await client.pauseTube("no-such-tube", 1), false);
    const { id } = await client.put("held back");
    const pausedAt = performance.now();
    assertEquals(await client.pauseTube("pause", 1), true);
    assertEquals(await client.reserveWithTimeout(0), null);
    assertEquals((await client.reserve())?.id, id);
    assertGreaterOrEqual(performance.now() - pausedAt, 990);
    await client.delete(id);
    await client.disconnect();
  });

  it("carries binary bodies and empty ones", { timeout: 240_000 }, async () => {
    const client = await connectTo(server.port, "binary", { serializer: rawBytes });
    for (const body of [binaryBody(), Buffer.alloc(0), Buffer.from("\r\n")]) {
      const { id } = await client.put(body);
      assert(isBody(await client.peek(id), body), "peek changed the body");
      assert(isBody(await client.reserve(), body), "reserve changed the body");
      assertEquals(await client.delete(id), true);
    }
    await client.disconnect();
  });

  it("carries bodies up to the limit and shows JOB_TOO_BIG above", { timeout: 240_000 }, async () => {
    await carriesUpTo(server.port, DEFAULT_MAX_JOB_BYTES);
  });

  it("carries 1 MiB when the limit is raised", { timeout: 240_000 }, async () => {
    const raised = await startServer({ args: ["-z", String(ONE_MIB)] });
    try {
      await carriesUpTo(raised.port, ONE_MIB);
    } finally {
      await raised.stop();
    }
  });
});
