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

  // Most of their time the scenarios wait for a delay to end: side by side, each with tubes of its own.
  const running = new Map<string, Promise<void>>();
  function begin(all: Record<string, Scenario>, port: number): void {
    for (const [name, scenario] of Object.entries(all)) {
      running.set(name, IN_NODE ? runInNode(name, port) : scenario(port));
    }
  }

  before(async () => {
    [server, raised] = await Promise.all([startServer(), startServer({ args: ["-z", MIB] })]);
    begin(scenarios, server.port);
    begin(raisedScenarios, raised.port);
    await Promise.allSettled(running.values()); // each is told of by its own test
  });
  after(() => Promise.all([server?.stop(), raised?.stop()]));

  for (const name of Object.keys({ ...scenarios, ...raisedScenarios })) {
    it(name, { timeout: 240_000 }, () => running.get(name)!);
  }
});
