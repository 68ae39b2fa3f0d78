// The ttr of a silent holder: every expiry happens, on time. The reference loses a fifth and more of them on an idle machine.
import { afterEach, beforeEach, describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient, yamlOf } from "../support/wire_client.ts";
import { closeAll, connectMany, Load, putInto, spread, watchOnly } from "./crowd.ts";
import { Deadlines } from "./deadlines.ts";

const HOLDERS = 300;
const TTR_MS = 1000;
/** Shorter than the ttr, so that no command at all reaches the server while the deadlines pass. */
const SPREAD_MS = 900;
const GIVE_UP_MS = 3500;

/**
 * Each holder reserves the one job of its tube and falls silent; then a waiter of the same tube blocks in reserve. The waiter
 * is answered at the instant of the expiry, and nobody had to ask the server anything for it.
 */
async function expireAll({ port, pid }: ServerProcess, what: string): Promise<void> {
  const producer = await WireClient.connect(port);
  const holders = await connectMany(port, HOLDERS);
  const waiters = await connectMany(port, HOLDERS);
  const ids: string[] = [];
  for (let index = 0; index < HOLDERS; index++) {
    ids.push(await putInto(producer, `silent-${index}`, { ttr: TTR_MS / 1000 }));
    await watchOnly(holders[index], `silent-${index}`);
    await watchOnly(waiters[index], `silent-${index}`);
  }
  const deadlines = new Deadlines(what, TTR_MS, pid);
  await spread(HOLDERS, SPREAD_MS, (index) => {
    const granted = `RESERVED ${ids[index]} 1\r\nx\r\n`;
    return deadlines.time(async () => {
      assertEquals(await holders[index].ask("reserve\r\n"), granted);
      waiters[index].send("reserve\r\n");
    }, async () => await waiters[index].reply(GIVE_UP_MS) === granted);
  });
  deadlines.check(HOLDERS);
  for (const holder of holders) assertEquals(holder.unread, "", "a holder is told nothing");
  for (const id of ids) {
    const timeouts = yamlOf(await producer.ask(`stats-job ${id}\r\n`)).timeouts;
    assertMatch(
      timeouts,
      /^[12]$/,
      "the job counts its expiry (and that of the waiter, when it came by now)",
    );
  }
  closeAll([producer, ...holders, ...waiters]);
}

describe("the ttr of silent holders runs out on time", () => {
  let server: ServerProcess;

  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(() => server?.stop());

  it("on an idle server", { timeout: 120_000 }, () => expireAll(server, "expiry, idle server"));

  it("under load", { timeout: 120_000 }, async () => {
    const load = new Load(server.port, 4);
    try {
      await expireAll(server, "expiry under load");
    } finally {
      const rounds = await load.stop();
      console.log(`expiry under load: ${rounds} rounds of put, reserve, delete meanwhile`);
      assert(rounds > 100, "the load was no load");
    }
  });
});
