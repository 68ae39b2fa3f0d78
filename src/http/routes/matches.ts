// Searches in all jobs, and acts on all that match.

import * as v from "valibot";
import type { Context } from "../context.ts";
import { badField } from "../problem.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";
import * as schemas from "../schemas.ts";
import type { Action, ActOutcome, JobMatch } from "../source.ts";

/** Longest text that bodies are searched for, in characters. */
const MAX_QUERY = 1000;
const MANY = Number.MAX_SAFE_INTEGER;
const encoder = new TextEncoder();

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_QUERY));

/** Attributes that are numbers, the same in a query as text and in a body as numbers. */
function numbers<T extends v.GenericSchema<string, number> | v.GenericSchema<number, number>>(
  number: (min: number, max: number) => T,
): Record<keyof typeof ATTRIBUTES, v.OptionalSchema<T, undefined>> {
  const entries = Object.entries(ATTRIBUTES).map(([name, max]) => [name, v.optional(number(0, max))]);
  return Object.fromEntries(entries);
}

const ATTRIBUTES = {
  minAgeSeconds: MANY,
  maxAgeSeconds: MANY,
  minBytes: MANY,
  maxBytes: MANY,
  minPriority: schemas.MAX_UINT32,
  maxPriority: schemas.MAX_UINT32,
  minReserves: MANY,
  minTimeouts: MANY,
  minReleases: MANY,
  minBuries: MANY,
  minKicks: MANY,
};

/** What is the same in both. */
const words = {
  tube: v.optional(schemas.tubeName),
  state: v.optional(schemas.state),
  q: v.optional(text),
};

type Said = Omit<JobMatch, "bytes"> & { readonly q?: string };

function matchOf({ q, ...rest }: Said): JobMatch {
  return q === undefined ? rest : { ...rest, bytes: encoder.encode(q) };
}

const action = v.picklist(["delete", "kick", "move", "bury"]);
const done: v.GenericSchema<ActOutcome> = v.object({
  count: v.number(),
  failed: v.number(),
  isDone: v.boolean(),
});

export const matchRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/search",
    scope: "read",
    tube: "query",
    summary: "Jobs by text in their bodies and by attributes, in no order; a page may be short of its limit",
    query: v.strictObject({
      ...words,
      ...numbers(schemas.numberText),
      limit: v.optional(schemas.limit, "50"),
      cursor: v.optional(schemas.cursor),
      body: v.optional(schemas.view, "none"),
      preview: v.optional(schemas.numberText(0, 65_536), "200"),
    }),
    answer: schemas.searchPage,
  }, ({ context, query, signal }) => {
    const { limit, cursor = null, body, preview, ...match } = query;
    const view = { encoding: body, maxBytes: preview };
    return context.source.search({ match: matchOf(match), limit, cursor, view }, signal);
  }),

  route({
    method: "POST",
    path: "/v1/actions",
    scope: "admin",
    tube: "body",
    summary:
      "Does the same with all jobs that match, if there are as many as expected; without expectedCount they are only counted. Reserved ones are left alone",
    body: v.strictObject({
      match: v.strictObject({ ...words, ...numbers(schemas.wholeNumber) }),
      action,
      tube: v.optional(schemas.tubeName),
      expectedCount: v.optional(schemas.wholeNumber(0, MANY)),
    }),
    answer: done,
    problems: [409],
  }, async ({ context, body, signal, who }) => {
    const outcome = await context.source.act(
      matchOf(body.match),
      actionOf(body.action, body.tube),
      body.expectedCount ?? null,
      signal,
    );
    if (outcome.isDone) note(context, who, body.action, body.match, outcome);
    return outcome;
  }),
];

function actionOf(kind: v.InferOutput<typeof action>, tube: string | undefined): Action {
  if (kind !== "move") {
    if (tube !== undefined) throw badField("tube", `${kind} takes none; the tube of the jobs is match.tube`);
    return { kind };
  }
  if (tube === undefined) throw badField("tube", "it is missing");
  return { kind, tube };
}

function note(
  { audit }: Context,
  who: string,
  kind: string,
  match: Said,
  { count, failed }: ActOutcome,
): void {
  const outcome = failed === 0 ? "done" : `${failed} could not be had`;
  audit.note(who, kind, `jobs with ${JSON.stringify(match)}`, count, outcome);
}
