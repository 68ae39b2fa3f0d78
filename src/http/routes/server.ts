// The server as a whole, its connections, its audit log, and whether it lives.

import * as v from "valibot";
import { route } from "../route.ts";
import type { Route } from "../route.ts";
import * as schemas from "../schemas.ts";

const drained: v.GenericSchema<{ isDraining: boolean }> = v.object({ isDraining: v.boolean() });
const health: v.GenericSchema<{ state: string }> = v.object({ state: v.string() });
const readiness: v.GenericSchema<{ state: string; percent: number }> = v.object({
  state: v.string(),
  percent: v.number(),
});

export const serverRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/server",
    scope: "read",
    tube: "any",
    summary: "The server: version, counts, memory, event loop",
    answer: schemas.serverInfo,
  }, ({ context }) => context.source.server()),

  route({
    method: "POST",
    path: "/v1/server/drain",
    scope: "admin",
    tube: "any",
    summary: "Accepts no more jobs, or accepts them again",
    body: v.strictObject({ on: v.boolean() }),
    answer: drained,
  }, async ({ context, body, who }) => {
    const isDraining = await context.source.drain(body.on);
    context.audit.note(who, "drain", "server", null, body.on ? "on" : "off");
    return { isDraining };
  }),

  route({
    method: "GET",
    path: "/v1/connections",
    scope: "admin",
    tube: "any",
    summary: "Connections and what each holds",
    query: v.strictObject({
      limit: v.optional(schemas.limit, "100"),
      cursor: v.optional(schemas.cursor),
    }),
    answer: schemas.connectionPage,
  }, ({ context, query }) => context.source.connections(query.limit, query.cursor ?? null)),

  route({
    method: "GET",
    path: "/v1/audit",
    scope: "admin",
    tube: "any",
    summary: "Destructive acts, the newest first",
    query: v.strictObject({ limit: v.optional(schemas.limit, "100") }),
    answer: schemas.auditEntries,
  }, ({ context, query }) => Promise.resolve({ entries: context.audit.latest(query.limit) })),

  route({
    method: "GET",
    path: "/healthz",
    scope: "none",
    tube: "any",
    summary: "The process lives",
    answer: health,
  }, () => Promise.resolve({ state: "alive" })),

  route({
    method: "GET",
    path: "/readyz",
    scope: "none",
    tube: "any",
    summary: "The jobs are back and the server serves; 503 with the progress in per cent before",
    answer: readiness,
    problems: [503],
  }, () => Promise.resolve({ state: "ready", percent: 100 })),
];
