// Servers with --kv, as a user starts them: on a file, on a database at a URL, one at a time.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { KvLayout } from "../../src/journal/kv/layout.ts";
import { takeLease } from "../../src/journal/kv/lease.ts";
import { leaseFacts, openKvStore } from "../../src/runtime/open_kv.ts";
import { listeningOn, portOf, type RunningProcess, runToEnd, toEnd } from "../cli/run_command.ts";
import { startKvServer } from "../support/kv_server.ts";
import { findRuntime, RUNTIME, type RuntimeName } from "../support/runtime.ts";
import { PROJECT_DIR, runnerbeanCommand, startProcess } from "../support/server_process.ts";
import { WireClient, yamlOf } from "../support/wire_client.ts";

const HERE = ["-l", "127.0.0.1", "-p", "0"];
const LARGEST = "l".repeat(65_535);

let folder = "";
let running: RunningProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runnerbean-kv-server-"));
  running = [];
});
afterEach(async () => {
  for (const one of running) await one.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  readonly server: RunningProcess;
  readonly client: WireClient;
}

async function start(
  kv: string,
  env: Record<string, string> = {},
  command = runnerbeanCommand(),
): Promise<Running> {
  const server = startProcess([...command, ...HERE, "--kv", kv], env);
  running.push(server);
  const client = await WireClient.connect(portOf(await listeningOn(server)));
  return { server, client };
}

const put = (client: WireClient, body: string): Promise<string> =>
  client.ask(`put 0 0 60 ${body.length}\r\n${body}\r\n`, 20_000);

/** The command that starts Runnerbean on a runtime; null when that is not here. */
function commandOn(runtime: RuntimeName): string[] {
  const program = findRuntime(runtime);
  const words = runtime === "deno" ? [program, "run", "-A", "--no-check"] : [program];
  return [...words, join(PROJECT_DIR, "src/cli/main.ts")];
}
/** RUNNERBEAN_LONG=1 makes it the full proof. */
const JOBS = process.env.RUNNERBEAN_LONG ? 100_000 : 10_000;

describe("a server with --kv", () => {
  it("ends in good order on SIGTERM, and its jobs come back", { timeout: 240_000 }, async () => {
    const kv = join(folder, "jobs.kv");
    const { server, client } = await start(kv);
    assertEquals(await put(client, LARGEST), "INSERTED 1\r\n");
    // What is on its way when the signal comes is answered or not there.
    client.send("put 0 0 60 1\r\nx\r\n".repeat(500));
    await client.reply(20_000);
    server.signal("SIGTERM");
    let acknowledged = 1;
    for (let reply = ""; (reply = await client.reply(20_000)) !== "";) {
      assertMatch(reply, /^INSERTED \d+\r\n$/);
      acknowledged++;
    }
    assertEquals(await server.exited, 0, server.stderr());
    assertEquals(server.stderr(), "");
    const { client: next } = await start(kv);
    const jobs = Number(yamlOf(await next.ask("stats\r\n"))["current-jobs-ready"]);
    assert(jobs >= acknowledged + 1, `${jobs} there, ${acknowledged + 1} acknowledged`);
    assertEquals(await next.ask("peek 1\r\n"), `FOUND 1 65535\r\n${LARGEST}\r\n`);
  });

  for (const other of ["deno", "bun", "node"] as const) {
    const skip = findRuntime(other) === "" && `${other} is not here`; // a part of the tests may run with one runtime only
    it(`is alone: a second one on ${other} is refused`, { skip, timeout: 240_000 }, async () => {
      const kv = join(folder, "jobs.kv");
      const { server, client } = await start(kv);
      await put(client, "mine");
      const second = await runToEnd([...commandOn(other), ...HERE, "--kv", kv]);
      assertEquals(second.code, 10, second.stderr);
      assertMatch(second.stderr, new RegExp(`jobs\\.kv: in use by process ${server.pid} on`));
      assertEquals(await put(client, "still mine"), "INSERTED 2\r\n");
      await server.stop("SIGKILL");
      const { client: third } = await start(kv, {}, commandOn(other));
      assertEquals(await third.ask("peek 2\r\n"), "FOUND 2 10\r\nstill mine\r\n");
    });
  }

  it("whose lease another one took stops, with its replies unsent", { timeout: 240_000 }, async () => {
    const kv = join(folder, "jobs.kv");
    const { server, client } = await start(kv);
    assertEquals(await put(client, "before"), "INSERTED 1\r\n");
    const store = await openKvStore(kv);
    try {
      await takeLease(store, new KvLayout("runnerbean").lease, { ...leaseFacts(), isGone: () => true });
      assertEquals(await put(client, "too late"), "", "no reply");
      const { code, stderr } = await toEnd(server);
      assertEquals(code, 74, stderr);
      assertMatch(stderr, /the KV failed: the lease is lost: in use by process/);
      assert(!/\n\s+at /.test(stderr), `a stack is no message: ${stderr}`);
    } finally {
      store.close();
    }
  });

  // Ten seconds pass before the second one may believe that the first is gone.
  const skip = process.env.RUNNERBEAN_CONFORMANCE_LONG !== "1" && "only with RUNNERBEAN_CONFORMANCE_LONG=1";
  it("that was stopped for too long answers nothing any more", { skip, timeout: 240_000 }, async () => {
    const kv = join(folder, "jobs.kv");
    const { server: stale, client: late } = await start(kv);
    assertEquals(await put(late, "a"), "INSERTED 1\r\n");
    stale.signal("SIGSTOP");
    const { server, client } = await start(kv);
    assertMatch(server.stderr(), /is leased to process \d+ .*watching for up to 10 s/);
    assertEquals(await client.ask("reserve\r\n"), "RESERVED 1 1\r\na\r\n");
    assertEquals(await client.ask("delete 1\r\n", 20_000), "DELETED\r\n");
    late.send("reserve\r\n"); // which writes nothing, so that no commit would stop it
    stale.signal("SIGCONT");
    assertEquals(await late.reply(20_000), "", "no reply");
    assertEquals((await toEnd(stale)).code, 74);
    assertEquals(await put(client, "b"), "INSERTED 2\r\n");
  });

  it("works with a database at a URL", { timeout: 240_000 }, async () => {
    const database = await startKvServer(join(folder, "served.kv"));
    try {
      const env = { DENO_KV_ACCESS_TOKEN: database.token };
      const { server, client } = await start(database.url, env);
      assertEquals(await put(client, LARGEST), "INSERTED 1\r\n");
      assertEquals(await put(client, "small"), "INSERTED 2\r\n");
      assertEquals(await client.ask("delete 2\r\n", 20_000), "DELETED\r\n");
      assert(database.requests.writes > 3, "it was not asked");
      await server.stop("SIGKILL");
      const { client: next } = await start(database.url, env);
      assertEquals(await next.ask("peek 1\r\n", 20_000), `FOUND 1 65535\r\n${LARGEST}\r\n`);
      assertEquals(await next.ask("peek 2\r\n", 20_000), "NOT_FOUND\r\n");
    } finally {
      for (const one of running) await one.stop();
      database.close();
    }
  });

  it("refuses a start that cannot be, and says why", { timeout: 240_000 }, async () => {
    const refused = async (args: string[], code: number, message: RegExp): Promise<void> => {
      const ended = await runToEnd([...runnerbeanCommand(), ...HERE, ...args]);
      assertEquals(ended.code, code, ended.stderr);
      assertMatch(ended.stderr, message);
      assert(!/\n\s+at /.test(ended.stderr), `a stack is no message: ${ended.stderr}`);
    };
    await refused(["--kv", join(folder, "missing", "jobs.kv")], 10, /missing\/jobs\.kv: .*unable to open/i);
    await refused(["--kv", "x", "-b", folder], 5, /-b and --kv/);
    const foreign = join(folder, "foreign.kv");
    const store = await openKvStore(foreign);
    await store.commit([], [{ key: ["runnerbean", "lease"], value: new Uint8Array([1, 2, 3]) }]);
    store.close();
    await refused(["--kv", foreign], 1, /no lease of Runnerbean/);
  });
});

describe(`the jobs of a KV on ${RUNTIME}`, () => {
  it(`come back, ${JOBS} of them and one of the largest`, { timeout: 240_000 }, async () => {
    const kv = join(folder, "many.kv");
    const { server, client } = await start(kv);
    assertEquals(await put(client, LARGEST), "INSERTED 1\r\n");
    for (let thousands = 0; thousands < JOBS / 1000; thousands++) {
      client.send("put 5 0 60 16\r\nsixteen bytes...\r\n".repeat(1000));
      for (let n = 0; n < 1000; n++) assertMatch(await client.reply(20_000), /^INSERTED /);
    }
    await server.stop("SIGKILL");
    const { server: next, client: again } = await start(kv);
    console.log(next.stdout().trim());
    const stats = yamlOf(await again.ask("stats\r\n", 20_000));
    assertEquals(stats["current-jobs-ready"], String(JOBS + 1));
    assertEquals(await again.ask("peek 1\r\n", 20_000), `FOUND 1 65535\r\n${LARGEST}\r\n`);
    assertEquals(await put(again, "next"), `INSERTED ${JOBS + 2}\r\n`);
  });
});
