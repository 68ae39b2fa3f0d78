// A running server whose limit of open files is lowered below what connections want: something else has taken the
// descriptors. It goes on serving who is inside, its log still gets the files it needs, and later others get in.
import { describe, it } from "node:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { NO_EPOLL } from "../epoll/no_epoll.ts";
import { requireProgram, RUNTIME, skipWithout, sleep } from "../support/runtime.ts";
import { type ServerProcess, startServer } from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { cpuShare, NO_PROC } from "./figures.ts";

const skip = NO_PROC || skipWithout("prlimit", "util-linux");
/** Descriptors with a low number that the server may have; more than it has at its start. */
const LOWERED = 90;
/** Bun (1.4) asks again and again for what it cannot accept: a documented limit. */
const MOST_SHARE = RUNTIME === "bun" ? Infinity : 0.25;
const BODY = "x".repeat(1000);

async function acceptsSoon(port: number): Promise<boolean> {
  for (const giveUpAt = Date.now() + 10_000; Date.now() < giveUpAt; await sleep(50)) {
    const client = await WireClient.connect(port).catch(() => null);
    const answer = await client?.ask("list-tube-used\r\n", 1000).catch(() => "");
    client?.close();
    if (answer === "USING default\r\n") return true;
  }
  return false;
}

/** Takes all descriptors of the server by connections that say nothing. */
async function exhaust(server: ServerProcess): Promise<WireClient[]> {
  execFileSync(requireProgram("prlimit"), ["--pid", String(server.pid), `--nofile=${LOWERED}:`]);
  const guests = await Promise.all(
    Array.from({ length: LOWERED + 60 }, () => WireClient.connect(server.port).catch(() => null)),
  );
  await sleep(300);
  assert(readdirSync(`/proc/${server.pid}/fd`).length >= LOWERED, "descriptors are left");
  return guests.filter((guest) => guest !== null);
}

const WAYS: [string, string[], string | false][] = [
  ["natively", [], false],
  ["with epoll", ["--io", "epoll"], NO_EPOLL],
];
for (const [how, args, no] of WAYS) {
  describe(`no descriptors left, ${how}`, { skip: skip || no }, () => {
    for (const bytes of ["4096", "1000000"]) {
      it(`segments of ${bytes} bytes: the log gets its files`, { timeout: 120_000 }, async () => {
        const directory = mkdtempSync(join(tmpdir(), "runnerbean-descriptors-"));
        const server = await startServer({ args: [...args, "-b", directory, "-s", bytes] });
        try {
          const inside = await WireClient.connect(server.port);
          assertEquals(await inside.ask("list-tube-used\r\n"), "USING default\r\n");
          const guests = await exhaust(server);
          assertLessOrEqual(await cpuShare(server.pid, 1000), MOST_SHARE, "processor share meanwhile");
          for (let i = 1; i <= 60; i++) {
            const reply = await inside.ask(`put 0 0 60 ${BODY.length}\r\n${BODY}\r\n`, 60_000);
            assertEquals(reply, `INSERTED ${i}\r\n`, server.stderr());
            // Most go again: old segments are emptied and removed meanwhile.
            if (i % 4 !== 0) assertEquals(await inside.ask(`delete ${i}\r\n`, 60_000), "DELETED\r\n");
          }
          for (const guest of guests) guest.close();
          assert(await acceptsSoon(server.port), `nobody gets in afterwards: ${server.stderr()}`);
          inside.close();
          server.signal("SIGTERM");
          assertEquals(await server.exited, 0, server.stderr());
        } finally {
          await server.stop();
          rmSync(directory, { recursive: true });
        }
      });
    }
  });
}
