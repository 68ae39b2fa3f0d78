// The long form of the kill test: tests/durability/main.ts [--kills 200] [--seed N] [--kv] [--small tmpfs|ext4] [--http] [--slow MS]
// [--fault NAME] [-- server arguments]
//
// --http: HTTP clients beside the others, and half of the stops by SIGTERM or while the log is read. --slow: each sync takes so
// many milliseconds. --fault: one of those that odd_server.ts plants, which must be found.

import process from "node:process";
import { parseArgs } from "node:util";
import { Campaign, withDirectory } from "./campaign.ts";
import { fillModuleCache } from "./module_cache.ts";
import { ODD_SERVER, oddEnv, WITH_HTTP } from "./variants.ts";
import { withSmallDisk } from "./small_disk.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    kv: { type: "boolean", default: false },
    small: { type: "string" },
    http: { type: "boolean", default: false },
    slow: { type: "string" },
    fault: { type: "string" },
  },
});

const small = values.small;
if (small !== undefined && small !== "tmpfs" && small !== "ext4") throw new Error("--small tmpfs or ext4");
const isOdd = values.slow !== undefined || values.fault !== undefined;
const cache = await fillModuleCache();
const began = performance.now();
const inDirectory = <T>(work: (directory: string) => Promise<T>): Promise<T> =>
  small === undefined ? withDirectory(work) : withSmallDisk(small, 6, work);

try {
  await inDirectory(async (directory) => {
    const campaign = new Campaign({
      directory,
      store: values.kv ? "kv" : "binlog",
      kills: Number(values.kills),
      seed: Number(values.seed),
      env: isOdd ? { ...cache.env, ...oddEnv(Number(values.slow ?? 0), values.fault) } : cache.env,
      command: isOdd ? ODD_SERVER : undefined,
      ...(values.http ? WITH_HTTP : {}),
      fills: small !== undefined,
      largestBody: small === undefined ? undefined : 20_000,
      serverArgs: [...(small === undefined ? [] : ["-s", "262144"]), ...positionals],
    });
    try {
      await campaign.run();
    } finally {
      console.log(`${campaign.report()}; ${((performance.now() - began) / 1000).toFixed(0)} s`);
    }
  });
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  cache.remove();
}
