// What a micro bench measures: a stretch of equal operations on structures that are as they were when it has ended.

/** Instants are fractions of a millisecond far beyond 2^31, as a real clock gives them: whole small numbers would hide what a double costs. */
export const BENCH_NOW = 1_760_000_000_000.125;

export interface Operation {
  readonly name: string;
  /** Operations in one stretch. */
  readonly count: number;
  /** Makes ready what the stretch needs; not measured. */
  before?(): void;
  /** The stretch. What it must not be optimised away is given back. */
  run(): unknown;
  /** Puts everything back as it was before; not measured. */
  after?(): void;
}

export interface OperationGroup {
  readonly name: string;
  readonly operations: readonly Operation[];
}

/** One stretch with what goes round it; `measured` gets the stretch itself. */
export function stretch<T>(operation: Operation, measured: (run: () => unknown) => T): T {
  operation.before?.();
  const result = measured(() => operation.run());
  operation.after?.();
  return result;
}
