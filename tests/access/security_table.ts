// The table of docs/SECURITY.md, made from what the code checks by.
import { COMMAND_RULES, type CommandRule } from "../../src/access/command_rules.ts";
import type { Route } from "../../src/http/route.ts";
import type { Measured } from "../../src/observe/metrics.ts";
import { consoleRoutes } from "../../src/http/console/console_routes.ts";
import { documentRoute } from "../../src/http/routes/documents.ts";
import { ROUTES } from "../../src/http/routes.ts";
import { observedRoutes } from "../../src/http/routes/observed.ts";
import { sessionRoutes } from "../../src/http/routes/session.ts";

/** Between these lines it stands. */
export const START = "<!-- table: commands and routes -->";
export const END = "<!-- end of table -->";

const SUBJECTS: Readonly<Record<string, string>> = {
  used: "the tube in use",
  watched: "each watched tube",
  named: "the tube named",
  job: "the job's tube",
  any: "any tube",
  all: "all tubes (`*`)",
};

const WHO: Readonly<Record<string, string>> = {
  everyone: "everybody",
  known: "any identity",
  some: "any scope",
};

const PLACES: Readonly<Record<Route["tube"], string>> = {
  param: "the tube in the path",
  body: "the tubes in the body; without any, all (`*`)",
  query: "the tube in the query; without one, all (`*`)",
  job: "the job's tube",
  lease: "the lease's tube",
  any: "all tubes (`*`)",
  own: "any tube; others are left out",
};

/** Only what the routes say of themselves is looked at: they are not called. */
const NOTHING_MEASURED = {} as Measured;

export const HTTP_ROUTES: readonly Route[] = [
  ...ROUTES,
  documentRoute(() => []),
  ...sessionRoutes(null),
  ...observedRoutes(NOTHING_MEASURED, () => Promise.resolve()),
  ...consoleRoutes,
];

function commandRow([word, { scope, subject, whenHeld }]: [string, CommandRule]): string {
  const held = whenHeld === undefined ? "" : `; ${whenHeld} for a job in hand`;
  return `| \`${word}\` | ${WHO[scope] ?? scope}${held} | ${subject === null ? "" : SUBJECTS[subject]} |`;
}

function routeRow({ method, path, scope, tube }: Route): string {
  const isOpen = scope === "none" || scope === "known";
  const target = method === "PATCH" ? ", and the one it moves to" : "";
  return `| \`${method} ${path}\` | ${
    scope === "none" ? "everybody" : scope === "known" ? "any identity" : scope
  } | ${isOpen ? "" : PLACES[tube] + target} |`;
}

/** The table, in Markdown. */
export function securityTable(): string {
  return [
    "| command | scope | for |",
    "|---|---|---|",
    ...Object.entries(COMMAND_RULES).map(commandRow),
    "",
    "| route | scope | for |",
    "|---|---|---|",
    ...HTTP_ROUTES.map(routeRow),
  ].join("\n");
}
