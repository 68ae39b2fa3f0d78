// What is observed: live events, metrics, history for charts.

import * as v from "valibot";
import { Glob } from "../../core/glob.ts";
import { CONTENT_TYPES, Exposition, formatFor } from "../../observe/exposition.ts";
import { type HistoryPoint, STEPS } from "../../observe/history.ts";
import { TRANSITION_STATES } from "../../observe/live_events.ts";
import { type Measured, writeMetrics } from "../../observe/metrics.ts";
import { eventsResponse } from "../event_stream.ts";
import { Problem } from "../problem.ts";
import { type Route, route } from "../route.ts";
import * as schemas from "../schemas.ts";

/** A slice of a scrape: then others have their turn, in milliseconds. */
const SLICE_MS = 2;

const span = v.optional(v.picklist(["hour", "day"] as const), "hour");
const count = v.number();
const times = v.nullable(v.number());
const history = v.object({
  stepSeconds: count,
  points: v.array(v.object({
    at: v.string(),
    put: count,
    reserved: count,
    deleted: count,
    released: count,
    buried: count,
    timeouts: count,
    ready: count,
    waitP50Ms: times,
    waitP99Ms: times,
    runP50Ms: times,
    runP99Ms: times,
  })),
});

/** States written one after the other with commas between; none stands for all. */
const states = v.pipe(
  v.string(),
  v.maxLength(100),
  v.transform((text) => text.split(",")),
  v.array(v.picklist(TRANSITION_STATES, `states are ${TRANSITION_STATES.join(", ")}`)),
);

/** Routes of a server that is observed. `rest` gives others their turn. */
export function observedRoutes(measured: Measured, rest: () => Promise<void>): readonly Route[] {
  const { observation, live } = measured;
  return [
    route({
      method: "GET",
      path: "/v1/events",
      scope: "read",
      tube: "own",
      summary: "Live events: tubes that changed and the server once a second, transitions of jobs on request",
      query: v.strictObject({
        tubes: v.optional(schemas.glob, "*"),
        jobs: v.optional(schemas.flag, "0"),
        states: v.optional(states),
      }),
      contentType: "text/event-stream",
      problems: [503],
    }, ({ query, signal, identity }) => {
      const wanted = query.jobs ? query.states ?? TRANSITION_STATES : [];
      const glob = new Glob(query.tubes);
      const matches = (tube: string): boolean =>
        glob.fitsText(tube) && (identity === null || identity.may("read", tube));
      const interest = { matches, states: new Set(wanted) };
      const response = eventsResponse(live, interest, signal);
      if (response === null) {
        throw new Problem(503, "as many clients hear live events as may", {
          retryAfter: 10,
          refusal: "http-events",
        });
      }
      return Promise.resolve(response);
    }),

    route({
      method: "GET",
      path: "/metrics",
      scope: "read",
      tube: "any",
      summary: "Metrics for Prometheus, or OpenMetrics if the client prefers it",
      contentType: "text/plain",
    }, async ({ request }) => {
      const format = formatFor(request.headers.get("accept"));
      const text = new Exposition(format);
      await inSlices(writeMetrics(text, measured), rest);
      return new Response(text.end(), {
        headers: { "content-type": CONTENT_TYPES[format], "cache-control": "no-store", vary: "accept" },
      });
    }),

    route({
      method: "GET",
      path: "/v1/tubes/:tube/history",
      scope: "read",
      tube: "param",
      summary: "What happened in a tube in the last hour or day, in steps",
      params: v.object({ tube: schemas.tubeName }),
      query: v.strictObject({ span }),
      answer: history,
      problems: [404],
    }, async ({ context, params, query }) => {
      const points = observation.history(params.tube, query.span);
      if (points.length === 0) await context.source.tube(params.tube); // refuses when there is none
      return shown(query.span, points);
    }),

    route({
      method: "GET",
      path: "/v1/history",
      scope: "read",
      tube: "any",
      summary: "What happened in all tubes together",
      query: v.strictObject({ span }),
      answer: history,
    }, ({ query }) => Promise.resolve(shown(query.span, observation.history("", query.span)))),
  ];
}

function shown(span: "hour" | "day", points: readonly HistoryPoint[]): v.InferOutput<typeof history> {
  return {
    stepSeconds: STEPS[span].stepMs / 1000,
    points: points.map((point) => ({ ...point, at: new Date(point.at).toISOString() })),
  };
}

async function inSlices(work: Generator<void, void, void>, rest: () => Promise<void>): Promise<void> {
  let until = performance.now() + SLICE_MS;
  while (!work.next().done) {
    if (performance.now() < until) continue;
    await rest();
    until = performance.now() + SLICE_MS;
  }
}
