// Interleaved rounds: in each round every server has its turn with every group of rows.
import type { ServerProgram } from "../support/programs.ts";
import type { JsonLines } from "../support/report.ts";
import type { Measurement, WireMeasure } from "./measure.ts";
import type { Group } from "./rows.ts";

/** Measures all; each measurement is added to `lines` as soon as it is taken. */
export async function measureRounds(
  measure: WireMeasure,
  programs: readonly ServerProgram[],
  groups: readonly Group[],
  rounds: number,
  lines: JsonLines,
): Promise<Measurement[]> {
  const all: Measurement[] = [];
  const startedAt = Date.now();
  for (let round = 0; round < rounds; round++) {
    for (const group of groups) {
      for (let turn = 0; turn < programs.length; turn++) {
        // Who goes first changes from round to round, so that a drift of the machine meets all alike.
        const program = programs[(turn + round) % programs.length];
        const measured = await measure.group(program, group, round);
        for (const measurement of measured) lines.add(measurement);
        all.push(...measured);
      }
    }
    await measure.endRound();
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    console.error(`round ${round + 1} of ${rounds} done after ${seconds} s`);
  }
  return all;
}
