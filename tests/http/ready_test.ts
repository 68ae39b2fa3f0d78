// The program with --http: what it says while the jobs come back, what it writes, and what it refuses at the start.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binlog, Queue } from "../../mod.ts";
import {
  freePort,
  PROJECT_DIR,
  runnerbeanCommand,
  startProcess,
  startServer,
} from "../support/server_process.ts";
import { WireClient } from "../support/wire_client.ts";
import { call } from "./service.ts";

const LIMIT = { timeout: 240_000 };
const JOBS = 30_000;

async function withDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "runnerbean-"));
  try {
    await run(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe("the program with --http", () => {
  it(
    "is alive at once, and ready when its jobs are back; who came by TCP meanwhile is served then",
    LIMIT,
    () =>
      withDirectory(async (directory) => {
        const queue = await Queue.open({ store: binlog(directory, { sync: "never", segmentBytes: 65_536 }) });
        for (let i = 0; i < JOBS; i += 1000) await queue.tube("t").putMany(Array(1000).fill("some job"));
        await queue.close();
        const [port, http] = [await freePort(), await freePort()];
        const server = startProcess([
          ...runnerbeanCommand(),
          "-l",
          "127.0.0.1",
          "-p",
          String(port),
          "-b",
          directory,
          "--http",
          `127.0.0.1:${http}`,
        ]);
        try {
          const url = `http://127.0.0.1:${http}`;
          const seen: number[] = [];
          let client: WireClient | null = null;
          for (let status = 0; status !== 200;) {
            const answer = await call(url, "GET", "/readyz").catch(() => null);
            if (answer === null) continue;
            ({ status } = answer);
            seen.push(answer.json.percent);
            if (status !== 200) assertEquals([status, answer.json.state], [503, "recovering"]);
            if (client === null) {
              assertEquals((await call(url, "GET", "/healthz")).status, 200);
              client = await WireClient.connect(port);
              client.send("peek 1\r\n");
            }
          }
          assert(seen.length > 2, `it was asked while the jobs came back: ${seen}`);
          assert(seen.every((percent, i) => i === 0 || percent >= seen[i - 1]), `it only goes up: ${seen}`);
          assertEquals(seen.at(-1), 100);
          assertEquals(await client!.reply(), "FOUND 1 8\r\nsome job\r\n");
          assertEquals((await call(url, "GET", "/v1/server")).json.jobs.ready, JOBS);
          client!.close();
        } finally {
          await server.stop();
        }
      }),
  );

  it("writes destructive acts to the file of --audit", LIMIT, () =>
    withDirectory(async (directory) => {
      const http = await freePort();
      const file = join(directory, "audit.jsonl");
      const server = await startServer({ args: ["--http", `127.0.0.1:${http}`, "--audit", file] });
      try {
        const url = `http://127.0.0.1:${http}`;
        await call(url, "POST", "/v1/tubes/t/jobs", { body: "x" });
        await call(url, "DELETE", "/v1/jobs/1");
        await call(url, "POST", "/v1/server/drain", { on: true });
        const { entries } = (await call(url, "GET", "/v1/audit")).json;
        let lines: string[] = [];
        while (lines.length < 2) lines = readFileSync(file, "utf8").split("\n").filter((line) => line !== "");
        assertEquals(lines.map((line) => JSON.parse(line)).reverse(), entries);
        assertEquals(
          entries.map((entry: { action: string; target: string }) => [entry.action, entry.target]),
          [
            ["drain", "server"],
            ["delete", "job 1"],
          ],
        );
      } finally {
        await server.stop();
      }
    }));

  it("is loaded only when it is asked for", () => {
    const folder = `${PROJECT_DIR}src/cli/`;
    const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
    const eager = files.filter((name) =>
      /^import (?!type )[^;]*"\.\.\/http\//m.test(readFileSync(folder + name, "utf8"))
    );
    assert(files.length > 10);
    assertEquals(eager, []);
  });

  it("says what is wrong with its flags", LIMIT, async () => {
    const wrong = async (args: string[]): Promise<string> => {
      const started = startProcess([...runnerbeanCommand(), "-p0", ...args]);
      assert((await started.exited) !== 0);
      return started.stderr();
    };
    const places = ["nowhere", "127.0.0.1:", "127.0.0.1:99999", ":", "a:b:1"];
    const blocked = await startServer();
    const taken = `127.0.0.1:${blocked.port}`;
    const [noFile, noPort, ...noPlaces] = await Promise.all([
      wrong(["--http", "127.0.0.1:0", "--audit", "/no/such/folder/file"]),
      wrong(["--http", taken]),
      ...places.map((place) => wrong(["--http", place])),
    ]);
    await blocked.stop();
    for (const [i, said] of noPlaces.entries()) {
      assert(said.includes("--http: expected an address and a port"), places[i]);
    }
    assert(noPort.includes(`--http: cannot listen on ${taken}: the port is in use`), noPort);
    assert(noFile.includes("--audit: /no/such/folder/file cannot be written: ENOENT"), noFile);
  });
});
