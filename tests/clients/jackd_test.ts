// jackd from npm, unmodified, against the server. On Deno each scenario runs in a Node process (jackd_scenarios.mjs says why).
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { requireProgram, RUNTIME, skipWithout } from "../support/runtime.ts";
import { type ServerProcess, startProcess, startServer } from "../support/server_process.ts";
import { raisedScenarios, scenarios } from "./jackd_scenarios.mjs";

type Scenario = (port: number) => Promise<void>;

const IN_NODE = RUNTIME === "deno";
const SCRIPT = fileURLToPath(new URL("./jackd_scenarios.mjs", import.meta.url));
const MIB = String(1024 * 1024);

async function runInNode(name: string, port: number): Promise<void> {
  const child = startProcess([requireProgram("node", "nodejs"), SCRIPT, String(port), name]);
  assertEquals(await child.exited, 0, child.stderr());
}

describe("jackd", { skip: IN_NODE && skipWithout("node", "nodejs") }, () => {
  let server: ServerProcess;
  let raised: ServerProcess;

  before(async () => {
    server = await startServer();
    raised = await startServer({ args: ["-z", MIB] });
  });
  after(() => Promise.all([server?.stop(), raised?.stop()]));

  function itRuns(all: Record<string, Scenario>, port: () => number): void {
    for (const [name, scenario] of Object.entries(all)) {
      it(name, { timeout: 20_000 }, () => IN_NODE ? runInNode(name, port()) : scenario(port()));
    }
  }

  itRuns(scenarios, () => server.port);
  itRuns(raisedScenarios, () => raised.port);
});
