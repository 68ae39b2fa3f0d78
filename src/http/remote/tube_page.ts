// A page of tubes whose figures are all at hand.

import { Glob } from "../../core/glob.ts";
import type { Tube, TubePage } from "../model.ts";
import { badField } from "../problem.ts";
import type { TubeQuery, TubeSort } from "../source.ts";

export function tubePage(all: readonly Tube[], query: TubeQuery): TubePage {
  const { filter, limit, cursor } = query;
  const match = new Glob(query.match);
  const from = cursor === null ? 0 : placeOf(cursor);
  const tubes = all.filter((tube) => match.fitsText(tube.name) && (filter === "all" || hasProblem(tube)))
    .sort((a, b) => compare(a, b, query));
  return {
    tubes: tubes.slice(from, from + limit),
    total: tubes.length,
    next: from + limit < tubes.length ? String(from + limit) : null,
  };
}

function placeOf(cursor: string): number {
  if (!/^\d{1,9}$/.test(cursor)) throw badField("cursor", "it is not one that a page ended with");
  return Number(cursor);
}

function compare(a: Tube, b: Tube, { sort, isDescending }: TubeQuery): number {
  const sign = isDescending ? -1 : 1;
  const byKey = keyOf(a, sort) - keyOf(b, sort);
  if (byKey !== 0) return sign * byKey;
  const byName = a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
  return sort === "name" ? sign * byName : byName;
}

function keyOf(tube: Tube, sort: TubeSort): number {
  return sort === "name" || sort === "oldest" ? 0 : tube[sort];
}

/** Buried jobs, a pause, or ready jobs and nobody watching; ages are not known here. */
function hasProblem(tube: Tube): boolean {
  return tube.buried > 0 || tube.pause !== null || (tube.ready > 0 && tube.watching === 0);
}
