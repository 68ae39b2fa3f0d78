// Runs seeds of the simulation: `main.ts [FIRST [COUNT]]`, one seed unless more are asked for. Goes on behind a seed that
// fails: the first one is shown with its last events, each with its reason, and all are listed at the end; then the exit
// code is 1. A line of progress goes to stderr every ten seconds. `main.ts --crash SEED` stops the process at each operation
// of the disk, one after the other. `main.ts --table` prints the fingerprints that known_fingerprints.ts should hold.
// `main.ts --leases [FIRST [COUNT]]` runs seeds with sessions as leases over HTTP have them.

import process from "node:process";
import { crashEverywhere, fingerprintLine, runSeed } from "./campaign.ts";
import { Fingerprint } from "./fingerprint.ts";
import { KNOWN_FINGERPRINTS } from "./known_fingerprints.ts";
import { withLeases } from "./plan.ts";
import { simulate } from "./simulation.ts";
import type { SimulationOptions } from "./world.ts";

const PROGRESS_EVERY_MS = 10_000;

if (process.argv[2] === "--table") {
  for (const [seed] of KNOWN_FINGERPRINTS) console.log(`  [${seed}, "${simulate(seed).fingerprint}"],`);
} else if (process.argv[2] === "--crash") {
  const seed = Number(process.argv[3]);
  console.log(`seed ${seed}: stopped at each of ${crashEverywhere(seed)} operations of its disk`);
} else {
  const hasLeases = process.argv[2] === "--leases";
  const [first = 1, count = 1] = process.argv.slice(hasLeases ? 3 : 2).map(Number);
  const failed = runAll(first, count, hasLeases ? { change: withLeases } : {});
  if (failed.length > 0) console.log(`failed: ${failed.join(" ")}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

/** The seeds that failed. */
function runAll(first: number, count: number, options: SimulationOptions): number[] {
  const startedAt = performance.now();
  const secondsSince = (): string => ((performance.now() - startedAt) / 1000).toFixed(1);
  const combined = new Fingerprint();
  const failed: number[] = [];
  let calls = 0;
  let toldAt = startedAt;
  for (let seed = first; seed < first + count; seed++) {
    try {
      const outcome = failed.length === 0 ? runSeed(seed, options) : simulate(seed, options);
      combined.text(outcome.fingerprint);
      calls += outcome.calls;
    } catch (error) {
      const { message } = error as Error;
      console.log(failed.length === 0 ? message : `seed ${seed}: ${message}`);
      failed.push(seed);
    }
    if (performance.now() < toldAt + PROGRESS_EVERY_MS) continue;
    toldAt = performance.now();
    console.error(`${seed + 1 - first} of ${count} seeds, ${failed.length} failed, ${secondsSince()} s`);
  }
  if (failed.length === 0) console.log(fingerprintLine(first, count, combined));
  console.log(`${count} seeds, ${failed.length} failed, ${calls} calls of the engine in ${secondsSince()} s`);
  return failed;
}
