// What jackd 2.2.2 (npm, unmodified) does against a server, one function per scenario. Plain JavaScript, because jackd loses
// bodies that come in several pieces when it runs on Deno (with the reference server too): there each scenario runs in a
// Node process of its own, and Node 20 strips no types. `node jackd_scenarios.mjs PORT NAME` runs one.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import net from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import JackdClient from "jackd";

const LIMIT = 65_535;
const ONE_MIB = 1024 * 1024;

/** A connection that uses and watches only the given tube. */
async function connectTo(port, tube) {
  const client = new JackdClient();
  await client.connect({ host: "127.0.0.1", port });
  assert.equal(await client.use(tube), tube);
  assert.equal(await client.watch(tube), 2);
  assert.equal(await client.ignore("default"), 1);
  return client;
}

function fieldsOf(yaml) {
  const fields = {};
  for (const [, key, value] of yaml.matchAll(/^([a-z-]+): (.*)$/gm)) {
    fields[key] = value.replace(/^"(.*)"$/, "$1");
  }
  return fields;
}

const textOf = (job) => Buffer.from(job.payload).toString("latin1");
const statsOf = async (client, id) => fieldsOf(await client.statsJob(id));
const fails = (command, reply) => assert.rejects(command, (error) => error.message === reply);

/** All 256 byte values with what could be taken for the end of the body in their middle. */
function binaryBody() {
  const everyByte = Buffer.from(Uint8Array.from({ length: 256 }, (_, value) => value));
  return Buffer.concat([everyByte, Buffer.from("\r\n\r\ndelete 1\r\n\0\r\r\n\n"), everyByte]);
}

/** Text of so many bytes, line ends inside. */
function longText(bytes) {
  const line = "0123456789 abcdefghijklmnopqrstuvwxyz\r\n";
  return line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes);
}

/** Puts bytes that jackd cannot put (it turns a Buffer into JSON); resolves with the id. */
function putRaw(port, tube, body) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    let text = "";
    socket.on("error", reject).on("data", (bytes) => {
      text += bytes;
      const inserted = /INSERTED (\d+)\r\n/.exec(text);
      if (!inserted) return;
      socket.destroy();
      resolve(inserted[1]);
    });
    socket.write(`use ${tube}\r\nput 0 0 60 ${body.length}\r\n`);
    socket.write(body);
    socket.write("\r\n");
  });
}

async function limitScenario(port, tube, limit) {
  const client = await connectTo(port, tube);
  const body = longText(limit);
  await client.put(body);
  const job = await client.reserve();
  assert.ok(textOf(job) === body, "the body came back changed");
  await client.delete(job.id);
  await fails(client.put(body + "!"), "JOB_TOO_BIG");
  await client.put("still in step");
  assert.equal(textOf(await client.reserve()), "still in step");
  await client.quit();
}

