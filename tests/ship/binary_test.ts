// The program as one file. Bun's is made and used; of Deno's at least all modules are looked up and packed, for its base binary
// cannot be had everywhere. Each in the run of its own runtime.
import { after, before, describe, it } from "node:test";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { listeningOn, portOf, runToEnd } from "../cli/run_command.ts";
import { NO_EPOLL } from "../epoll/no_epoll.ts";
import { connect } from "../../mod.ts";
import { RUNTIME } from "../support/runtime.ts";
import { PROJECT_DIR, startProcess } from "../support/server_process.ts";

const { version } = JSON.parse(readFileSync(join(PROJECT_DIR, "package.json"), "utf8"));

/** What the task prints. Fails when the task does. */
function compile(name: "bun" | "deno", folder: string): string {
  const words = ["scripts/tasks.mjs", "compile", name, folder];
  const before = RUNTIME === "deno" ? ["run", "-A"] : [];
  const env = { ...process.env, [`RUNNERBEAN_${RUNTIME.toUpperCase()}`]: process.execPath };
  const { status, stdout, stderr } = spawnSync(process.execPath, [...before, ...words], {
    cwd: PROJECT_DIR,
    encoding: "utf8",
    env,
  });
  assertEquals(status, 0, stdout + stderr);
  return stdout;
}

if (RUNTIME === "bun") describe("the binary by Bun", testBun);
if (RUNTIME === "deno") describe("the binary by Deno", testDeno);

function testBun(): void {
  let folder: string;
  let binary: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "runnerbean-binary-"));
    compile("bun", folder);
    binary = join(folder, "runnerbean-bun");
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Serves while `use` runs; answers how many milliseconds the first reply took. */
  async function serving(words: string[], use: (port: number) => Promise<void>): Promise<number> {
    const began = performance.now();
    const server = startProcess([binary, "-l", "127.0.0.1", "-p", "0", ...words]);
    try {
      const port = portOf(await listeningOn(server));
      await using queue = await connect({ port });
      await queue.tubes();
      const ms = performance.now() - began;
      await use(port);
      await queue.close();
      assertEquals(await server.stop("SIGTERM"), 0);
      return ms;
    } finally {
      await server.stop();
    }
  }

  async function putAndTake(port: number): Promise<void> {
    await using queue = await connect({ port });
    await queue.tube("t").put("hello");
    const job = await queue.tube("t").reserve({ timeout: 5 });
    assertEquals(job?.text(), "hello");
    await job!.delete();
  }

  it("serves, and says its version", async () => {
    const ms = await serving([], async (port) => {
      await putAndTake(port);
      await using queue = await connect({ port });
      assertEquals((await queue.stats()).version, version);
    });
    console.log(
      `binary by Bun: ${(statSync(binary).size / 1e6).toFixed(0)} MB, first reply after ${ms.toFixed(0)} ms`,
    );
  });

  it("has the command line of the source", async () => {
    assertEquals((await runToEnd([binary, "-v"])).stdout, `runnerbean ${version}\n`);
    const source = [process.execPath, join(PROJECT_DIR, "src/cli/main.ts")];
    for (const words of [["-h"], ["--no-such-flag"], ["-p", "70000"], ["check"], ["--", "-v"], ["-l"]]) {
      assertEquals(
        await runToEnd([binary, ...words]),
        await runToEnd([...source, ...words]),
        words.join(" "),
      );
    }
  });

  it("keeps a log, which its verbs read, and is itself after a restart", async () => {
    const jobs = mkdtempSync(join(folder, "jobs-"));
    await serving(["-b", jobs], async (port) => {
      await using queue = await connect({ port });
      await queue.tube("kept").put("over the restart");
    });
    const checked = await runToEnd([binary, "check", jobs]);
    assertEquals(checked.code, 0, checked.stderr);
    const dumped = await runToEnd([binary, "dump", jobs]);
    assertEquals(JSON.parse(dumped.stdout.trim().split("\n").at(-1)!).tube, "kept");
    await serving(["-b", jobs], async (port) => {
      await using queue = await connect({ port });
      assertEquals((await queue.tube("kept").reserve({ timeout: 5 }))?.text(), "over the restart");
    });
  });

  it("has epoll", { skip: NO_EPOLL }, async () => {
    assert(await serving(["--io", "epoll"], putAndTake) > 0);
  });
}

function testDeno(): void {
  it("is made, or lacks nothing but its base", async () => {
    const folder = mkdtempSync(join(tmpdir(), "runnerbean-binary-"));
    const said = compile("deno", folder);
    console.log(said.trim());
    const isMade = /^deno: .*runnerbean-deno, \d+ MB$/m.test(said);
    assert(isMade || /^deno: not made: its base binary, denort, /m.test(said), said);
    if (isMade) {
      const { stdout } = await runToEnd([join(folder, "runnerbean-deno"), "-v"]);
      assertEquals(stdout, `runnerbean ${version}\n`);
    }
    rmSync(folder, { recursive: true });
  });
}
