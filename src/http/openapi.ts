// The OpenAPI document, made from the table of routes and its schemas.

import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { VERSION } from "../runtime/version.ts";
import type { Route } from "./route.ts";

type Json = Record<string, unknown>;

const PROBLEM: Json = {
  type: "object",
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    field: { type: "string" },
  },
  required: ["type", "title", "status", "detail"],
};

/** The document of an API with these routes. */
export function openApi(routes: readonly Route[]): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Runnerbean",
      version: VERSION,
      description: "A work queue that speaks the beanstalkd protocol.",
    },
    paths,
    components: { schemas: { Problem: PROBLEM } },
  };
}

function operation(route: Route): Json {
  const { summary, scope, body, takesRaw } = route;
  const content: Json = {};
  if (body !== undefined) content["application/json"] = { schema: jsonSchema(body) };
  if (takesRaw) content["application/octet-stream"] = { schema: { type: "string", format: "binary" } };
  return {
    summary,
    "x-scope": scope,
    parameters: [...parameters(route.params, "path"), ...parameters(route.query, "query")],
    ...(body === undefined ? {} : { requestBody: { content } }),
    responses: responses(route),
  };
}

function responses({ answer, status, contentType, problems = [], params, query, body }: Route): Json {
  const good = answer === undefined
    ? contentType === undefined
      ? { "204": { description: "Done" } }
      : { "200": { description: "Done", content: { [contentType]: {} } } }
    : {
      [status ?? 200]: {
        description: "Done",
        content: { "application/json": { schema: jsonSchema(answer) } },
      },
    };
  const mayBeBad = params !== undefined || query !== undefined || body !== undefined;
  const refusals = [...(mayBeBad ? [400] : []), ...(body === undefined ? [] : [413, 415]), ...problems];
  const content = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  return {
    ...Object.fromEntries(refusals.map((code) => [code, { description: "Refused", content }])),
    ...good,
  };
}

function parameters(schema: v.GenericSchema | undefined, place: "path" | "query"): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = jsonSchema(schema) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, its]) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    schema: its,
  }));
}

function jsonSchema(schema: v.GenericSchema): Json {
  const { $schema: _, ...rest } = toJsonSchema(schema, { typeMode: "input", errorMode: "ignore" });
  return rest;
}