export const scenarios = {
  async "takes a job through its life"(port) {
    const client = await connectTo(port, "jackd-life");
    const second = await client.put("second", { priority: 20, ttr: 30 });
    const first = await client.put("first", { priority: 10, ttr: 30 });
    const held = await client.reserve();
    assert.deepEqual([held.id, textOf(held)], [first, "first"]);
    assert.equal((await statsOf(client, first)).state, "reserved");
    await client.touch(first);
    await client.release(first, { priority: 30 });
    assert.equal((await statsOf(client, first)).pri, "30");
    assert.equal((await client.reserveWithTimeout(0)).id, second, "the released job now comes second");
    await client.bury(second, 5);
    assert.equal((await client.peekBuried()).id, second);
    assert.equal(await client.kick(10), 1);
    assert.equal((await statsOf(client, second)).state, "ready");
    assert.equal((await client.reserveJob(first)).id, first);
    await client.bury(first, 0);
    await client.kickJob(first);
    assert.equal((await statsOf(client, first)).state, "ready");
    for (const id of [first, second]) await client.delete(id);
    for (const command of ["delete", "release", "bury", "touch", "kickJob", "peek", "reserveJob"]) {
      await fails(client[command](first), "NOT_FOUND");
    }
    await client.quit();
  },

  async "delays a put and a release"(port) {
    const client = await connectTo(port, "jackd-delay");
    const putAt = performance.now();
    const id = await client.put("later", { delay: 1 });
    assert.equal((await client.peekDelayed()).id, id);
    await fails(client.reserveWithTimeout(0), "TIMED_OUT");
    assert.equal((await client.reserve()).id, id);
    assert.ok(performance.now() - putAt > 990);
    const releasedAt = performance.now();
    await client.release(id, { priority: 7, delay: 1 });
    assert.equal((await statsOf(client, id)).state, "delayed");
    assert.equal((await client.reserveWithTimeout(5)).id, id);
    assert.ok(performance.now() - releasedAt > 990);
    assert.equal((await statsOf(client, id)).pri, "7");
    await client.delete(id);
    await client.quit();
  },

  async "keeps a touched job past its ttr and is warned before the deadline"(port) {
    const client = await connectTo(port, "jackd-touch");
    const id = await client.put("slow", { ttr: 1 });
    await client.reserve();
    await sleep(600);
    await client.touch(id);
    await fails(client.reserve(), "DEADLINE_SOON");
    await sleep(600);
    assert.equal((await statsOf(client, id)).state, "reserved");
    await client.delete(id);
    await client.quit();
  },

  async "uses, watches, ignores and lists tubes"(port) {
    const client = await connectTo(port, "jackd-tubes");
    assert.equal(await client.listTubeUsed(), "jackd-tubes");
    assert.equal(await client.listTubesWatched(), "---\n- jackd-tubes\n");
    assert.equal(await client.watch("jackd-other"), 2);
    const names = (await client.listTubes()).split("\n");
    for (const name of ["- default", "- jackd-tubes", "- jackd-other"]) assert.ok(names.includes(name), name);
    assert.equal(await client.ignore("jackd-other"), 1);
    await fails(client.ignore("jackd-tubes"), "NOT_IGNORED");
    await client.quit();
  },

  async "peeks and reads the three stats documents"(port) {
    const client = await connectTo(port, "jackd-stats");
    await fails(client.peekReady(), "NOT_FOUND");
    const id = await client.put("counted", { priority: 3, ttr: 77 });
    assert.equal((await client.peekReady()).id, id);
    assert.equal(textOf(await client.peek(id)), "counted");
    const job = await statsOf(client, id);
    assert.deepEqual([job.id, job.tube, job.pri, job.ttr, job.state], [
      id,
      "jackd-stats",
      "3",
      "77",
      "ready",
    ]);
    const tube = fieldsOf(await client.statsTube("jackd-stats"));
    assert.deepEqual([tube.name, tube["current-jobs-ready"], tube["current-jobs-urgent"]], [
      "jackd-stats",
      "1",
      "1",
    ]);
    const all = fieldsOf(await client.stats());
    assert.deepEqual([all["max-job-size"], all.draining], ["65535", "false"]);
    await client.delete(id);
    await client.quit();
  },

  async "pauses a tube"(port) {
    const client = await connectTo(port, "jackd-pause");
    const id = await client.put("held back");
    const pausedAt = performance.now();
    // jackd 2.2.2 forgets the line end of pause-tube (true against every server); its own write supplies it.
    const paused = client.pauseTube("jackd-pause", { delay: 1 });
    await client.write(Buffer.from("\r\n"));
    await paused;
    await fails(client.reserveWithTimeout(0), "TIMED_OUT");
    assert.equal((await client.reserve()).id, id);
    assert.ok(performance.now() - pausedAt > 990);
    await client.delete(id);
    await client.quit();
  },

  async "reads binary bodies, puts text with line ends and objects"(port) {
    const client = await connectTo(port, "jackd-binary");
    const body = binaryBody();
    const id = await putRaw(port, "jackd-binary", body);
    assert.ok(body.equals((await client.peek(id)).payload), "peek");
    const job = await client.reserve();
    assert.ok(job.id === id && body.equals(job.payload), "reserve");
    await client.delete(id);
    const text = "ünï\r\ncödé\r\nput 0 0 60 5\r\n\0";
    await client.put(text);
    const back = await client.reserve();
    assert.equal(Buffer.from(back.payload).toString("utf8"), text);
    await client.delete(back.id);
    await client.put({ kind: "object", n: 1 });
    const object = await client.reserve();
    assert.deepEqual(JSON.parse(textOf(object)), { kind: "object", n: 1 });
    await client.delete(object.id);
    await client.quit();
  },

  async "carries bodies up to the limit and shows JOB_TOO_BIG above"(port) {
    await limitScenario(port, "jackd-limit", LIMIT);
  },
};

/** For a server started with `-z 1048576`. */
export const raisedScenarios = {
  async "carries 1 MiB when the limit is raised"(port) {
    await limitScenario(port, "jackd-raised", ONE_MIB);
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [port, name] = process.argv.slice(2);
  await { ...scenarios, ...raisedScenarios }[name](Number(port));
  process.exit(0);
}
