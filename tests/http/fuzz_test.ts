// The HTTP port against requests at random: the short form of tests/http/fuzz/main.ts. RUNNERBEAN_FUZZ_REQUESTS sets how many.
import process from "node:process";
import { describe, it } from "node:test";
import { assert } from "@std/assert";
import { freshSeed, skipWithout } from "../support/runtime.ts";
import { fuzz } from "./fuzz/fuzz_run.ts";
import { type Mode, MODES, startFuzzed } from "./fuzz/servers.ts";

const REQUESTS = Number(process.env.RUNNERBEAN_FUZZ_REQUESTS ?? 1500);

describe("the HTTP port under requests at random", () => {
  const seed = freshSeed("HTTP fuzzer");
  for (const mode of MODES) {
    const skip = mode === ("tls" satisfies Mode) && skipWithout("openssl");
    it(`lives, answers and stays small: ${mode}`, { skip, timeout: 300_000 }, async () => {
      const fuzzed = await startFuzzed(mode);
      try {
        const { answers, connections, peakMib } = await fuzz({ ...fuzzed, seed, requests: REQUESTS });
        console.log(
          `${mode}: ${connections} connections, answers ${JSON.stringify(answers)}, peak ${peakMib} MiB`,
        );
        for (const status of [200, 400, 404, 405, 101]) {
          assert(answers[status] > 0, `no answer was ${status}`);
        }
      } finally {
        await fuzzed.stop();
      }
    });
  }
});
