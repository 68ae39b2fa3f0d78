// The wire bench's tables: ratios of rates and of latency to the reference, and what lies behind them.
import { REFERENCE } from "../support/programs.ts";
import { ratioOf, ratioText } from "../support/ratios.ts";
import { digits, mebibytes, median, table } from "../support/report.ts";
import type { LoadResult } from "./generator.ts";
import type { Measurement } from "./measure.ts";

// Above this share of a core the client was the limit, unless the server was as busy.
const BUSY = 0.93;

/**
 * One line per row. Per runtime: replies a second as a ratio to the reference in the same round, and (`cpu`) how
 * many times more commands a CPU second of the server serves; that one holds even when the client was the limit.
 */
export function ratioTable(
  rows: readonly string[],
  names: readonly string[],
  all: readonly Measurement[],
): string {
  const others = names.filter((name) => name !== REFERENCE);
  const head = ["row", `${REFERENCE}/s`, ...others.flatMap((name) => [name, "cpu"])];
  const lines = rows.map((row) => {
    const reference = resultsOf(all, row, REFERENCE);
    const cells = others.flatMap((name) => {
      const results = resultsOf(all, row, name);
      const rate = ratioOf(results.map(repliesPerSecond), reference.map(repliesPerSecond));
      const perCpu = ratioOf(results.map(commandsPerCpu), reference.map(commandsPerCpu));
      const limited = results.some(clientWasTheLimit) ? " client!" : "";
      return [ratioText(rate) + limited, digits(perCpu.median)];
    });
    const limited = reference.some(clientWasTheLimit) ? " client!" : "";
    return [row, digits(median(reference.map((result) => result.ops_per_s))) + limited, ...cells];
  });
  return table(head, lines);
}

const QUANTILES = [["p50", "p50"], ["p99", "p99"], ["p999", "p99.9"]] as const;

/** One line per row and runtime: the reference's latency in microseconds, and the runtime's as a ratio to it in the same round. */
export function latencyTable(
  rows: readonly string[],
  names: readonly string[],
  all: readonly Measurement[],
): string {
  const head = [
    "row",
    "server",
    ...QUANTILES.flatMap(([, title]) => [`${REFERENCE} ${title} us`, "ratio"]),
  ];
  const others = names.filter((name) => name !== REFERENCE);
  const lines = rows.flatMap((row) =>
    others.map((name) => [
      row,
      name,
      ...QUANTILES.flatMap(([quantile]) => {
        const latencies = (of: string): number[] =>
          resultsOf(all, row, of).map((result) => result.lat_us.all[quantile]);
        const reference = latencies(REFERENCE);
        return [digits(median(reference)), ratioText(ratioOf(latencies(name), reference))];
      }),
    ])
  );
  return table(head, lines);
}

/** One line per row and server: rates, CPU shares, latency, memory. */
export function detailTable(
  rows: readonly string[],
  names: readonly string[],
  all: readonly Measurement[],
): string {
  const head = [
    "row",
    "server",
    "ops/s",
    "server cpu s",
    "busy",
    "client",
    "p50 us",
    "p99",
    "p99.9",
    "peak MiB",
    "jobs",
  ];
  const lines = rows.flatMap((row) =>
    names.map((name) => {
      const results = resultsOf(all, row, name);
      const middle = (of: (result: LoadResult) => number): number => median(results.map(of));
      return [
        row,
        name,
        digits(middle((result) => result.ops_per_s)),
        digits(middle((result) => result.server_cpu_s)),
        percent(middle((result) => result.server_cpu)),
        percent(middle((result) => result.client_cpu)) + (results.some(clientWasTheLimit) ? "!" : ""),
        digits(middle((result) => result.lat_us.all.p50)),
        digits(middle((result) => result.lat_us.all.p99)),
        digits(middle((result) => result.lat_us.all.p999)),
        mebibytes(middle((result) => result.server_hwm_kb) * 1024),
        String(middle((result) => result.jobs)),
      ];
    })
  );
  return table(head, lines) + "\n! the client was the limit: the rate is a lower bound";
}

/** Results in the order of the rounds. */
export function resultsOf(all: readonly Measurement[], row: string, server: string): LoadResult[] {
  return all
    .filter((measurement) => measurement.row === row && measurement.server === server)
    .sort((a, b) => a.round - b.round)
    .map((measurement) => measurement.result);
}

/** Whether the client had no time left and the server had. */
export const clientWasTheLimit = (result: LoadResult): boolean =>
  result.client_cpu >= BUSY && result.server_cpu < BUSY;

/** Replies per CPU second of the server. */
export const commandsPerCpu = (result: LoadResult): number => result.ops / result.server_cpu_s;

const repliesPerSecond = (result: LoadResult): number => result.ops_per_s;

const percent = (share: number): string => `${Math.round(share * 100)}%`;
