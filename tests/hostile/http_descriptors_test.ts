// A flood of HTTP connections at a limit of 512 open files, with a log: the log never lacks a descriptor, and clients of both
// ports go on.
import { describe, it } from "node:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { checkServer } from "../http/fuzz/fuzz_run.ts";
import { RawClient, requestOf, UPGRADE } from "../http/raw_client.ts";
import { sleep } from "../support/runtime.ts";
import { freePort, runnerbeanCommand, startServer } from "../support/server_process.ts";
import { Bystander } from "./bystander.ts";
import { NO_PROC } from "./figures.ts";

const OPEN_FILES = 512;
const FLOOD_MS = 4000;
const AT_ONCE = 30;

/** What a connection of the flood does once it is there. */
const KINDS: Readonly<Record<string, string>> = {
  "say nothing": "",
  "begin a head": "GET /healthz HTTP/1.1\r\nHost: local",
  "begin a body": requestOf(
    "POST",
    "/v1/tubes/t/jobs",
    ["Content-Type: text/plain", "Content-Length: 1000"],
    "x",
  ),
  "stay after an answer": requestOf("GET", "/healthz"),
  "hear events": requestOf("GET", "/v1/events"),
  "become WebSockets": requestOf("GET", "/v1/wire", UPGRADE),
};

describe("at a limit of 512 open files", { skip: NO_PROC }, () => {
  for (const [what, bytes] of Object.entries(KINDS)) {
    it(`connections that ${what}`, { timeout: 240_000 }, async () => {
      const folder = mkdtempSync(join(tmpdir(), "runnerbean-descriptors-"));
      const port = await freePort();
      const limited = ["bash", "-c", `ulimit -n ${OPEN_FILES}; exec "$@"`, "limited", ...runnerbeanCommand()];
      const server = await startServer({
        command: limited,
        args: ["-b", folder, "--http", `127.0.0.1:${port}`],
      });
      const held: RawClient[] = [];
      try {
        const bystander = await Bystander.start(server.port);
        const endAt = performance.now() + FLOOD_MS;
        await Promise.all(Array.from({ length: AT_ONCE }, async () => {
          while (performance.now() < endAt) {
            const client = await RawClient.connect(port).catch(() => null);
            if (client === null) continue;
            if (bytes !== "") client.send(bytes);
            held.push(client);
            await sleep(20);
            if (held.length > 1500) held.shift()!.close();
          }
        }));
        const descriptors = readdirSync(`/proc/${server.pid}/fd`).length;
        assertLessOrEqual(descriptors, OPEN_FILES - 64, "open files of the server");
        assert(held.length > 200, `only ${held.length} connections were made`);
        await bystander.finish();
        checkServer(server);
        for (const client of held) client.close();
        await sleep(100);
        const client = await RawClient.connect(port);
        const body = "after the flood";
        const lines = ["Content-Type: text/plain", `Content-Length: ${body.length}`];
        assertEquals(await client.send(requestOf("POST", "/v1/tubes/t/jobs", lines, body)).answers(1), [201]);
        client.close();
      } finally {
        await server.stop();
        for (const client of held) client.close();
        rmSync(folder, { recursive: true });
      }
    });
  }
});
