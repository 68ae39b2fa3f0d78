// The examples run as they stand, as programs of their own, and say what they should.
import { describe, it } from "node:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { requireProgram, runtimeCommand, skipWithout } from "../support/runtime.ts";
import { PROJECT_DIR, startProcess, startServer } from "../support/server_process.ts";

async function run(example: string, ...words: string[]): Promise<string[]> {
  const program = startProcess([...runtimeCommand(), `${PROJECT_DIR}examples/${example}`, ...words]);
  const code = await program.exited;
  assertEquals(code, 0, program.stderr());
  return program.stdout().trim().split("\n");
}

const EMBEDDED = [
  "refused: to[1]",
  "sent one to ada@example.org",
  "sent two to ada@example.org",
  "sent three to ada@example.org",
  "ready: 0",
];
const CONNECTED = [
  "put 3",
  "cat.png: done",
  "dog.png: done",
  "eel.png: done",
  "buried: eel.png, 1 in all",
  "again: NOT_FOUND",
];

describe("examples", () => {
  it("have at most 30 lines each", () => {
    const files = readdirSync(`${PROJECT_DIR}examples`).filter((file) => file.endsWith(".ts"));
    assertEquals(files.length, 3);
    for (const file of files) {
      assert(readFileSync(`${PROJECT_DIR}examples/${file}`, "utf8").trim().split("\n").length <= 30, file);
    }
  });

  it("embed a queue, in memory and on a log", async () => {
    const directory = mkdtempSync(join(tmpdir(), "runnerbean-example-"));
    assertEquals((await run("embed.ts")).toSorted(), EMBEDDED.toSorted());
    assertEquals((await run("embed.ts", directory)).toSorted(), EMBEDDED.toSorted());
    rmSync(directory, { recursive: true });
  });

  it("connect to this server", async () => {
    const server = await startServer();
    assertEquals(await run("connect.ts", String(server.port)), CONNECTED);
    await server.stop();
  });

  it("connect to beanstalkd", { skip: skipWithout("beanstalkd") }, async () => {
    const server = await startServer({ command: [requireProgram("beanstalkd")] });
    assertEquals(await run("connect.ts", String(server.port)), CONNECTED);
    await server.stop();
  });

  it("serve and embed at once", async () => {
    assertEquals(await run("serve_and_embed.ts"), ["sum of 7: 6", "jobs left: 0"]);
  });
});
