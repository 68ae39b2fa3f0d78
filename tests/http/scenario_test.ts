// One scenario through every door of the queue, and the outcomes compared: there is one engine behind them, and none has a
// private way into it.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { DOORS } from "./doors.ts";
import type { Counts, Door, Held } from "./doors.ts";
import { Random, takeAny } from "../support/random.ts";
import { freshSeed } from "../support/runtime.ts";

const LIMIT = { timeout: 240_000 };
const TUBES = ["alpha", "beta"];
const STEPS = 120;

/** The same random steps through a door; answers what was seen. */
async function walk(door: Door, seed: number): Promise<string[]> {
  const random = new Random(seed);
  const seen: string[] = [];
  const held: Held[] = [];
  const counts = async (tube: string): Promise<Counts | null> => await door.counts(tube);
  // A job that is held all the time keeps each tube there: how long a tube lives otherwise depends on who watches it.
  for (const tube of TUBES) {
    await door.put(tube, "anchor", { priority: 0, delay: 0, ttr: 9999 });
    seen.push(`holds ${(await door.reserve(tube))!.id}`);
  }
  for (let step = 0; step < STEPS; step++) {
    const tube = random.pick(TUBES);
    switch (random.weighted([5, 4, 3, 1, 1, 1, 1, 0.3, 1])) {
      case 0: {
        const numbers = { priority: random.below(4), delay: random.chance(0.2) ? 1000 : 0, ttr: 600 };
        seen.push(`put ${await door.put(tube, `job ${step}`, numbers)}`);
        break;
      }
      case 1: {
        const job = await door.reserve(tube);
        if (job !== null) held.push(job);
        seen.push(job === null ? "nothing" : `reserved ${job.id} ${job.body}`);
        break;
      }
      case 2:
        if (held.length > 0) await takeAny(held, random).delete();
        break;
      case 3:
        if (held.length > 0) {
          await takeAny(held, random).release(random.below(4), random.chance(0.3) ? 1000 : 0);
        }
        break;
      case 4:
        if (held.length > 0) await takeAny(held, random).bury(random.below(4));
        break;
      case 5:
        seen.push(`kicked ${await door.kick(tube, 2)}`);
        break;
      case 6:
        seen.push(`deleted ${await door.delete(1 + random.below(60))}`);
        break;
      case 7:
        seen.push(`truncated ${await door.truncate(tube, ["ready", "buried"])}`);
        break;
      default:
        await door.pause(tube, random.chance(0.5) ? 1000 : 0);
        if (held.length > 0) await random.pick(held).touch();
    }
    seen.push(JSON.stringify(await counts(tube)));
  }
  for (const tube of TUBES) await door.pause(tube, 0);
  for (const job of held.splice(0)) await job.delete();
  seen.push((await door.tubes()).join(" "), JSON.stringify(await counts("nowhere")));
  return seen;
}

describe("one scenario", () => {
  const seed = freshSeed("scenario");
  let expected: string[] = [];

  for (const [name, open] of Object.entries(DOORS)) {
    it(`comes out the same through ${name}`, LIMIT, async () => {
      const door = await open();
      try {
        const seen = await walk(door, seed);
        if (expected.length === 0) expected = seen;
        assert(seen.length > STEPS);
        assertEquals(seen, expected);
      } finally {
        await door.close();
      }
    });
  }
});
