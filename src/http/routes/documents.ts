// The API's description of itself.

import { openApi } from "../openapi.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";
import { routesOf } from "../routes.ts";

export const documentRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/openapi.json",
    scope: "none",
    tube: "any",
    summary: "This API as an OpenAPI document",
    contentType: "application/json",
  }, ({ context }) => {
    const document = openApi(routesOf(context));
    return Promise.resolve(
      new Response(JSON.stringify(document), { headers: { "content-type": "application/json" } }),
    );
  }),
];
