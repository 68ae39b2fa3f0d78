// How many bytes of the runtime's own heap some code allocates: objects, arrays, closures, boxed numbers. Memory outside that
// heap (the storage of large typed arrays) is not counted. The process must have been started by `allocationCommand`.
//
// V8 (Deno, Node): the bytes used are exact as long as nothing is collected meanwhile, so the young generation is made large. A
// collection shows as a difference below zero; such a sample is left out.
// JavaScriptCore (Bun): collection is switched off altogether; the bytes used then grow by blocks of 16 KiB, so a stretch must be
// long to show little.
import process from "node:process";
import v8 from "node:v8";

const YOUNG_MIB = 64;
const V8_FLAGS: readonly string[] = [
  `--min-semi-space-size=${YOUNG_MIB}`,
  `--max-semi-space-size=${YOUNG_MIB}`,
];

/** How to start a program (its file and arguments) in which allocation can be counted, on a runtime at this path. */
export function allocationCommand(
  runtime: "bun" | "deno" | "node",
  path: string,
  program: readonly string[],
): { command: string[]; environment: Record<string, string> } {
  switch (runtime) {
    case "bun":
      return { command: [path, ...program], environment: { BUN_JSC_useGC: "0" } };
    case "deno":
      return {
        command: [path, "run", "-A", "--no-check", `--v8-flags=${V8_FLAGS.join(",")}`, ...program],
        environment: {},
      };
    case "node":
      return { command: [path, ...V8_FLAGS, ...program], environment: {} };
  }
}

const isBun = (process.versions as Record<string, string | undefined>).bun !== undefined;

/** Bytes of the runtime's heap in use. */
export function heapBytes(): number {
  return isBun ? process.memoryUsage().heapUsed : v8.getHeapStatistics().used_heap_size;
}

/** Samples of what is allocated between two looks at the heap. */
export class AllocationMeter {
  private readonly samples: number[] = [];

  /** Runs something and notes what it allocated, less what looking costs. */
  sample(run: () => unknown): void {
    const looked = heapBytes();
    const before = heapBytes();
    run();
    const after = heapBytes();
    const bytes = after - before - (before - looked);
    if (after >= before && before >= looked && bytes >= 0) this.samples.push(bytes);
  }

  /** The middle sample: what each run allocates, without what happens once in many. */
  get usual(): number {
    const sorted = [...this.samples].sort((a, b) => a - b);
    return sorted.length === 0 ? NaN : sorted[sorted.length >> 1];
  }

  /** The smallest sample: what each run allocates at least, however the heap's blocks happen to fill up. */
  get least(): number {
    return this.samples.length === 0 ? NaN : Math.min(...this.samples);
  }

  /** The mean: with growth of tables and the like spread over all runs. */
  get mean(): number {
    return this.samples.reduce((sum, bytes) => sum + bytes, 0) / this.samples.length;
  }
}
