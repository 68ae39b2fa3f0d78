// The tables of this bench, one group per kind of store: medians of the rounds, and ratios to BullMQ in the same round.
import { digits, mebibytes, median, table } from "../support/report.ts";
import { baselineOf, type Contestant, type Store } from "./contestants.ts";
import type { LoadReport, Phase } from "./load.ts";
import type { Measurement } from "./measure.ts";

/** A number of one measurement, or undefined when that was not measured. */
type Pick = (report: LoadReport) => number | undefined;

const CLIENT_IS_FULL = 0.9;

// What was divided by no jobs is null in JSON.
const isNumber = (value: number | null | undefined): value is number => Number.isFinite(value);

export function rivalsTables(store: Store, rows: readonly Contestant[], all: readonly Measurement[]): string {
  const chosen = rows.filter((row) => row.store === store && all.some((one) => one.row === row.name));
  if (chosen.length === 0) return "";
  const numbers = new Numbers(store, all);
  return [
    `\n${store}: full speed (ratios to ${baselineOf(store)} of the same round: median, lowest .. highest)`,
    fullTable(chosen, numbers),
    `\n${store}: at a moderate rate`,
    pacedTable(chosen, numbers),
    `\n${store}: resident memory of the server with the backlog`,
    backlogTable(chosen, numbers),
    "",
  ].join("\n");
}

class Numbers {
  readonly #baseline: string;
  readonly #all: readonly Measurement[];

  constructor(store: Store, all: readonly Measurement[]) {
    this.#baseline = baselineOf(store);
    this.#all = all;
  }

  values(row: string, pick: Pick): number[] {
    return this.#of(row).map(({ report }) => pick(report)).filter(isNumber);
  }

  median(row: string, pick: Pick): string {
    const values = this.values(row, pick);
    return values.length > 0 ? digits(median(values)) : "-";
  }

  /** `1.23 (1.01 .. 1.45)`: to the baseline's measurement in the same round. */
  ratio(row: string, pick: Pick): string {
    const ratios = this.#of(row).flatMap(({ round, report }) => {
      const other = this.#all.find((one) =>
        one.row === this.#baseline && one.round === round &&
        pick(one.report) !== undefined
      );
      const value = pick(report);
      return other && value !== undefined ? [value / pick(other.report)!] : [];
    }).filter(isNumber);
    if (ratios.length === 0) return "-";
    return `${digits(median(ratios))} (${digits(Math.min(...ratios))} .. ${digits(Math.max(...ratios))})`;
  }

  #of(row: string): Measurement[] {
    return this.#all.filter((one) => one.row === row);
  }
}

function fullTable(rows: readonly Contestant[], numbers: Numbers): string {
  const of = (pick: (phase: Phase) => number): Pick => ({ full }) => full && pick(full);
  const rate = of((phase) => phase.jobsPerSecond);
  const server = of((phase) => phase.serverUsPerJob);
  const busy = of((phase) => phase.clientBusy);
  const head = [
    "row",
    "jobs/s",
    "ratio",
    "p50 ms",
    "p99 ms",
    "p99 ratio",
    "server us/job",
    "cpu ratio",
    "client us/job",
    "client busy",
  ];
  return table(
    head,
    rows.map(({ name }) => [
      name,
      numbers.median(name, rate),
      numbers.ratio(name, rate),
      numbers.median(name, of((phase) => phase.p50Ms)),
      numbers.median(name, of((phase) => phase.p99Ms)),
      numbers.ratio(name, of((phase) => phase.p99Ms)),
      numbers.median(name, server),
      numbers.ratio(name, server),
      numbers.median(name, of((phase) => phase.clientUsPerJob)),
      numbers.median(name, busy) +
      (median(numbers.values(name, busy)) > CLIENT_IS_FULL ? " client!" : ""),
    ]),
  );
}

function pacedTable(rows: readonly Contestant[], numbers: Numbers): string {
  const of = (pick: (phase: Phase) => number): Pick => ({ paced }) => paced && pick(paced);
  const head = [
    "row",
    "jobs/s",
    "p50 ms",
    "p99 ms",
    "p99 ratio",
    "server us/job",
    "ratio",
    "client us/job",
    "",
  ];
  return table(
    head,
    rows.map(({ name }) => {
      const overloaded = numbers.values(name, of((phase) => Number(phase.overloaded)));
      const late = overloaded.filter((value) => value > 0).length;
      return [
        name,
        numbers.median(name, of((phase) => phase.pace)),
        numbers.median(name, of((phase) => phase.p50Ms)),
        numbers.median(name, of((phase) => phase.p99Ms)),
        numbers.ratio(name, of((phase) => phase.p99Ms)),
        numbers.median(name, of((phase) => phase.serverUsPerJob)),
        numbers.ratio(name, of((phase) => phase.serverUsPerJob)),
        numbers.median(name, of((phase) => phase.clientUsPerJob)),
        late > 0 ? `fell behind in ${late} of ${overloaded.length} rounds` : "",
      ];
    }),
  );
}

function backlogTable(rows: readonly Contestant[], numbers: Numbers): string {
  const jobs: Pick = ({ backlog }) => backlog?.jobs;
  const bytes: Pick = ({ backlog }) => backlog?.bytes;
  const before: Pick = ({ backlog }) => backlog?.beforeBytes;
  const perJob: Pick = ({ backlog }) => backlog && (backlog.bytes - backlog.beforeBytes) / backlog.jobs;
  const inMebibytes = (pick: Pick): Pick => (report) => {
    const value = pick(report);
    return value && Number(mebibytes(value));
  };
  const measured = rows.filter(({ name }) => numbers.values(name, bytes).length > 0);
  return table(
    ["row", "jobs added", "MiB before", "MiB full", "ratio", "bytes/job", "per job ratio"],
    measured.map(({ name }) => [
      name,
      String(median(numbers.values(name, jobs))),
      numbers.median(name, inMebibytes(before)),
      numbers.median(name, inMebibytes(bytes)),
      numbers.ratio(name, bytes),
      numbers.median(name, perJob),
      numbers.ratio(name, perJob),
    ]),
  );
}
