// Ratios of two series of measurements that were taken in turns: what lies between two neighbours is less than what lies
// between two hours, so each is divided by its own neighbour.
import { digits, median } from "./report.ts";

/** Fewer pairs than this all lie on one side too easily: with five, once in sixteen times by chance. */
const FEWEST_TO_JUDGE = 5;

export interface Ratio {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  readonly count: number;
}

/** Value by value; both must be in the order of the rounds. */
export function ratioOf(values: readonly number[], base: readonly number[]): Ratio {
  const ratios = values.slice(0, base.length).map((value, round) => value / base[round]);
  return {
    median: ratios.length > 0 ? median(ratios) : NaN,
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    count: ratios.length,
  };
}

/** `1.05 (0.98..1.10)`: median and spread; a dash when nothing was measured. */
export function ratioText(ratio: Ratio): string {
  if (ratio.count === 0) return "-";
  return `${digits(ratio.median)} (${digits(ratio.lowest)}..${digits(ratio.highest)})`;
}

/** Whether the difference is larger than the spread: every pair says the same. */
export function verdict(
  ratio: Ratio,
): "more" | "less" | "no difference beyond the spread" | "too few rounds" {
  if (ratio.count < FEWEST_TO_JUDGE) return "too few rounds";
  if (ratio.lowest > 1) return "more";
  if (ratio.highest < 1) return "less";
  return "no difference beyond the spread";
}
