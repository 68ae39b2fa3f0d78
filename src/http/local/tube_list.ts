// A page of the list of tubes: one walk over all tubes keeps the best rows so far, so that nothing is sorted as a whole. A
// page goes on behind the last row of the one before it, by what that row was sorted by.

import { Glob } from "../../core/glob.ts";
import type { Tube as CoreTube } from "../../core/tube.ts";
import type { Inspector } from "../../server/inspector.ts";
import { badField } from "../problem.ts";
import type { TubeQuery, TubeSort } from "../source.ts";
import type { Shown } from "./shown.ts";
import { nameOf } from "./shown.ts";

/** Tubes between two looks at the clock. */
const TUBES_PER_LOOK = 32;

interface Row {
  readonly tube: CoreTube;
  readonly name: string;
  /** What it is sorted by before its name; 0 when that is the name alone. */
  readonly key: number;
}

export class TubeList {
  /** Tubes that match, on all pages. */
  total = 0;
  /** The best rows, in order; one more than fit on the page. */
  readonly rows: Row[] = [];
  readonly #inspector: Inspector;
  readonly #shown: Shown;
  readonly #query: TubeQuery;
  readonly #match: Glob;
  readonly #after: { readonly key: number; readonly name: string } | null;
  #tubes: readonly CoreTube[] | null = null;
  #at = 0;

  constructor(inspector: Inspector, shown: Shown, query: TubeQuery) {
    this.#inspector = inspector;
    this.#shown = shown;
    this.#query = query;
    this.#match = new Glob(query.match);
    this.#after = query.cursor === null ? null : readCursor(query.cursor);
  }

  /** Goes on; true when all tubes were seen. */
  goOn(now: number, isTimeUp: () => boolean): boolean {
    this.#tubes ??= this.#inspector.tubes.slice();
    const tubes = this.#tubes;
    for (; this.#at < tubes.length; this.#at++) {
      if (this.#at % TUBES_PER_LOOK === 0 && isTimeUp()) {
        if (this.#at > 0) return false;
      }
      this.#see(tubes[this.#at], now);
    }
    return true;
  }

  /** Where the next page begins. */
  get next(): string | null {
    const { limit } = this.#query;
    if (this.rows.length <= limit) return null;
    const { key, name } = this.rows[limit - 1];
    return `${key}:${name}`;
  }

  #see(tube: CoreTube, now: number): void {
    if (!this.#inspector.isThere(tube)) return;
    const { filter, sort, limit } = this.#query;
    if (!this.#match.isAll && !this.#match.fits(tube.name)) return;
    if (filter === "problems" && !this.#hasProblem(tube, now)) return;
    this.total++;
    const row = { tube, name: nameOf(tube), key: this.#keyOf(sort, tube, now) };
    if (this.#after !== null && this.#compare(row, this.#after) <= 0) return;
    const { rows } = this;
    if (rows.length > limit && this.#compare(row, rows[limit]) > 0) return;
    rows.splice(this.#placeOf(row), 0, row);
    if (rows.length > limit + 1) rows.pop();
  }

  #placeOf(row: Row): number {
    const { rows } = this;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(rows[middle], row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** By key in the direction asked for, then by name; names alone go in that direction too. */
  #compare(a: { key: number; name: string }, b: { key: number; name: string }): number {
    const { isDescending, sort } = this.#query;
    const sign = isDescending ? -1 : 1;
    if (a.key !== b.key) return sign * (a.key - b.key);
    const byName = a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
    return sort === "name" ? sign * byName : byName;
  }

  #keyOf(sort: TubeSort, tube: CoreTube, now: number): number {
    switch (sort) {
      case "ready":
        return tube.ready.length;
      case "delayed":
        return tube.delayed.length;
      case "reserved":
        return tube.reservedCount;
      case "buried":
        return tube.buried.length;
      case "waiting":
        return tube.waitingCount;
      case "oldest":
        return this.#shown.oldestReadySeconds(tube, now) ?? -1;
      default:
        return 0;
    }
  }

  /** Buried jobs, a pause, ready jobs and nobody watching, or one that has been ready for long. */
  #hasProblem(tube: CoreTube, now: number): boolean {
    if (tube.buried.length > 0 || tube.isPaused) return true;
    if (tube.ready.length === 0) return false;
    if (tube.watchingCount === 0) return true;
    return (this.#shown.oldestReadySeconds(tube, now) ?? 0) >= this.#query.oldSeconds;
  }
}

function readCursor(text: string): { key: number; name: string } {
  const match = /^(-?\d+(?:\.\d+)?):(.+)$/.exec(text);
  if (match === null) throw badField("cursor", "it is not one that a page ended with");
  return { key: Number(match[1]), name: match[2] };
}
