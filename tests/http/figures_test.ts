// Every figure of a server that has run for some seconds is one that those seconds can hold: no sentinel, no instant and no
// estimate beyond what was seen is shown as a time.
import { after, before, describe, it } from "node:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { ExpositionReader } from "../observe/exposition_reader.ts";
import { sleep } from "../support/runtime.ts";
import { type ObservedServer, startObservedServer } from "./observed_server.ts";

const POLICIES: readonly (readonly [name: string, args: readonly string[]])[] = [
  ["replies wait for the disk", []],
  ["synced every 50 ms", ["-f", "50"]],
  ["never synced", ["-F"]],
];

/** Churn with segments of 4 KiB: the log is written, turned over, tidied up and synced. */
async function churn(server: ObservedServer, rounds: number): Promise<void> {
  const client = await server.connect();
  for (let i = 0; i < rounds; i++) {
    const body = "x".repeat(300);
    assert((await client.ask(`put 10 0 60 300\r\n${body}\r\n`)).startsWith("INSERTED "));
    if (i % 20 === 0) await client.ask("put 10 1 1 1\r\nx\r\n");
    const [, id] = (await client.ask("reserve-with-timeout 1\r\n")).split(" ");
    await client.ask(i % 7 === 0 ? `bury ${id} 1\r\n` : `delete ${id}\r\n`);
  }
  client.close();
}

/** All numbers of a document whose keys speak of a time, in milliseconds. */
function* timesIn(value: unknown, key = ""): Generator<readonly [key: string, ms: number]> {
  if (typeof value === "number") {
    if (/Ms$/.test(key)) yield [key, value];
    else if (/(age|left|uptime|ready|run|wait)\w*Seconds$/i.test(key)) yield [key, value * 1000];
  } else if (typeof value === "object" && value !== null) {
    for (const [inner, each] of Object.entries(value)) yield* timesIn(each, inner);
  }
}

for (const [name, args] of POLICIES) {
  describe(`figures of a server with a log, ${name}`, () => {
    let server: ObservedServer;
    let folder: string;
    let startedAt = 0;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "runnerbean-figures-"));
      startedAt = performance.now();
      server = await startObservedServer(["-b", folder, "-s", "4096", ...args]);
      await churn(server, 150);
      await sleep(1200); // the timer has rung for the beat, and for what was delayed
      await churn(server, 30);
    });
    after(async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    const uptimeMs = (): number => performance.now() - startedAt;

    it("in /metrics", async () => {
      const text = await (await fetch(`${server.url}/metrics`, { headers: { accept: "text/plain" } })).text();
      const { families } = new ExpositionReader(text, false);
      let looked = 0;
      for (const { name, type, samples } of families.values()) {
        for (const { name: sample, value, labels } of samples) {
          const what = `${sample} ${JSON.stringify(labels)} is ${value}`;
          assert(Number.isFinite(value) && value >= 0, what);
          if (!name.includes("_seconds") || name === "process_start_time_seconds") continue;
          looked++;
          if (sample.endsWith("_sum")) {
            const count = samples.find((each) =>
              each.name === `${name}_count` && JSON.stringify(each.labels) === JSON.stringify(labels)
            )!;
            assert(value <= count.value * uptimeMs() / 1000, `${what} of ${count.value}`);
          } else if (type === "gauge") assert(value <= uptimeMs() / 1000, what);
        }
      }
      assert(looked > 20, `only ${looked} figures`);
    });

    it("in the API", async () => {
      let looked = 0;
      for (const path of ["/v1/server", "/v1/tubes", "/v1/history", "/v1/tubes/default/jobs?state=buried"]) {
        const response = await fetch(`${server.url}${path}`);
        assertEquals(response.status, 200, path);
        for (const [key, ms] of timesIn(await response.json())) {
          looked++;
          assert(ms >= 0 && ms <= uptimeMs(), `${path}: ${key} is ${ms} ms`);
        }
      }
      assert(looked > 5, `only ${looked} figures`);
    });

    it("in the documents of the protocol", async () => {
      const client = await server.connect();
      for (const command of ["stats", "stats-tube default", "list-jobs default buried 20", "stats-job 1"]) {
        const reply = await client.ask(`${command}\r\n`);
        for (const line of reply.split("\n")) {
          const field = /^[- ]*(age|uptime|time-left|pause-time-left|rusage-.time): (.*?)\r?$/.exec(line);
          if (field === null) continue;
          assert(/^\d+(\.\d{6})?$/.test(field[2]), `${command}: ${line}`);
          if (!field[1].startsWith("rusage")) {
            assert(Number(field[2]) <= uptimeMs() / 1000, `${command}: ${line}`);
          }
        }
      }
      client.close();
    });
  });
}
