// What a seed makes of a run: how many of what, how fast time goes, which faults there are. Each seed draws its own mix
// and leaves some things out, since bugs hide where one thing happens without the other.

import type { Random } from "../support/random.ts";
import type { Kind } from "./command.ts";
import { drawJournalPlan } from "./disk_plan.ts";
import type { JournalPlan } from "./disk_plan.ts";

export interface Plan {
  readonly steps: number;
  /** Time goes in whole seconds, so that much falls on the same instant. */
  readonly isCoarse: boolean;
  /** Thousands of jobs now and then, so that work is done in slices. */
  readonly isLarge: boolean;
  readonly connections: number;
  readonly tubes: readonly string[];
  readonly kinds: readonly Kind[];
  readonly weights: readonly number[];
  readonly pris: readonly number[];
  /** All in seconds. */
  readonly delays: readonly number[];
  readonly ttrs: readonly number[];
  readonly timeouts: readonly number[];
  readonly pauses: readonly number[];
  readonly bodySizes: readonly number[];
  readonly maxJobBytes: number;
  readonly maxMemoryBytes: number;
  readonly maxConnections: number;
  /** The step at which the server begins to drain; Infinity = never. */
  readonly drainsAt: number;
  /** The step at which it is told to drain no longer. */
  readonly drainsUntil: number;
  /** Probability per step that a job is requeued from within the process. */
  readonly requeues: number;
  /** How often, per step, a session as a lease has it begins; 0 unless asked for, see {@link withLeases}. */
  readonly leases: number;
  /** Most commands that a client says without waiting. */
  readonly pipelining: number;
  /** Unread bytes of replies that a connection takes over. */
  readonly capacities: readonly number[];
  readonly faults: Faults;
  /** Null: jobs live in memory alone. */
  readonly journal: JournalPlan | null;
}

/** Probabilities, per step or per thing that can go wrong. */
export interface Faults {
  /** A line or body that is not as it should be. */
  readonly malformed: number;
  /** Bytes stay underway for a while; chunks are cut anywhere. */
  readonly hold: number;
  readonly split: number;
  readonly halfClose: number;
  readonly cut: number;
  /** A client stops reading. */
  readonly deaf: number;
  /** A timer rings late, and input comes first. */
  readonly late: number;
  /** The turn is not ended after a step. */
  readonly busy: number;
}

const KINDS: readonly (readonly [Kind, number])[] = [
  ["put", 30],
  ["reserve", 6],
  ["reserveWithTimeout", 16],
  ["reserveJob", 4],
  ["delete", 12],
  ["release", 8],
  ["bury", 6],
  ["touch", 4],
  ["kick", 3],
  ["kickJob", 3],
  ["peek", 3],
  ["peekReady", 2],
  ["peekDelayed", 2],
  ["peekBuried", 2],
  ["stats", 2],
  ["statsJob", 4],
  ["statsTube", 3],
  ["listTubes", 1],
  ["listTubeUsed", 1],
  ["listTubesWatched", 1],
  ["use", 7],
  ["watch", 6],
  ["ignore", 5],
  ["pauseTube", 3],
  ["truncate", 2],
  ["deleteTube", 1],
  ["quit", 0.3],
];

const TUBES = ["default", "a", "1e2", "emails/high.prio", `long${"_".repeat(196)}`];
/** Those of them that YAML would take for a number or a word of its own. */
export const MISREAD: ReadonlySet<string> = new Set(["1e2"]);
const NEVER = Infinity;

