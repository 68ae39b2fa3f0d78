// Long runs of the differential fuzzer from the command line, e.g.
//   node tests/differential/main.ts --sequences 20000 --server 'bun src/cli/main.ts'
// Prints the seed; on a difference the smallest steps that still show it, and exits 1.
import process from "node:process";
import { parseArgs } from "node:util";
import { freshSeed, requireProgram } from "../support/runtime.ts";
import { runnerbeanCommand } from "../support/server_process.ts";
import { campaign } from "./campaign.ts";
import { report, summary } from "./report.ts";
import { shrink } from "./shrink.ts";

const { values } = parseArgs({
  options: {
    sequences: { type: "string", default: "20000" },
    seed: { type: "string" },
    server: { type: "string" },
    reference: { type: "string" },
    lanes: { type: "string", default: "2" },
    life: { type: "string" },
    "own-words": { type: "boolean", default: false },
  },
});

const words = (command: string | undefined): string[] | undefined =>
  command?.split(" ").filter((word) => word !== "");
const started = Date.now();
const { tally, failure } = await campaign({
  seed: values.seed === undefined ? freshSeed("differential") : Number(values.seed),
  sequences: Number(values.sequences),
  reference: words(values.reference) ?? [requireProgram("beanstalkd")],
  subject: words(values.server) ?? [...runnerbeanCommand(), ...(values["own-words"] ? [] : ["--strict"])],
  isStrict: !values["own-words"],
  lanes: Number(values.lanes),
  onlyLife: values.life === undefined ? undefined : Number(values.life),
});
console.log(`${summary(tally)}\n${((Date.now() - started) / 1000).toFixed(1)} s`);
if (failure) {
  console.log(
    `servers differ in life ${failure.life} of seed ${failure.seed}; looking for the smallest form`,
  );
  console.log(report(failure, await shrink(failure)));
}
process.exit(failure ? 1 : 0);
