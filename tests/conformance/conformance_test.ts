// Plays every transcript of cases/ against the server, each case on a process of its own, several at a time.
// RUNNERBEAN_CONFORMANCE_SERVER plays them against another command; there the cases marked as different are left out:
// those of every version, and those of 1.12 unless RUNNERBEAN_CONFORMANCE_FLAVOR says 1.13.
// RUNNERBEAN_CONFORMANCE_ONLY is a regular expression on "section: name".
import process from "node:process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, describe, it } from "node:test";
import { assert, fail } from "@std/assert";
import { PROJECT_DIR, runnerbeanCommand, startProcess } from "../support/server_process.ts";
import { RUNTIME, sleep } from "../support/runtime.ts";
import { Ports } from "./ports.ts";
import { readTranscript, type TranscriptCase } from "./transcript.ts";
import { runCase } from "./run_case.ts";

const CASES_DIR = `${PROJECT_DIR}tests/conformance/cases/`;
const AT_A_TIME = 6;

const otherServer = process.env.RUNNERBEAN_CONFORMANCE_SERVER ?? "";
const flavor = process.env.RUNNERBEAN_CONFORMANCE_FLAVOR ?? "1.12";
const only = new RegExp(process.env.RUNNERBEAN_CONFORMANCE_ONLY ?? "");
const command = otherServer ? otherServer.split(" ") : runnerbeanCommand();

/** Why a case is not played here; "" when it is. */
function reasonToSkip(one: TranscriptCase): string {
  if (!otherServer || one.difference === null) return "";
  if (one.difference.flavor !== "always" && one.difference.flavor !== flavor) return "";
  return `${otherServer} differs: ${one.difference.reason}`;
}

/** Another server is strict without being told so. */
function forServer(one: TranscriptCase): TranscriptCase {
  return otherServer ? { ...one, serverArgs: one.serverArgs.filter((arg) => arg !== "--strict") } : one;
}

function missingServer(): string {
  if (otherServer || existsSync(`${PROJECT_DIR}src/cli/main.ts`) || process.env.CI === "true") return "";
  console.log("skipped: src/cli/main.ts is not there yet");
  return "src/cli/main.ts is not there yet";
}

/**
 * Hundreds of servers are started: on Node most of that time would go into stripping types, so they share a cache of
 * the stripped modules. One process that ends by itself fills it.
 */
async function moduleCache(): Promise<Record<string, string>> {
  if (otherServer || RUNTIME !== "node") return {};
  const folder = mkdtempSync(`${tmpdir()}/runnerbean-modules-`);
  after(() => rmSync(folder, { recursive: true, force: true }));
  const env = { NODE_COMPILE_CACHE: folder };
  await startProcess([...command, "-v"], env).exited;
  return env;
}

/** Plays all cases in order, `AT_A_TIME` at once; each case's verdict comes on a promise of its own. */
function playAll(cases: readonly TranscriptCase[]): Map<TranscriptCase, Promise<string | null>> {
  const verdicts = new Map<TranscriptCase, Promise<string | null>>();
  const tell = new Map<TranscriptCase, (verdict: string | null) => void>();
  for (const one of cases) verdicts.set(one, new Promise((resolve) => tell.set(one, resolve)));
  let next = 0;
  const ports = new Ports();
  const cache = moduleCache();
  const lane = async (): Promise<void> => {
    const env = await cache;
    while (next < cases.length) {
      const one = cases[next++];
      tell.get(one)!(await runCase(one, { command, env, ports }).catch((error) => String(error)));
    }
  };
  for (let lanes = 0; lanes < AT_A_TIME; lanes++) void lane();
  return verdicts;
}

const skipAll = missingServer();
const sections = readdirSync(CASES_DIR).filter((name) => name.endsWith(".txt")).sort().map((name) => {
  const cases = readTranscript(`cases/${name}`, readFileSync(CASES_DIR + name, "utf8")).map(forServer);
  const section = name.slice(0, -".txt".length);
  return { section, cases: cases.filter((one) => only.test(`${section}: ${one.name}`)) };
});
const playable = sections.flatMap(({ cases }) => cases).filter((one) => !skipAll && !reasonToSkip(one));
const verdicts = playAll(playable);

for (const { section, cases } of sections) {
  describe(`conformance: ${section}`, () => {
    for (const one of cases) {
      const skip = skipAll || reasonToSkip(one);
      it(one.name, { timeout: 240_000, skip: skip || false }, async () => {
        const verdict = verdicts.get(one);
        assert(verdict, "the case was not played");
        const failure = await verdict;
        if (failure !== null) fail(failure);
      });
    }
  });
}

describe("conformance: all sections", () => {
  it("has cases in every section", async () => {
    for (const { section, cases } of sections) {
      assert(cases.length > 0 || only.source !== "(?:)", `cases/${section}.txt holds no case`);
    }
    // Node's --test-force-exit drops reports that are still on their way; this leaves them the time.
    await sleep(300);
  });
});
