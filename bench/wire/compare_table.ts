// The table of a comparison of commits: what the later ones do, as ratios to the first.
import { checkoutServer } from "../support/checkouts.ts";
import { type Ratio, ratioOf, ratioText, verdict } from "../support/ratios.ts";
import { digits, median, table } from "../support/report.ts";
import type { LoadResult } from "./generator.ts";
import type { Measurement } from "./measure.ts";
import { clientWasTheLimit, commandsPerCpu, resultsOf } from "./wire_tables.ts";

/**
 * One line per row, runtime and commit but the first: replies a second, replies per CPU second of the server and the tail of
 * the latency, each as a ratio to the first commit in the same round, with what the spread allows to say of it.
 */
export function compareTable(
  rows: readonly string[],
  runtimes: readonly string[],
  commits: readonly string[],
  all: readonly Measurement[],
): string {
  const [base, ...others] = commits;
  const head = ["row", "runtime", `${base}/s`, "commit", "replies/s", "", "per CPU second", "", "p50", "p99"];
  const lines = rows.flatMap((row) =>
    runtimes.flatMap((runtime) => {
      const before = resultsOf(all, row, checkoutServer(runtime, base));
      return others.map((commit) => {
        const after = resultsOf(all, row, checkoutServer(runtime, commit));
        const compared = (of: (result: LoadResult) => number): Ratio =>
          ratioOf(after.map(of), before.map(of));
        const rate = compared((result) => result.ops_per_s);
        const perCpu = compared(commandsPerCpu);
        return [
          row,
          runtime,
          digits(median(before.map((result) => result.ops_per_s))),
          commit + ([...before, ...after].some(clientWasTheLimit) ? " client!" : ""),
          ratioText(rate),
          verdict(rate),
          ratioText(perCpu),
          verdict(perCpu),
          ratioText(compared((result) => result.lat_us.all.p50)),
          ratioText(compared((result) => result.lat_us.all.p99)),
        ];
      });
    })
  );
  return table(head, lines);
}
