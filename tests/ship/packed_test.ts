// A user's project: the package as npm users get it (JavaScript and declarations, packed from what is published), installed in
// node_modules of a folder of its own, and a program that imports it. It type-checks, and runs on this runtime.
import { after, before, describe, it } from "node:test";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { findRuntime, RUNTIME } from "../support/runtime.ts";
import { PROJECT_DIR } from "../support/server_process.ts";

const PROGRAM = `
import { binlog, type Job, json, Queue, worker } from "@runnerbean/runnerbean";
import { type Client, connect, QueueError } from "@runnerbean/runnerbean/client";
import { Engine } from "@runnerbean/runnerbean/core";
import { EVENTS, Parser } from "@runnerbean/runnerbean/protocol";
import { type AssembledServer, createServer, listen, openClock } from "@runnerbean/runnerbean/${RUNTIME}";

await using queue = await Queue.open({ store: binlog(process.argv[2]) });
const mails = queue.tube("mails", json<{ to: string }>());
const sent: string[] = [];
const all = Promise.withResolvers<void>();
await using sender = worker(mails, (job: Job<{ to: string }>) => {
  if (sent.push(job.body.to) === 2) all.resolve();
});
const { port } = await queue.listen({ port: 0 });
const client: Client = await connect({ port });
await mails.put({ to: "ada" });
await client.tube("mails", json<{ to: string }>()).put({ to: "bob" });
await all.promise;
await sender.stop();
const refused: unknown = await client.delete(999).catch((error) => error);
await client.close();
const server: AssembledServer = createServer({ engine: new Engine(), clock: await openClock() });
const listener = await listen({ kind: "tcp", host: "127.0.0.1", port: 0 }, server.accept);
listener.close();
await server.stop();
const isBad = new Parser().next(new Uint8Array([13, 10]), 0, 2) === EVENTS.UNKNOWN_COMMAND;
console.log(sent.sort().join(" "), refused instanceof QueueError && refused.code, isBad);
`;

/** What a strict type checker must refuse. */
const MISTAKE = `
import { json, Queue } from "@runnerbean/runnerbean";
const queue = await Queue.open();
await queue.tube("mails", json<{ to: string }>()).put({ to: 1 });
`;

interface Run {
  readonly code: number | null;
  readonly output: string;
}

const deno = findRuntime("deno");
const skip = deno ? false : "Deno is not installed, which packs";

describe("the packed copy", { skip }, () => {
  let folder: string;
  let installed: string;
  const run = (command: string, ...words: string[]): Run => {
    const env = { ...process.env, NO_COLOR: "1" };
    const { status, stdout, stderr } = spawnSync(command, words, { cwd: folder, encoding: "utf8", env });
    return { code: status, output: stdout + stderr };
  };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "runnerbean-user-"));
    installed = join(folder, "node_modules/@runnerbean/runnerbean");
    const tarball = join(folder, "package.tgz");
    const packed = spawnSync(deno, ["pack", "--allow-dirty", "--output", tarball], {
      cwd: PROJECT_DIR,
      encoding: "utf8",
    });
    assertEquals(packed.status, 0, packed.stderr);
    mkdirSync(installed, { recursive: true });
    assertEquals(run("tar", "xzf", tarball, "-C", installed, "--strip-components=1").code, 0);
    cpSync(join(PROJECT_DIR, "node_modules/@types/node"), join(folder, "node_modules/@types/node"), {
      recursive: true,
    });
    const dependencies = { "@runnerbean/runnerbean": "*", "@types/node": "*" };
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", dependencies }));
    writeFileSync(join(folder, "deno.json"), JSON.stringify({ nodeModulesDir: "manual" }));
    writeFileSync(join(folder, "program.ts"), `import process from "node:process";${PROGRAM}`);
    writeFileSync(join(folder, "mistake.ts"), MISTAKE);
    mkdirSync(join(folder, "jobs"));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("has JavaScript and declarations for every entry, and no tests", () => {
    const { exports, version } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
    const published = JSON.parse(readFileSync(join(PROJECT_DIR, "deno.json"), "utf8"));
    assertEquals([Object.keys(exports), version], [Object.keys(published.exports), published.version]);
    for (const { types, default: main } of Object.values<Record<string, string>>(exports)) {
      assert(existsSync(join(installed, types)) && existsSync(join(installed, main)), main);
    }
    const files = readdirSync(installed, { recursive: true }).map(String);
    assertEquals(files.filter((file) => /_test\.|^tests|^bench|node_modules/.test(file)), []);
  });

  // Once is enough: declarations are the same for all.
  if (RUNTIME === "deno") {
    it("type-checks in a user's program, and finds a mistake in one", () => {
      const right = run(deno, "check", "program.ts");
      assertEquals(right.code, 0, right.output);
      const wrong = run(deno, "check", "mistake.ts");
      assert(wrong.code !== 0 && wrong.output.includes("TS2322"), wrong.output);
    });
  }

  it("runs", () => {
    const before = RUNTIME === "deno" ? ["run", "-A", "--no-check"] : [];
    const { code, output } = run(process.execPath, ...before, "program.ts", join(folder, "jobs"));
    assertEquals([code, output.trim()], [0, "ada bob NOT_FOUND true"]);
  });
});
