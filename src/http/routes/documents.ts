// The API's description of itself.

import { openApi } from "../openapi.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";

/** `all` are the routes to describe; the document is made when it is first asked for. */
export function documentRoute(all: () => readonly Route[]): Route {
  let text: string | null = null;
  return route({
    method: "GET",
    path: "/openapi.json",
    scope: "none",
    tube: "any",
    summary: "This API as an OpenAPI document",
    contentType: "application/json",
  }, () => {
    text ??= JSON.stringify(openApi(all()));
    return Promise.resolve(new Response(text, { headers: { "content-type": "application/json" } }));
  });
}
