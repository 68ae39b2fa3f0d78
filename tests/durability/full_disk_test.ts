// A real file system of a few megabytes that fills up: puts are refused and everything else goes on, a kill and a restart
// while it is full do no harm, and with free space puts work again without a restart.

import process from "node:process";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { freshSeed, sleep } from "../support/runtime.ts";
import { type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { Campaign } from "./campaign.ts";
import { fillModuleCache, type ModuleCache } from "./module_cache.ts";
import { skipWithoutMount, type SmallDiskKind, withSmallDisk } from "./small_disk.ts";

const KILLS = Number(process.env.RUNNERBEAN_KILLS ?? (process.env.CI === "true" ? 5 : 3));
const MEGABYTES = 6;
const SEGMENT = ["-s", "262144"];
const BODY = "b".repeat(2000);
const PUT = `put 5 0 1000 ${BODY.length}\r\n${BODY}\r\n`;

let cache: ModuleCache;
before(async () => {
  cache = await fillModuleCache();
});
after(() => cache?.remove());

/** Puts until they are refused for a while: after the first refusals the log still finds room in itself. */
async function fill(client: WireClient): Promise<number[]> {
  const ids: number[] = [];
  for (let refusals = 0; refusals < 6;) {
    const answer = await client.ask(PUT, 20_000);
    if (answer === "OUT_OF_MEMORY\r\n") {
      refusals++;
      await sleep(100);
      continue;
    }
    refusals = 0;
    ids.push(Number(/^INSERTED (\d+)\r\n$/.exec(answer)?.[1]));
    assert(ids.at(-1)! > 0, answer);
    assert(ids.length * BODY.length < 2 * MEGABYTES * 1_048_576, "more was put than there is room for");
  }
  return ids;
}

/** Every command but put, on each of these jobs, all of them pipelined; the jobs stay. */
async function workOn(client: WireClient, ids: readonly number[], rounds: number): Promise<void> {
  const asked: string[] = [];
  const answers: string[] = [];
  for (const id of ids) {
    const granted = `RESERVED ${id} ${BODY.length}\r\n${BODY}\r\n`;
    asked.push(`reserve-job ${id}`, `touch ${id}`, `bury ${id} 1`, `kick-job ${id}`);
    answers.push(granted, "TOUCHED\r\n", "BURIED\r\n", "KICKED\r\n");
    asked.push(`reserve-job ${id}`, `release ${id} 2 1000`, "kick 1");
    answers.push(granted, "RELEASED\r\n", "KICKED 1\r\n");
  }
  for (let round = 0; round < rounds; round++) {
    client.send(asked.map((line) => `${line}\r\n`).join(""));
    for (const answer of answers) assertEquals(await client.reply(20_000), answer);
  }
}

async function untilAccepted(client: WireClient): Promise<boolean> {
  const giveUpAt = performance.now() + 5000;
  while (performance.now() < giveUpAt) if ((await client.ask(PUT)).startsWith("INSERTED")) return true;
  return false;
}

for (const kind of ["tmpfs", "ext4"] as const) {
  describe(`a full disk (${kind} of ${MEGABYTES} MiB)`, { skip: skipWithoutMount(kind) }, () => {
    const onSmallDisk =
      (work: (directory: string, start: () => Promise<ServerProcess>) => Promise<void>) => () =>
        smallDiskWithServers(kind, work);

    it(
      "puts are refused, the rest goes on, a restart works, deleting makes room",
      { timeout: 240_000 },
      onSmallDisk(async (_, start) => {
        let server = await start();
        let client = await WireClient.connect(server.port);
        const ids = await fill(client);
        console.log(`${kind}: ${ids.length} jobs of ${BODY.length} bytes in ${MEGABYTES} MiB`);
        // Most of the disk can be had: what is kept back is about two segments and what is written anew.
        assertGreaterOrEqual(ids.length * BODY.length, MEGABYTES * 1_048_576 / 2);
        // On the faster one their records would need more room than is left, if they were kept.
        await workOn(client, ids.slice(0, 30), kind === "tmpfs" ? 120 : 30);
        for (let restart = 0; restart < 3; restart++) {
          await server.stop("SIGKILL");
          server = await start();
          client = await WireClient.connect(server.port);
          assertEquals((await client.ask(`peek ${ids.at(-1)}\r\n`)).slice(0, 5), "FOUND");
          assertEquals(await client.ask("peek 100000\r\n"), "NOT_FOUND\r\n");
          await workOn(client, ids.slice(-10), 10);
        }
        await fill(client);
        client.send(ids.map((id) => `delete ${id}\r\n`).join(""));
        for (let left = ids.length; left > 0; left--) assertEquals(await client.reply(), "DELETED\r\n");
        assert(await untilAccepted(client), "no put was accepted after all jobs had been deleted");
        assertGreaterOrEqual((await fill(client)).length, ids.length / 2);
        client.close();
      }),
    );

    it(
      "space that others give back is used again",
      { timeout: 240_000 },
      onSmallDisk(async (directory, start) => {
        const ballast = join(dirname(directory), "ballast");
        writeFileSync(ballast, new Uint8Array(2 * 1_048_576).fill(1));
        const server = await start();
        const client = await WireClient.connect(server.port);
        const ids = await fill(client);
        const { bavail, bsize } = statfsSync(directory);
        console.log(`${kind}: full with ${ids.length} jobs and ${bavail * bsize} bytes free`);
        assertEquals(await client.ask(PUT), "OUT_OF_MEMORY\r\n");
        rmSync(ballast);
        assert(await untilAccepted(client), "no put was accepted after the ballast had gone");
        assertGreaterOrEqual((await fill(client)).length * BODY.length, 1_048_576);
        await workOn(client, ids.slice(0, 10), 20);
        client.close();
      }),
    );

    // On ext4 each mount and sync takes long; the kills ask nothing of the file system that tmpfs does not show.
    it("it fills up again and again under kills", { timeout: 240_000, skip: kind === "ext4" }, async () => {
      await withSmallDisk(kind, MEGABYTES, async (directory) => {
        const campaign = new Campaign({
          directory,
          kills: KILLS,
          seed: freshSeed(`kills on a full ${kind}`),
          env: cache.env,
          serverArgs: SEGMENT,
          fills: true,
          largestBody: 20_000,
          workMs: [300, 900],
        });
        await campaign.run();
        console.log(`${kind}: ${campaign.report()}`);
        const { refused, doneWhileFull, roomAgain } = campaign.tally;
        for (const count of [refused, doneWhileFull, roomAgain]) {
          assertGreaterOrEqual(count, 1, "it was never full");
        }
      });
    });
  });
}

/** A small disk, and servers on it that are gone before it is unmounted. */
async function smallDiskWithServers(
  kind: SmallDiskKind,
  work: (directory: string, start: () => Promise<ServerProcess>) => Promise<void>,
): Promise<void> {
  await withSmallDisk(kind, MEGABYTES, async (directory) => {
    const servers: ServerProcess[] = [];
    try {
      await work(directory, async () => {
        servers.push(await startServer({ args: ["-b", directory, ...SEGMENT], env: cache.env }));
        return servers.at(-1)!;
      });
    } catch (error) {
      const last = servers.at(-1);
      throw new Error(
        `${(error as Error).message.slice(0, 500)}; server: ${await last?.stop()} ${last?.stderr()}`,
      );
    } finally {
      for (const server of servers) await server.stop();
    }
  });
}
