// The durable bench's table of ratios: what a log costs, against the reference's and against having none.
import { isReference } from "../support/programs.ts";
import { ratioOf, ratioText } from "../support/ratios.ts";
import { digits, median, table } from "../support/report.ts";
import { clientWasTheLimit, resultsOf } from "../wire/wire_tables.ts";
import type { Measurement } from "../wire/measure.ts";
import { inMemory, SYNCED_REFERENCE, UNSYNCED_REFERENCE } from "./servers.ts";

/** One line per row and server with a log: replies a second as ratios to three others in the same round. */
export function durableTable(
  rows: readonly string[],
  names: readonly string[],
  all: readonly Measurement[],
): string {
  const head = [
    "row",
    "server",
    "replies/s",
    `to ${SYNCED_REFERENCE}`,
    `to ${UNSYNCED_REFERENCE}`,
    "to its memory mode",
    "p50 ms",
    "p99",
    `${SYNCED_REFERENCE} p50`,
    "p99",
  ];
  const logged = names.filter((name) =>
    !isReference(name) && !names.some((other) => name === inMemory(other))
  );
  const lines = rows.flatMap((row) =>
    logged.map((name) => {
      const results = resultsOf(all, row, name);
      const synced = resultsOf(all, row, SYNCED_REFERENCE);
      const ratioTo = (other: string): string => {
        const rates = (of: typeof results): number[] => of.map((result) => result.ops_per_s);
        return ratioText(ratioOf(rates(results), rates(resultsOf(all, row, other))));
      };
      const ms = (of: typeof results, quantile: "p50" | "p99"): string =>
        digits(median(of.map((result) => result.lat_us.all[quantile])) / 1000);
      return [
        row,
        name,
        digits(median(results.map((result) => result.ops_per_s))) +
        (results.some(clientWasTheLimit) ? " client!" : ""),
        ratioTo(SYNCED_REFERENCE),
        ratioTo(UNSYNCED_REFERENCE),
        ratioTo(inMemory(name)),
        ms(results, "p50"),
        ms(results, "p99"),
        ms(synced, "p50"),
        ms(synced, "p99"),
      ];
    })
  );
  return table(head, lines);
}
