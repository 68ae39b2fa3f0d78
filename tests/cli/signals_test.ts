// Stopping and draining by signals, with the program started as a service manager would.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sleep } from "../support/runtime.ts";
import { runnerbeanCommand, startProcess } from "../support/server_process.ts";
import { WireClient, yamlOf } from "../support/wire_client.ts";
import { listeningOn, portOf, toEnd } from "./run_command.ts";

const LIMIT = { timeout: 240_000 };

describe("signals", () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(
      `${signal} stops with exit code 0, closes connections and removes the unix socket`,
      LIMIT,
      async () => {
        const dir = mkdtempSync(join(tmpdir(), "runnerbean-"));
        const path = join(dir, "socket");
        const server = startProcess([...runnerbeanCommand(), "-l", `unix:${path}`]);
        try {
          assertEquals(await listeningOn(server), `unix:${path}`);
          const client = await WireClient.connectUnix(path);
          assertEquals(await client.ask("use x\r\n"), "USING x\r\n");
          client.send("reserve\r\n");
          server.signal(signal);
          const ended = await toEnd(server);
          assertEquals([ended.code, ended.stderr], [0, ""]);
          assert(await client.closed());
          assert(!existsSync(path));
          client.close();
        } finally {
          await server.stop();
          rmSync(dir, { recursive: true, force: true });
        }
      },
    );
  }

  it("SIGUSR1 drains: puts are refused, everything else goes on, and the server stays", LIMIT, async () => {
    const server = startProcess([...runnerbeanCommand(), "-p0"]);
    try {
      const client = await WireClient.connect(portOf(await listeningOn(server)));
      assertEquals(await client.ask("put 0 0 60 1\r\na\r\n"), "INSERTED 1\r\n");
      await drain(server, client);
      assertEquals(await client.ask("put 0 0 60 1\r\nb\r\n"), "DRAINING\r\n");
      assertEquals(await client.ask("reserve\r\n"), "RESERVED 1 1\r\na\r\n");
      assertEquals(await client.ask("delete 1\r\n"), "DELETED\r\n");
      await sleep(200);
      assertEquals(await client.ask("use x\r\n"), "USING x\r\n");
      client.close();
    } finally {
      await server.stop();
    }
  });

  it("with --drain-exit leaves once drained and empty, not before", LIMIT, async () => {
    const server = startProcess([...runnerbeanCommand(), "-p0", "--drain-exit"]);
    try {
      const client = await WireClient.connect(portOf(await listeningOn(server)));
      // Empty, but not draining: it stays.
      assertEquals(await client.ask("put 0 0 60 1\r\na\r\n"), "INSERTED 1\r\n");
      assertEquals(await client.ask("delete 1\r\n"), "DELETED\r\n");
      // A ready, a delayed and a buried job: each of them keeps it.
      assertEquals(await client.ask("put 0 0 60 1\r\nb\r\n"), "INSERTED 2\r\n");
      assertEquals(await client.ask("put 0 3600 60 1\r\nc\r\n"), "INSERTED 3\r\n");
      await drain(server, client);
      assertEquals(await client.ask("reserve\r\n"), "RESERVED 2 1\r\nb\r\n");
      assertEquals(await client.ask("bury 2 0\r\n"), "BURIED\r\n");
      assertEquals(await client.ask("delete 3\r\n"), "DELETED\r\n");
      await sleep(200);
      assertEquals(await client.ask("delete 2\r\n"), "DELETED\r\n");
      const ended = await toEnd(server);
      assertEquals([ended.code, ended.stderr], [0, ""]);
      client.close();
    } finally {
      await server.stop();
    }
  });

  it("with --drain-exit leaves at once when there is no job", LIMIT, async () => {
    const server = startProcess([...runnerbeanCommand(), "-p0"], { RUNNERBEAN_DRAIN_EXIT: "yes" });
    try {
      await listeningOn(server);
      server.signal("SIGUSR1");
      assertEquals((await toEnd(server)).code, 0);
    } finally {
      await server.stop();
    }
  });
});

/** Sends SIGUSR1 and waits until the stats say so. */
async function drain(server: ReturnType<typeof startProcess>, client: WireClient): Promise<void> {
  assertEquals(yamlOf(await client.ask("stats\r\n")).draining, "false");
  server.signal("SIGUSR1");
  let draining = "false";
  for (let attempt = 0; attempt < 500 && draining === "false"; attempt++) {
    await sleep(10);
    draining = yamlOf(await client.ask("stats\r\n")).draining;
  }
  assertEquals(draining, "true");
}
