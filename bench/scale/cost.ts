// What a command costs a server, in CPU time: one server carries 1 of something, another one many of it. Both are
// asked in turn, slice by slice, so that what the machine does besides falls on both; the median slice counts.
import { Histogram } from "../support/histogram.ts";
import { CpuMeter } from "../support/proc.ts";
import { median } from "../support/report.ts";
import type { BenchServer } from "../support/server.ts";

/**
 * A stretch of commands: sends about `commands` of them, `together` at a time (1 is lock-step), notes how long
 * each piece took, and resolves with how many commands it sent.
 */
export type Stretch = (commands: number, together: number, latency: Histogram) => Promise<number>;

export interface Side {
  readonly server: BenchServer;
  readonly stretch: Stretch;
}

export interface Cost {
  readonly baseUs: number;
  readonly loadedUs: number;
  readonly ratio: number;
  readonly baseP99Us: number;
  readonly loadedP99Us: number;
}

export interface CostPlan {
  readonly together: number;
  readonly commands: number;
  readonly slices: number;
  /** Commands sent to each side before the first slice. */
  readonly warmUp: number;
}

/** One command at a time, as a classic client sends them; this is what the limit is for. */
export const LOCK_STEP: CostPlan = { together: 1, commands: 1500, slices: 7, warmUp: 3000 };
/** Many at a time: system calls hardly count, so that a growing cost of the core itself shows. */
export const PIPELINED: CostPlan = { together: 64, commands: 30_000, slices: 7, warmUp: 120_000 };

// A command that has become terribly slow must not take the bench's time with it.
const WARM_UP_MS = 8000;
const SLICE_MS = 2000;
const PORTIONS = 50;

async function within(
  ms: number,
  stretch: Stretch,
  commands: number,
  together: number,
  latency: Histogram,
): Promise<number> {
  const giveUpAt = performance.now() + ms;
  let sent = 0;
  while (sent < commands && performance.now() < giveUpAt) {
    sent += await stretch(Math.ceil(commands / PORTIONS), together, latency);
  }
  return sent;
}

export async function compareCost(base: Side, loaded: Side, plan: CostPlan): Promise<Cost> {
  const sides = [base, loaded];
  const costs: number[][] = [[], []];
  const latencies = [new Histogram(), new Histogram()];
  for (const { stretch } of sides) {
    await within(WARM_UP_MS, stretch, plan.warmUp, plan.together, new Histogram());
  }
  for (let slice = 0; slice < plan.slices; slice++) {
    for (let turn = 0; turn < 2; turn++) {
      const which = (slice + turn) % 2;
      const { server, stretch } = sides[which];
      const cpu = new CpuMeter(server.pid);
      const commands = await within(SLICE_MS, stretch, plan.commands, plan.together, latencies[which]);
      costs[which].push(cpu.seconds() * 1e6 / commands);
    }
  }
  const baseUs = median(costs[0]);
  const loadedUs = median(costs[1]);
  return {
    baseUs,
    loadedUs,
    ratio: loadedUs / baseUs,
    baseP99Us: latencies[0].quantileUs(0.99),
    loadedP99Us: latencies[1].quantileUs(0.99),
  };
}
