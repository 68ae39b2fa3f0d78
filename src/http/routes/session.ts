// Logging in to the console: a token for a cookie.

import * as v from "valibot";
import type { HttpGate } from "../access/http_gate.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";

interface Opened {
  /** Who it is; null: nobody yet, a token is wanted. */
  identity: string | null;
  /** For the header x-csrf-token of changing requests; null where none is needed. */
  csrf: string | null;
  /** Whether there is access control at all. */
  isOpen: boolean;
}

const opened: v.GenericSchema<Opened> = v.object({
  identity: v.nullable(v.string()),
  csrf: v.nullable(v.string()),
  isOpen: v.boolean(),
});

/** Without access control everybody is in. */
const EVERYBODY: Opened = { identity: "anyone", csrf: null, isOpen: true };

/** The routes of a gate; null: of a server without access control. */
export function sessionRoutes(gate: HttpGate | null): readonly Route[] {
  return [
    route({
      method: "POST",
      path: "/v1/session",
      scope: "none",
      tube: "any",
      summary: "Logs in: sets a cookie, and answers with what changing requests must carry besides",
      body: v.strictObject({ token: v.string() }),
      answer: opened,
      problems: [401, 429],
    }, ({ body, peer }) => {
      if (gate === null) return Promise.resolve(EVERYBODY);
      const { session, cookie } = gate.login(body.token, peer);
      const answer: Opened = { identity: session.identity.name, csrf: session.csrf, isOpen: false };
      return Promise.resolve(withCookie(Response.json(answer), cookie));
    }),

    route({
      method: "GET",
      path: "/v1/session",
      scope: "none",
      tube: "any",
      summary: "Who is logged in",
      answer: opened,
    }, ({ request, identity }) => {
      if (gate === null) return Promise.resolve(EVERYBODY);
      const csrf = gate.sessionOf(request)?.csrf ?? null;
      return Promise.resolve({ identity: identity?.name ?? null, csrf, isOpen: false });
    }),

    route({
      method: "DELETE",
      path: "/v1/session",
      scope: "none",
      tube: "any",
      summary: "Logs out",
    }, ({ request }) => {
      const response = new Response(null, { status: 204 });
      return Promise.resolve(gate === null ? response : withCookie(response, gate.logout(request)));
    }),
  ];
}

function withCookie(response: Response, cookie: string): Response {
  response.headers.set("set-cookie", cookie);
  response.headers.set("cache-control", "no-store");
  return response;
}
