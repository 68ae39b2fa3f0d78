// Pheanstalk (PHP, from Debian, unmodified) against the server; what it does is in pheanstalk.php, one process per scenario.
import { existsSync } from "node:fs";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { requireProgram, skipWithout } from "../support/runtime.ts";
import { type ServerProcess, startProcess, startServer } from "../support/server_process.ts";
import { ONE_MIB } from "./bodies.ts";

const SCRIPT = fileURLToPath(new URL("./pheanstalk.php", import.meta.url));
const LIBRARY = "/usr/share/php/Pheanstalk/autoload.php";

const SCENARIOS: [scenario: string, what: string][] = [
  ["life", "takes a job through its life"],
  ["delays", "delays a put and a release"],
  ["touches", "keeps a touched job past its ttr and is warned before the deadline"],
  ["tubes", "uses, watches, ignores and lists tubes"],
  ["documents", "peeks and reads the three stats documents"],
  ["pauses", "pauses and resumes a tube"],
  ["binary", "carries binary bodies and empty ones"],
  ["limit", "carries bodies up to the limit and shows JOB_TOO_BIG above"],
];

/** Like skipWithout, for a library: with CI=true nothing may be missing, and the script fails by itself. */
function skipWithoutLibrary(): string | false {
  if (existsSync(LIBRARY) || process.env.CI === "true") return false;
  const reason = "Pheanstalk is not installed (Debian package php-pda-pheanstalk)";
  console.log(`skipped: ${reason}`);
  return reason;
}

async function run(scenario: string, port: number): Promise<void> {
  const child = startProcess([requireProgram("php", "php-cli"), SCRIPT, String(port), scenario]);
  const code = await child.exited;
  assertEquals([code, child.stdout(), child.stderr()], [0, "", ""]);
}

describe("Pheanstalk", { skip: skipWithout("php", "php-cli") || skipWithoutLibrary() }, () => {
  let server: ServerProcess;
  let raised: ServerProcess;

  // Most of their time the scenarios wait for a delay to end: side by side, each with tubes of its own.
  let running: Map<string, Promise<void>>;
  before(async () => {
    server = await startServer();
    raised = await startServer({ args: ["-z", String(ONE_MIB)] });
    running = new Map(SCENARIOS.map(([scenario]) => [scenario, run(scenario, server.port)]));
    await Promise.allSettled(running.values()); // each is told of by its own test
  });
  after(() => Promise.all([server?.stop(), raised?.stop()]));

  for (const [scenario, what] of SCENARIOS) {
    it(what, { timeout: 240_000 }, () => running.get(scenario)!);
  }

  it("carries 1 MiB when the limit is raised", { timeout: 240_000 }, () => run("raised", raised.port));
});
