// More connections than the server may or can have: those it has are served, the others are turned away or wait, nothing
// spins, and when some leave others get in.
import { describe, it } from "node:test";
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { sleep } from "../support/runtime.ts";
import { runnerbeanCommand, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { serverStats } from "./bystander.ts";
import { cpuShare, NO_PROC } from "./figures.ts";

const ALIVE = "list-tube-used\r\n";
const ANSWER = "USING default\r\n";

/** Connects and asks; what came within `ms`: the answer, "closed" when turned away, "" when nothing happened. */
async function knock(port: number, ms: number): Promise<{ client?: WireClient; outcome: string }> {
  let client: WireClient;
  try {
    client = await WireClient.connect(port);
  } catch {
    return { outcome: "closed" };
  }
  const answer = await client.ask(ALIVE, ms);
  return { client, outcome: answer === "" && client.ended ? "closed" : answer };
}

/** Knocks until it is let in; undefined when that took over three seconds. */
async function knockUntilServed(port: number): Promise<WireClient | undefined> {
  const giveUpAt = performance.now() + 3000;
  while (performance.now() < giveUpAt) {
    const { client, outcome } = await knock(port, 500);
    if (outcome === ANSWER) return client;
    client?.close();
    await sleep(20);
  }
}

describe("too many connections", () => {
  it("--max-connections 50 turns further ones away at once", { timeout: 240_000 }, async () => {
    const server = await startServer({ args: ["--max-connections", "50"] });
    try {
      // The connection with which startServer looked for the server may not be gone yet.
      const first = await knockUntilServed(server.port);
      assert(first);
      while (Number((await serverStats(first))["current-connections"]) > 1) await sleep(5);
      const inside = [first];
      while (inside.length < 50) {
        const { client, outcome } = await knock(server.port, 1000);
        assertEquals(outcome, ANSWER, `connection ${inside.length + 1} of 50`);
        inside.push(client!);
      }
      for (let extra = 0; extra < 20; extra++) {
        const { client, outcome } = await knock(server.port, 1000);
        assertEquals(outcome, "closed", "a connection over the limit");
        client?.close();
      }
      for (const client of inside) {
        assertEquals(await client.ask(ALIVE, 1000), ANSWER, "those inside are served");
      }
      assertEquals((await serverStats(first))["current-connections"], "50");
      for (const leaving of inside.splice(40)) leaving.close();
      for (let freed = 0; freed < 10; freed++) {
        const entered = await knockUntilServed(server.port);
        assert(entered, "a place that became free is not given away");
        inside.push(entered);
      }
      assertEquals((await knock(server.port, 1000)).outcome, "closed", "the limit holds again");
      for (const client of inside) client.close();
    } finally {
      await server.stop();
    }
  });

  it("file descriptors run out", { timeout: 240_000, skip: NO_PROC }, async () => {
    const limited = ["sh", "-c", 'ulimit -n 64; exec "$0" "$@"', ...runnerbeanCommand()];
    const server = await startServer({ command: limited });
    try {
      const knocked = await Promise.all(Array.from({ length: 200 }, () => knock(server.port, 1500)));
      const inside = knocked.filter(({ outcome }) => outcome === ANSWER).map(({ client }) => client!);
      console.log(`with 64 descriptors ${inside.length} of 200 connections got in`);
      assertGreaterOrEqual(inside.length, 8);
      assertLessOrEqual(inside.length, 64);
      assertLessOrEqual(
        await cpuShare(server.pid, 1000),
        0.25,
        "processor share while descriptors are short",
      );
      for (const client of inside) {
        assertEquals(await client.ask(ALIVE, 1000), ANSWER, "those inside are served");
      }
      assertLessOrEqual(server.stderr().length, 20_000, "bytes of complaints");
      for (const { client, outcome } of knocked) if (outcome !== ANSWER) client?.close();
      for (const leaving of inside.splice(1)) leaving.close();
      const entered = await knockUntilServed(server.port);
      assert(entered, "nobody gets in although descriptors are free again");
      assertEquals(await inside[0].ask(ALIVE), ANSWER);
      entered.close();
      inside[0].close();
    } finally {
      await server.stop();
    }
  });
});
