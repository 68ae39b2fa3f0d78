// The recovery bench's table.
import { REFERENCE } from "../support/programs.ts";
import { digits, mebibytes, median, table } from "../support/report.ts";
import type { Load } from "./logs.ts";
import type { Recovery } from "./recover.ts";

export interface Measurement extends Recovery {
  readonly row: string;
  readonly server: string;
  readonly round: number;
  readonly logBytes: number;
  /** Reading the same files with `cat`, and the start of the same server without a log. */
  readonly catSeconds: number;
  readonly emptySeconds: number;
}

/** One line per row and server. "times faster": the reference's seconds by its own, in the same round. */
export function recoveryTable(
  loads: readonly Load[],
  names: readonly string[],
  all: readonly Measurement[],
): string {
  const head = [
    "row",
    "server",
    "jobs",
    "log MiB",
    "seconds",
    "times faster",
    "times cpu",
    "cat s",
    "cats",
    "peak MiB",
    "B/job",
    "start s",
  ];
  const lines = loads.flatMap((load) =>
    names.map((name) => {
      const results = resultsOf(all, load.name, name);
      const references = resultsOf(all, load.name, REFERENCE);
      const middle = (of: (result: Measurement) => number): number => median(results.map(of));
      const faster = (of: (result: Measurement) => number): number[] =>
        references.map((reference, round) => of(reference) / of(results[round]));
      return [
        load.name,
        name,
        String(load.jobs),
        mebibytes(results[0].logBytes),
        spread(results.map((result) => result.seconds)),
        references.length > 0 ? spread(faster((result) => result.seconds)) : "-",
        references.length > 0 ? digits(median(faster((result) => result.cpuSeconds))) : "-",
        digits(middle((result) => result.catSeconds)),
        digits(middle((result) => result.seconds / result.catSeconds)),
        mebibytes(middle((result) => result.peakBytes)),
        digits(middle((result) => result.peakBytes) / load.jobs),
        digits(middle((result) => result.emptySeconds)),
      ];
    })
  );
  return table(head, lines);
}

const spread = (values: readonly number[]): string =>
  `${digits(median(values))} (${digits(Math.min(...values))}..${digits(Math.max(...values))})`;

/** Results in the order of the rounds. */
function resultsOf(all: readonly Measurement[], row: string, server: string): Measurement[] {
  return all
    .filter((measurement) => measurement.row === row && measurement.server === server)
    .sort((a, b) => a.round - b.round);
}
