// The fuzzer's long form: `bun tests/http/fuzz/main.ts --requests 100000 [--seed N] [--mode plain,auth,tls]`, or with `deno run -A` or `node`.
// The server runs on the same runtime. Requests are shared out among the modes.
import process from "node:process";
import { parseArgs } from "node:util";
import { RUNTIME } from "../../support/runtime.ts";
import { fuzz } from "./fuzz_run.ts";
import { type Mode, MODES, startFuzzed } from "./servers.ts";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "100000" },
    seed: { type: "string", default: String(Date.now() >>> 0) },
    mode: { type: "string", default: MODES.join() },
  },
});
const modes = values.mode.split(",") as Mode[];
const seed = Number(values.seed);
let hasFailed = false;
for (const mode of modes) {
  const fuzzed = await startFuzzed(mode);
  const beganAt = performance.now();
  try {
    const requests = Math.ceil(Number(values.requests) / modes.length);
    const report = await fuzz({ ...fuzzed, seed, requests });
    const seconds = ((performance.now() - beganAt) / 1000).toFixed(1);
    console.log(
      `${RUNTIME} ${mode}, seed ${seed}: ${report.requests} requests on ${report.connections} connections in ${seconds} s; ` +
        `answers ${JSON.stringify(report.answers)}; peak ${report.peakMib} MiB; /healthz within ${
          Math.ceil(report.slowestHealthMs)
        } ms`,
    );
  } catch (error) {
    hasFailed = true;
    console.error(`${RUNTIME} ${mode}, seed ${seed}: ${(error as Error).stack}\n${fuzzed.server.stderr()}`);
  } finally {
    await fuzzed.stop();
  }
}
process.exit(hasFailed ? 1 : 0);
