// --max-memory: puts beyond it are refused, everything else goes on, and room that became free is used again.
import { afterEach, describe, it } from "node:test";
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { MemoryGrowth, MIB, NO_PROC } from "./figures.ts";

const BODY = 60_000;
const PUT = `put 0 0 60 ${BODY}\r\n${"m".repeat(BODY)}\r\n`;

/** Puts until it is refused; returns the ids. */
async function fill(client: WireClient, limit: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length * BODY <= 2 * limit) {
    const answer = await client.ask(PUT);
    if (answer === "OUT_OF_MEMORY\r\n") return ids;
    assertEquals(answer.slice(0, 9), "INSERTED ");
    ids.push(answer.slice(9, -2));
  }
  throw new Error(`${ids.length * BODY} bytes were taken with a limit of ${limit}`);
}

describe("--max-memory", { skip: NO_PROC }, () => {
  let server: ServerProcess;

  afterEach(() => server?.stop());

  it("32m: refuses puts, goes on with the rest, takes puts again", { timeout: 240_000 }, async () => {
    server = await startServer({ args: ["--max-memory", "32m"] });
    const limit = 32 * MIB;
    const growth = new MemoryGrowth(server.pid);
    const client = await WireClient.connect(server.port);
    const ids = await fill(client, limit);
    console.log(`32m held ${(ids.length * BODY / MIB).toFixed(1)} MiB of bodies`);
    assertGreaterOrEqual(ids.length * BODY, limit / 2, "bytes of bodies that fit");
    assertLessOrEqual(ids.length * BODY, limit, "bytes of bodies that fit");
    client.send(`${PUT}list-tube-used\r\n${PUT}`);
    const answers = [await client.reply(), await client.reply(), await client.reply()];
    assertEquals(
      answers,
      ["OUT_OF_MEMORY\r\n", "USING default\r\n", "OUT_OF_MEMORY\r\n"],
      "the refused bodies are swallowed",
    );
    assertEquals((await client.ask("reserve\r\n")).slice(0, 8), "RESERVED");
    assertEquals(await client.ask(`release ${ids[0]} 0 0\r\n`), "RELEASED\r\n");
    assertEquals((await client.ask(`peek ${ids[1]}\r\n`)).slice(0, 5), "FOUND");
    assertEquals(await client.ask("watch another\r\n"), "WATCHING 2\r\n");
    for (const id of ids) assertEquals(await client.ask(`delete ${id}\r\n`), "DELETED\r\n");
    const again = await fill(client, limit);
    assertGreaterOrEqual(again.length, Math.floor(0.9 * ids.length), "as much fits as before");
    for (let round = 0; round < 500; round++) {
      assertEquals(await client.ask(`delete ${again.shift()}\r\n`), "DELETED\r\n");
      const answer = await client.ask(PUT);
      assert(answer.startsWith("INSERTED "), `round ${round}: ${answer}`);
      again.push(answer.slice(9, -2));
    }
    growth.check(128 * MIB, "32m filled and turned over");
    client.close();
  });

  it("counts what a job costs beside its body", { timeout: 240_000 }, async () => {
    const limit = 4 * MIB;
    server = await startServer({ args: ["--max-memory", String(limit)] });
    const client = await WireClient.connect(server.port);
    const most = limit / 32;
    const batch = 512;
    let inserted = 0;
    let refused = 0;
    while (refused === 0 && inserted < most) {
      client.send("put 0 0 60 0\r\n\r\n".repeat(batch));
      for (let i = 0; i < batch; i++) {
        if ((await client.reply()) === "OUT_OF_MEMORY\r\n") refused++;
        else inserted++;
      }
    }
    console.log(`4 MiB held ${inserted} jobs without a body`);
    assertGreaterOrEqual(refused, 1, "empty jobs are without limit");
    assertGreaterOrEqual(inserted, limit / 1024, "jobs that fit");
    assertEquals((await client.ask("reserve\r\n")).slice(0, 8), "RESERVED");
    client.close();
  });
});
