// Micro benches of the core and the parser, with mitata. Arguments: names (engine, jobs, parser); without, all.
import process from "node:process";
import { run } from "mitata";
import { engineBenches } from "./engine_bench.ts";
import { jobsBenches } from "./jobs_bench.ts";
import { parserBenches } from "./parser_bench.ts";

const BENCHES: Record<string, () => void> = {
  engine: engineBenches,
  jobs: jobsBenches,
  parser: parserBenches,
};

const names = process.argv.slice(2);
for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
  if (!Object.hasOwn(BENCHES, name)) {
    throw new Error(`no bench is called ${name}: ${Object.keys(BENCHES).join(", ")}`);
  }
  BENCHES[name]();
}
await run();
