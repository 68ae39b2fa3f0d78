// Serves the console: one page for all of its addresses, and the files that it asks for. Nothing of it is secret, so it
// needs no rights; what it shows comes from the API. That it may run nothing but these files is said with every answer
// (access/answer_headers.ts).

import * as v from "valibot";
import { notFound } from "../problem.ts";
import { type Route, route } from "../route.ts";
import type { Asset } from "./asset.ts";
import { ASSETS } from "./assets.ts";

export const consoleRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/console/assets/:file",
    scope: "none",
    tube: "any",
    summary: "A file of the console",
    params: v.strictObject({ file: v.string() }),
    contentType: "application/octet-stream",
    problems: [404],
  }, ({ params, request }) => {
    if (!Object.hasOwn(ASSETS, params.file)) throw notFound(`file ${params.file}`);
    return Promise.resolve(answer(ASSETS[params.file], request));
  }),
  page("/"),
  page("/console"),
  page("/console/*"),
];

function page(path: string): Route {
  return route({
    method: "GET",
    path,
    scope: "none",
    tube: "any",
    summary: "The console",
    query: v.record(v.string(), v.string()), // the page reads its address itself
    contentType: "text/html",
  }, ({ request }) => Promise.resolve(answer(ASSETS["index.html"], request)));
}

function answer({ type, etag, text }: Asset, request: Request): Response {
  const headers = {
    "content-type": type,
    etag,
    "cache-control": "no-cache", // kept, and asked for again each time: a new version shows at once
  };
  const isKnown = request.headers.get("if-none-match")?.includes(etag) === true;
  return isKnown ? new Response(null, { status: 304, headers }) : new Response(text, { headers });
}
