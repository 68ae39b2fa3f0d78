// Measures operations in this process, either their time (with mitata) or what they allocate.
import { measure } from "mitata";
import { AllocationMeter } from "../support/allocation.ts";
import { type Operation, type OperationGroup, stretch } from "./operation.ts";

/** One operation of one group on one runtime; times in nanoseconds and bytes are for one operation. */
export interface OperationFigures {
  readonly group: string;
  readonly name: string;
  readonly ns?: { readonly p50: number; readonly p25: number; readonly p75: number };
  /** Of the stretches: the least, the middle and the mean. */
  readonly bytes?: { readonly least: number; readonly usual: number; readonly mean: number };
}

/** Makes one object an operation: whatever counts allocation must see it. */
export const ONE_OBJECT: Operation = {
  name: "one object {n}",
  count: 2000,
  run() {
    for (let i = 0; i < 2000; i++) kept.object = { n: i };
    return kept;
  },
};
export const NOTHING: Operation = {
  name: "nothing",
  count: 2000,
  run() {
    for (let i = 0; i < 2000; i++) kept.count++;
    return kept;
  },
};
const kept: { object: unknown; count: number } = { object: null, count: 0 };

/** Compiled code allocates less than interpreted code, so stretches run this often first. */
const WARM_UP_STRETCHES = 150;
const SAMPLES = 61;

/** Time per operation; `seconds` is how long each is measured. */
export async function timeOf(
  groups: readonly OperationGroup[],
  seconds: number,
): Promise<OperationFigures[]> {
  const all: OperationFigures[] = [];
  for (const { name: group, operations } of groups) {
    for (const operation of operations) {
      const { count, name } = operation;
      // mitata leaves the clock to what it calls: only the stretch counts, not what goes round it.
      const options = { manual: true, min_cpu_time: seconds * 1e9, warmup_samples: 20 };
      const stats = await measure(() => stretch(operation, timed), options);
      all.push({
        group,
        name,
        ns: { p50: stats.p50 / count, p25: stats.p25 / count, p75: stats.p75 / count },
      });
    }
  }
  return all;
}

function timed(run: () => unknown): number {
  const startedAt = performance.now();
  run();
  return (performance.now() - startedAt) * 1e6;
}

/** Bytes allocated per operation. All operations of a group run in turns, as in a server, before any is measured. */
export function allocationsOf(
  groups: readonly OperationGroup[],
  warmUpStretches: number = WARM_UP_STRETCHES,
  samples: number = SAMPLES,
): OperationFigures[] {
  return groups.flatMap(({ name: group, operations }) => {
    const meters = operations.map(() => new AllocationMeter());
    for (let round = 0; round < warmUpStretches + samples; round++) {
      operations.forEach((operation, i) =>
        stretch(operation, round < warmUpStretches ? (run) => run() : (run) => meters[i].sample(run))
      );
    }
    return operations.map(({ name, count }, i) => ({
      group,
      name,
      bytes: {
        least: meters[i].least / count,
        usual: meters[i].usual / count,
        mean: meters[i].mean / count,
      },
    }));
  });
}
