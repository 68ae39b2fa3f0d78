// The table of all routes. What is not in it does not exist: routing, rights, checks and the OpenAPI document are made from it.

import { consoleRoutes } from "./console/console_routes.ts";
import type { Context } from "./context.ts";
import type { Route } from "./route.ts";
import { documentRoute } from "./routes/documents.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { leaseRoutes } from "./routes/leases.ts";
import { matchRoutes } from "./routes/matches.ts";
import { serverRoutes } from "./routes/server.ts";
import { tubeRoutes } from "./routes/tubes.ts";
import { wireRoutes } from "./routes/wire.ts";

/** The API's own routes, but for its document. */
export const ROUTES: readonly Route[] = [
  ...serverRoutes,
  ...tubeRoutes,
  ...jobRoutes,
  ...matchRoutes,
  ...leaseRoutes,
  ...wireRoutes,
];

/** All routes of an app: the API's own, those that it is given, the console's, and the document that tells of them. */
export function routesOf(context: Context): readonly Route[] {
  const all: Route[] = [...ROUTES, ...context.more, ...consoleRoutes];
  all.push(documentRoute(() => all));
  return all;
}
