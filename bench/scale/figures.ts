// Rows whose result is a few figures, each with a goal: a bound of its own, or one in times of the reference's figure.
import type { ServerProgram } from "../support/programs.ts";

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly goal?: Goal;
}

export interface Goal {
  /** Missed by more than this; `atLeast` turns it round. */
  readonly bound: number;
  readonly atLeast?: boolean;
  /** The bound is meant in times of what the reference shows for the same figure. */
  readonly timesReference?: boolean;
}

export interface FigureRow {
  readonly name: string;
  /** Measures one server at `size` times the usual amounts. */
  measure(program: ServerProgram, size: number): Promise<Figure[]>;
}

/** The goal in the figure's own unit, NaN where the reference was not measured; see {@link verdictOn}. */
export function boundOf(figure: Figure, reference: Figure | undefined): number {
  if (figure.goal === undefined) return NaN;
  return figure.goal.timesReference ? figure.goal.bound * (reference?.value ?? NaN) : figure.goal.bound;
}

export function verdictOn(figure: Figure, bound: number): "" | "ok" | "OVER" {
  if (Number.isNaN(bound)) return "";
  const isMet = figure.goal?.atLeast ? figure.value >= bound : figure.value <= bound;
  return isMet ? "ok" : "OVER";
}
