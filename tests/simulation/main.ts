// Runs seeds of the simulation: `main.ts [FIRST [COUNT]]`, one seed unless more are asked for. Stops at the first that
// fails. `main.ts --crash SEED` stops the process at each operation of the disk, one after the other. `main.ts --table` prints the fingerprints that known_fingerprints.ts should hold.
// `main.ts --leases [FIRST [COUNT]]` runs seeds with sessions as leases over HTTP have them.

import process from "node:process";
import { crashEverywhere, fingerprintLine, runSeeds } from "./campaign.ts";
import { Fingerprint } from "./fingerprint.ts";
import { KNOWN_FINGERPRINTS } from "./known_fingerprints.ts";
import { withLeases } from "./plan.ts";
import { simulate } from "./simulation.ts";

if (process.argv[2] === "--table") {
  for (const [seed] of KNOWN_FINGERPRINTS) console.log(`  [${seed}, "${simulate(seed).fingerprint}"],`);
} else if (process.argv[2] === "--crash") {
  const seed = Number(process.argv[3]);
  console.log(`seed ${seed}: stopped at each of ${crashEverywhere(seed)} operations of its disk`);
} else {
  const hasLeases = process.argv[2] === "--leases";
  const [first = 1, count = 1] = process.argv.slice(hasLeases ? 3 : 2).map(Number);
  const startedAt = performance.now();
  const combined = new Fingerprint();
  const calls = runSeeds(first, count, combined, hasLeases ? { change: withLeases } : {});
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(fingerprintLine(first, count, combined));
  console.log(`${count} seeds, ${calls} calls of the engine in ${seconds.toFixed(1)} s`);
}
