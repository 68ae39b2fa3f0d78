// The rows of a bench that drives servers with loads. Rows that differ only in the kind of load share a server and
// its jobs: put fills the queue that reserve+delete empties, then mixed runs on what is empty again.
import type { LoadMode } from "./load_options.ts";

export interface Shape {
  readonly connections: number;
  readonly depth: number;
  readonly bodyBytes: number;
}

export interface Group {
  readonly shape: Shape;
  /** Which kinds of load are asked for. */
  readonly modes: readonly LoadMode[];
}

/** What a bench can measure: every kind of load in each of these shapes. */
export interface Catalogue {
  readonly shapes: readonly Shape[];
  /** The names of the rows that the short form keeps. */
  readonly short: RegExp;
}

const MODES: readonly LoadMode[] = ["put", "reserve-delete", "mixed"];
const CONNECTIONS: readonly number[] = [1, 50, 500];
const DEPTHS: readonly number[] = [1, 64];
const BODIES: readonly number[] = [2, 1024, 32_768];

/** Everything the wire bench has; short: one of each kind of trouble. */
export const WIRE_ROWS: Catalogue = {
  shapes: BODIES.flatMap((bodyBytes) =>
    DEPTHS.flatMap((depth) => CONNECTIONS.map((connections) => ({ connections, depth, bodyBytes })))
  ),
  short: /-(c1-d1-b2|c50-d1-b2|c500-d1-b2|c50-d64-b2|c50-d1-b1k|c50-d64-b1k|c50-d1-b32k)$/,
};

/** For example `reserve-delete-c50-d64-b1k`. */
export function rowName(mode: LoadMode, shape: Shape): string {
  const body = shape.bodyBytes >= 1024 ? `${shape.bodyBytes / 1024}k` : String(shape.bodyBytes);
  return `${mode}-c${shape.connections}-d${shape.depth}-b${body}`;
}

/** The names of all rows in these groups. */
export function rowNames(groups: readonly Group[]): string[] {
  return groups.flatMap((group) => group.modes.map((mode) => rowName(mode, group.shape)));
}

/** The groups with at least one row that a pattern finds (all rows without patterns). */
export function chooseGroups(catalogue: Catalogue, patterns: readonly string[], short: boolean): Group[] {
  const wanted = patterns.map((pattern) => new RegExp(pattern));
  const chosen = (mode: LoadMode, shape: Shape): boolean => {
    const name = rowName(mode, shape);
    if (wanted.length > 0) return wanted.some((pattern) => pattern.test(name));
    return !short || catalogue.short.test(name);
  };
  return catalogue.shapes
    .map((shape) => ({ shape, modes: MODES.filter((mode) => chosen(mode, shape)) }))
    .filter((group) => group.modes.length > 0);
}
