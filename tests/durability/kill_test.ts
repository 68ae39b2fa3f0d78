// kill -9 at random moments under load on real sockets and a real disk, with every sync policy; and proof that this test
// can fail. tests/durability/main.ts does the same for longer.

import process from "node:process";
import { after, before, describe, it } from "node:test";
import { assert, assertGreaterOrEqual, assertMatch, assertRejects } from "@std/assert";
import { freshSeed } from "../support/runtime.ts";
import { Campaign, type CampaignOptions, withDirectory } from "./campaign.ts";
import { fillModuleCache, type ModuleCache } from "./module_cache.ts";
import { dropLastFrames, OldCopy } from "./tampering.ts";
import { ODD_SERVER, oddEnv, WITH_HTTP } from "./variants.ts";
import { Violation } from "./violation.ts";

/** RUNNERBEAN_KILLS kills per policy; 4, or 5 with CI=true. For hundreds there is main.ts. */
const KILLS = Number(process.env.RUNNERBEAN_KILLS ?? (process.env.CI === "true" ? 5 : 4));

/** For each disk. */
const HTTP_STOPS = Math.max(4, Number(process.env.RUNNERBEAN_KILLS ?? 6));

describe("kill -9 under load", () => {
  let cache: ModuleCache;

  before(async () => {
    cache = await fillModuleCache();
  });
  after(() => cache?.remove());

  const campaignIn = (directory: string, options: Partial<CampaignOptions>): Campaign =>
    new Campaign({ directory, kills: KILLS, seed: freshSeed("kills"), env: cache.env, ...options });

  const policies = {
    "synced before replies": [],
    "synced every 50 ms": ["-f", "50"],
    "never synced": ["-F"],
    "small segments": ["-s", "65536"],
  };
  for (const [policy, serverArgs] of Object.entries(policies)) {
    it(`${policy}: nothing acknowledged is lost`, { timeout: 240_000 }, async () => {
      await withDirectory(async (directory) => {
        const campaign = campaignIn(directory, { serverArgs });
        await campaign.run();
        console.log(`${policy}: ${campaign.report()}`);
        assertGreaterOrEqual(campaign.tally.commands, 20 * KILLS, "it was no load");
        assertGreaterOrEqual(campaign.tally.unanswered, KILLS, "the kills interrupted nothing");
      });
    });
  }

  for (const [disk, syncMs] of [["a quick disk", 0], ["a slow disk", 100]] as const) {
    it(`HTTP clients beside the others, ${disk}: what was answered binds`, { timeout: 240_000 }, async () => {
      await withDirectory(async (directory) => {
        const campaign = campaignIn(directory, {
          ...WITH_HTTP,
          kills: HTTP_STOPS,
          command: ODD_SERVER,
          env: { ...cache.env, ...oddEnv(syncMs) },
        });
        await campaign.run();
        console.log(`HTTP, ${disk}: ${campaign.report()}`);
        const { tally } = campaign;
        assertGreaterOrEqual(tally.httpAnswers, 3 * HTTP_STOPS, "it was no load");
        assertGreaterOrEqual(tally.httpUnanswered, HTTP_STOPS / 2, "the stops interrupted nothing");
        assertGreaterOrEqual(tally.terms, 1, "no server was stopped in good order");
      });
    });
  }

  it("the test fails when HTTP answers leave before the commit", { timeout: 120_000 }, async () => {
    await withDirectory(async (directory) => {
      const env = { ...cache.env, ...oddEnv(60, "answers before the commit") };
      const campaign = campaignIn(directory, {
        ...WITH_HTTP,
        kills: 20,
        stopsMixed: false,
        command: ODD_SERVER,
        env,
      });
      const broken = await assertRejects(() => campaign.run(), Violation);
      console.log(
        `answers before the commit, after ${campaign.kills} kills: ${broken.message.slice(0, 200)}`,
      );
      assertMatch(broken.message, /missing|is back|came back as it never was|used again|and not/);
    });
  });

  it("in a Deno KV: nothing acknowledged is lost", { timeout: 240_000 }, async () => {
    await withDirectory(async (directory) => {
      const campaign = campaignIn(directory, { store: "kv", kills: Math.ceil(KILLS / 2) });
      await campaign.run();
      console.log(`KV: ${campaign.report()}`);
      assertGreaterOrEqual(campaign.tally.unanswered, campaign.kills, "the kills interrupted nothing");
    });
  });

  it("the test fails when the last frames are missing", { timeout: 240_000 }, async () => {
    await withDirectory(async (directory) => {
      let dropped = 0;
      // Two batches may be on their way without an answer to anything in them; the others were acknowledged.
      const tamper = (): void => void (dropped += dropLastFrames(directory, 10));
      const campaign = campaignIn(directory, { tamper, workMs: [400, 600] });
      const broken = await assertRejects(() => campaign.run(), Violation);
      console.log(`${dropped} frames dropped: ${broken.message.slice(0, 200)}`);
      assert(dropped > 0);
      assertMatch(broken.message, /missing|came back as it never was|used again|is back|and not|is damaged/);
    });
  });

  it("the test fails when an old state comes back", { timeout: 240_000 }, async () => {
    await withDirectory((folder) =>
      withDirectory(async (directory) => {
        const copy = new OldCopy(folder);
        let broughtBack = false;
        const tamper = (): void => {
          broughtBack = copy.bringBack(directory);
          copy.take(directory);
        };
        const campaign = campaignIn(directory, { tamper, kills: 2, workMs: [400, 600] });
        const broken = await assertRejects(() => campaign.run(), Violation);
        console.log(`an old state: ${broken.message.slice(0, 200)}`);
        assert(broughtBack);
      })
    );
  });
});
