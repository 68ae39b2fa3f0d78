// Workers over HTTP: reserve answers leases, and a lease's token is what a holder needs.

import * as v from "valibot";
import { route } from "../route.ts";
import type { Call, Route, RouteShape } from "../route.ts";
import * as schemas from "../schemas.ts";
import type { LeaseAct } from "../source.ts";

/** Jobs of one reserve, and tubes that it may wait at. */
const MAX_COUNT = 100;
const MAX_TUBES = 100;

const params = v.strictObject({ token: v.pipe(v.string(), v.minLength(1), v.maxLength(64)) });
const priority = v.optional(schemas.wholeNumber(0, schemas.MAX_UINT32));
const extended: v.GenericSchema<{ expiresAt: string }> = v.object({ expiresAt: v.string() });

const shape = {
  method: "POST",
  scope: "reserve",
  tube: "lease",
  params,
  problems: [409],
} as const satisfies Partial<RouteShape>;

type LeaseCall = Call<{ token: string }, unknown, unknown>;

async function act({ context, params }: LeaseCall, act: LeaseAct): Promise<void> {
  await context.source.lease(params.token, act);
}

export const leaseRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/reserve",
    scope: "reserve",
    tube: "body",
    summary: "Reserves jobs, waiting for the first one if need be; each comes with the token of its lease",
    body: v.strictObject({
      tubes: v.pipe(v.array(schemas.tubeName), v.minLength(1), v.maxLength(MAX_TUBES)),
      count: v.optional(schemas.wholeNumber(1, MAX_COUNT), 1),
      timeoutSeconds: v.optional(schemas.wholeNumber(0, schemas.MAX_WAIT_SECONDS), 0),
      body: v.optional(schemas.encoding, "text"),
    }),
    answer: schemas.leasedJobs,
    problems: [503, 507],
  }, async ({ context, body, peer, identity, signal }) => {
    const identityName = identity?.name ?? null;
    const { tubes, count, timeoutSeconds, body: encoding } = body;
    const jobs = await context.source.reserve(
      { tubes, count, timeoutSeconds, encoding, peer, identityName },
      signal,
    );
    return { jobs };
  }),

  route(
    { ...shape, path: "/v1/leases/:token/delete", summary: "Deletes the job: it is done" },
    (call) => act(call, { kind: "delete" }),
  ),

  route({
    ...shape,
    path: "/v1/leases/:token/release",
    summary: "Gives the job back, for now or later",
    body: v.strictObject({
      priority,
      delay: v.optional(schemas.wholeNumber(0, schemas.MAX_SECONDS), 0),
    }),
  }, (call) => act(call, { kind: "release", ...call.body })),

  route({
    ...shape,
    path: "/v1/leases/:token/bury",
    summary: "Buries the job, for somebody to look at",
    body: v.strictObject({ priority }),
  }, (call) => act(call, { kind: "bury", ...call.body })),

  route({
    ...shape,
    path: "/v1/leases/:token/touch",
    summary: "Begins the job's time to run anew",
    answer: extended,
  }, async ({ context, params }) => (await context.source.lease(params.token, { kind: "touch" }))!),
];
