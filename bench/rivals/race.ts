// Interleaved rounds: in each round every contestant has its turn.
import type { JsonLines } from "../support/report.ts";
import { baselineOf, type Contestant, type Store, STORES } from "./contestants.ts";
import type { LoadReport } from "./load.ts";
import { measureBacklog, measureLoad, type Measurement, type MeasureSettings } from "./measure.ts";

const PACE_WITHOUT_BASELINE = 1000;

/** Remembers who takes no further part, and why. */
export class Race {
  readonly leftOut: Map<string, string> = new Map();
  readonly #rows: readonly Contestant[];
  readonly #settings: MeasureSettings;
  readonly #lines: JsonLines;

  constructor(rows: readonly Contestant[], settings: MeasureSettings, lines: JsonLines) {
    this.#rows = rows;
    this.#settings = settings;
    this.#lines = lines;
  }

  /** Leaves out all rows of a kind, if there is a reason. */
  excuse(kind: string, reason: string): void {
    if (!reason) return;
    for (const row of this.#rows) if (row.kind === kind) this.leftOut.set(row.name, reason);
  }

  /** Measures all; each measurement is added to `lines` as soon as it is taken. */
  async run(count: number, pace?: number): Promise<Measurement[]> {
    const paces = new Map<Store, number>();
    for (const store of STORES) {
      if (this.#rows.some((row) => row.store === store)) {
        paces.set(store, pace ?? await this.#pace(store));
      }
    }
    const all: Measurement[] = [];
    for (let round = 0; round < count; round++) {
      for (let turn = 0; turn < this.#rows.length; turn++) {
        // Who goes first changes from round to round, so that a drift of the machine meets all alike.
        const row = this.#rows[(turn + round) % this.#rows.length];
        const report = await this.#measure(row, paces.get(row.store)!);
        if (!report) continue;
        const measurement = { row: row.name, round, report };
        this.#lines.add(measurement);
        all.push(measurement);
      }
      console.error(`round ${round + 1} of ${count} done`);
    }
    return all;
  }

  /** Half of what the baseline does at full speed. */
  async #pace(store: Store): Promise<number> {
    const baseline = this.#rows.find((row) => row.name === baselineOf(store));
    const report = baseline &&
      await this.#attempt(baseline, () => measureLoad(baseline, 0, this.#settings));
    return Math.round((report?.full?.jobsPerSecond ?? 2 * PACE_WITHOUT_BASELINE) / 2);
  }

  #measure(row: Contestant, pace: number): Promise<LoadReport | null> {
    return this.#attempt(row, async () => ({
      ...await measureLoad(row, pace, this.#settings),
      ...(row.fills ? await measureBacklog(row, this.#settings) : {}),
    }));
  }

  // What fails once (a package or program that is missing, a server that dies) is told and takes no further part.
  async #attempt(
    row: Contestant,
    measure: () => Promise<LoadReport>,
  ): Promise<LoadReport | null> {
    if (this.leftOut.has(row.name)) return null;
    try {
      return await measure();
    } catch (error) {
      this.leftOut.set(row.name, (error as Error).message);
      console.error(`${row.name} is left out: ${(error as Error).message}`);
      return null;
    }
  }
}
