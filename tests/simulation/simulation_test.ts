// The server in a made world: known seeds, fresh seeds, crashes everywhere, and faults planted to see that they are found.
//
// RUNNERBEAN_SIM_SEEDS sets how many fresh seeds are run, RUNNERBEAN_SEED with which they begin.

import process from "node:process";
import { afterEach, describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { freshSeed, RUNTIME } from "../support/runtime.ts";
import { crashEverywhere, fingerprintLine, runSeed, runSeeds } from "./campaign.ts";
import { Fingerprint } from "./fingerprint.ts";
import { KNOWN_FINGERPRINTS } from "./known_fingerprints.ts";
import { ALL_THERE_IS, CRASHES, POWER_CUT, PROCESS_KILLED, TORN } from "./model.ts";
import { PLANTED_BUGS } from "./planted_bugs.ts";
import type { PlantedBug } from "./plant.ts";
import { withLeases } from "./plan.ts";
import { simulate } from "./simulation.ts";
import type { SimulationOptions } from "./world.ts";

const DEFAULT_SEEDS = process.env.CI === "true" ? 1000 : 200;
const FRESH_SEEDS = Number(process.env.RUNNERBEAN_SIM_SEEDS ?? DEFAULT_SEEDS);
/** Seeds of which a short run is repeated with a crash at each operation of its disk: one that comes by all there is, and fresh ones. */
const CRASHED_SEED = 1;
const CRASHED_SEEDS = process.env.CI === "true" ? 8 : 3;
/** Seeds per test, so that each stays well below its time limit. */
const SEEDS_PER_TEST = 100;
/** A planted bug must be found within this many seeds. */
const SEEDS_PER_BUG = 500;
const TIMEOUT = { timeout: 240_000 };

/** Node prints results only between turns, and leaves those out that it has not printed when it is made to exit. */
afterEach(() => new Promise<void>((resolve) => setImmediate(resolve)));

describe("simulation", () => {
  it("gives known seeds the same fingerprints on every runtime", TIMEOUT, () => {
    const allHeard = new Set<string>();
    for (const [seed, fingerprint] of KNOWN_FINGERPRINTS) {
      const outcome = runSeed(seed);
      for (const word of outcome.heard) allHeard.add(word);
      assertEquals(outcome.fingerprint, fingerprint, `seed ${seed}; see known_fingerprints.ts`);
    }
    assertEquals(ALL_THERE_IS.filter((word) => !allHeard.has(word)), [], "no known seed comes by these");
  });

  const first = freshSeed("simulation");
  const combined = new Fingerprint();
  for (let done = 0; done < FRESH_SEEDS; done += SEEDS_PER_TEST) {
    const from = first + done;
    const count = Math.min(SEEDS_PER_TEST, FRESH_SEEDS - done);
    it(`finds nothing wrong in seeds ${from} to ${from + count - 1}`, TIMEOUT, () => {
      const calls = runSeeds(from, count, combined);
      assert(calls > 50 * count, `only ${calls} calls: the seeds do nothing`);
      if (done + count === FRESH_SEEDS) console.log(fingerprintLine(first, FRESH_SEEDS, combined));
    });
    it(`finds nothing wrong in them with leases, seeds ${from} to ${from + count - 1}`, TIMEOUT, () => {
      const calls = runSeeds(from, count, new Fingerprint(), { change: withLeases });
      assert(calls > 50 * count, `only ${calls} calls: the seeds do nothing`);
    });
  }
});

describe("the simulation", () => {
  const first = freshSeed("crashes");
  const heard = new Set<string>();
  for (let nth = 0; nth < CRASHED_SEEDS; nth++) {
    const seed = nth === 0 ? CRASHED_SEED : first + nth - 1;
    it(`stops the process at every operation of the disk in seed ${seed}`, TIMEOUT, () => {
      const operations = crashEverywhere(seed, heard);
      assert(operations > 20, `only ${operations} operations: nothing is written`);
    });
  }

  it("has stopped it while it wrote, tidied up and started", () => {
    const missing = [CRASHES, POWER_CUT, PROCESS_KILLED, TORN].filter((event) => !heard.has(event));
    assertEquals(missing, []);
  });
});

// These try the simulation and not the server, and a seed is the same everywhere: one runtime is enough.
const ELSEWHERE = RUNTIME !== "bun" && process.env.RUNNERBEAN_PLANTED !== "1" &&
  "planted bugs are looked for on Bun, or with RUNNERBEAN_PLANTED=1";
if (ELSEWHERE) console.log(`skipped: ${ELSEWHERE}`);

describe("the simulation finds that", { skip: ELSEWHERE }, () => {
  for (const bug of PLANTED_BUGS) {
    it(bug.what, TIMEOUT, () => {
      const seed = seedThatFinds(bug);
      assert(seed > 0, `not found in ${SEEDS_PER_BUG} seeds`);
      runSeed(seed, changeFor(bug)); // and nothing else was wrong there
    });
  }
});

function changeFor({ needsLeases }: PlantedBug): SimulationOptions {
  return needsLeases ? { change: withLeases } : {};
}

/** The first seed, of those looked at, in which the planted bug is found, or 0. */
function seedThatFinds(bug: PlantedBug): number {
  const { from = 1 } = bug;
  const takeOut = bug.plant();
  try {
    for (let seed = from; seed < from + SEEDS_PER_BUG; seed++) {
      try {
        simulate(seed, { invariants: bug.isHidden === true, ...changeFor(bug) });
      } catch {
        return seed;
      }
    }
    return 0;
  } finally {
    takeOut();
  }
}