/** A plan as most are; some are changed to bring about what would be rare, see {@link drawPlan}. */
function plainPlan(random: Random): Plan {
  const sometimes = (probability: number): number => random.chance(0.5) ? probability * 2 * random.next() : 0;
  const steps = 100 + random.below(250);
  const maxJobBytes = random.pick([0, 40, 200, 65_535]);
  return {
    steps,
    isLarge: false,
    isCoarse: random.chance(0.5),
    connections: 1 + random.below(8),
    tubes: TUBES.slice(0, random.chance(0.2) ? 1 : 1 + random.below(TUBES.length)),
    kinds: KINDS.map(([kind]) => kind),
    weights: weights(random, [random.pick(KINDS)[0], random.pick(KINDS)[0]]),
    pris: random.pick([[0], [1, 2], [1, 2, 3], [0, 1023, 1024, 4_294_967_295]]),
    delays: random.pick([[0], [0, 0, 0, 1], [0, 1, 2], [0, 0, 1, 3, 5], [0, 0, 2, 4_294_967_295]]),
    ttrs: random.pick([[1], [1, 2, 3], [0, 1, 5, 60], [2, 3, 4_294_967_295]]),
    timeouts: random.pick([[0], [0, 1], [1, 2, 3], [0, 0, 1, 4, 9]]),
    pauses: random.pick([[0, 1], [1, 2, 3], [0, 0, 4]]),
    bodySizes: [0, 1, 2, 5, 6, 7, 14, 30, 126, 127].filter((size) => size <= maxJobBytes),
    maxJobBytes,
    maxMemoryBytes: random.chance(0.12) ? 1_000 + random.below(6_000) : NEVER,
    maxConnections: random.chance(0.08) ? 3 : NEVER,
    drainsAt: random.chance(0.06) ? random.below(steps) : NEVER,
    drainsUntil: random.chance(0.5) ? random.below(steps) : NEVER,
    requeues: sometimes(0.05),
    leases: 0,
    pipelining: random.pick([1, 2, 4, 12]),
    capacities: random.pick([[NEVER], [NEVER, 2_000, 70_000], [1, 300, 5_000]]),
    journal: null,
    faults: {
      malformed: sometimes(0.05),
      hold: sometimes(0.3),
      split: sometimes(0.4),
      halfClose: sometimes(0.015),
      cut: sometimes(0.02),
      deaf: sometimes(0.03),
      late: sometimes(0.3),
      busy: sometimes(0.4),
    },
  };
}

/** Some kinds not at all, the others more or less often, the favourites often. */
function weights(random: Random, favourites: readonly Kind[]): number[] {
  return KINDS.map(([kind, weight]) => {
    if (favourites.includes(kind) && kind !== "quit") return 3 * weight;
    return random.chance(0.2) ? 0 : 2 * weight * random.next();
  });
}

/** A seed's plan. What concerns the disk is drawn from a generator of its own. */
export function drawPlan(random: Random, diskRandom: Random): Plan {
  const plan = drawMemoryPlan(random);
  const journal = drawJournalPlan(diskRandom, plan.steps, plan.isLarge);
  if (journal === null) return plan;
  const bodySizes = [...plan.bodySizes, ...journal.bodySizes];
  return { ...plan, journal, bodySizes, maxJobBytes: Math.max(plan.maxJobBytes, ...bodySizes) };
}

function drawMemoryPlan(random: Random): Plan {
  const flavour = random.next();
  const plan = plainPlan(random);
  if (flavour < 0.25) return crossing(random, plan);
  if (flavour < 0.28) return large(plan);
  if (flavour < 0.33) return heavy(random, plan);
  if (flavour < 0.36) return flooding(random, plan);
  return plan;
}

/** Many sessions wait at several tubes each, and much becomes due at the same instant. */
function crossing(random: Random, plan: Plan): Plan {
  return {
    ...plan,
    isCoarse: true,
    connections: 3 + random.below(6),
    tubes: TUBES.slice(0, 2 + random.below(3)),
    weights: weights(random, ["put", "reserveWithTimeout", "release", "watch"]),
    delays: [0, 1, 1, 2],
    timeouts: [1, 2, 4, 9],
    pris: [1, 2, 3],
    pipelining: 2,
  };
}

/** Thousands of jobs: put, taken, given back, kicked and expired at once. */
function large(plan: Plan): Plan {
  return { ...plan, isLarge: true, steps: 120, maxJobBytes: 65_535, bodySizes: [0, 3, 11] };
}

/** Bodies about the size that no longer fits a cell, and about that of the pieces of larger ones. */
function heavy(random: Random, plan: Plan): Plan {
  const large = [20_000, 65_534, 65_535, 262_142, 262_143, 300_000];
  const bodySizes = [...plan.bodySizes, 10, 100, random.pick(large), random.pick(large)];
  return { ...plan, steps: 60 + random.below(80), maxJobBytes: 300_000, maxMemoryBytes: NEVER, bodySizes };
}

/** Clients that ask for more than they read. */
function flooding(random: Random, plan: Plan): Plan {
  return {
    ...plan,
    steps: 40,
    connections: 1 + random.below(3),
    weights: weights(random, ["stats", "statsTube", "listTubes", "peek"]),
    pipelining: 400,
    capacities: [300, 5_000],
    faults: { ...plan.faults, deaf: 0.15 },
  };
}

/** The same plan with leases. What they do is drawn beside all else, so that the rest of a run begins as it did without. */
export function withLeases(plan: Plan): Plan {
  return { ...plan, leases: 0.3 };
}
