// The app: every route of the table with the checks that its schemas ask for. It knows no runtime; an adapter hands it
// requests, with what only the runtime knows of a connection as their environment.

import { Hono } from "hono";
import * as v from "valibot";
import type { Context } from "./context.ts";
import { badField, internalError, notFound, Problem } from "./problem.ts";
import { describeError } from "./rate_limited_log.ts";
import { isJson, readBytes, readJson } from "./request_body.ts";
import type { AcceptSocket, Call, Route } from "./route.ts";
import { routesOf } from "./routes.ts";

/** What the runtime knows of the connection that a request came by. */
export interface Env {
  /** The peer's address, if it is known. */
  readonly peer: string | null;
  /** Aborts when the client goes away before its answer. */
  readonly signal: AbortSignal;
  /** Makes the connection a WebSocket; null when the request asks for none. */
  upgrade(accept: AcceptSocket): Response | null;
}

/** An app over a queue. `app.fetch(request, env)` answers one request. */
export type App = Hono<{ Bindings: Env }>;

/** Puts the app together. */
export function createApp(context: Context): App {
  const app: App = new Hono<{ Bindings: Env }>();
  const routes = routesOf(context);
  for (const route of routes) {
    app.on(route.method, route.path, async (c) => {
      const answer = await answerTo(
        context,
        route,
        c.req.raw,
        c.req.param() as Record<string, string>,
        c.env,
      );
      return answer;
    });
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map((route) => route.method);
    app.all(path, (c) => {
      throw new Problem(405, `${c.req.path} takes ${methods.join(", ")}`, {
        headers: { allow: methods.join(", ") },
      });
    });
  }
  app.notFound((c) => notFound(`page ${c.req.path}`).response());
  app.onError((error, c) => {
    if (error instanceof Problem) {
      error.report(context.refusals, c.env.peer);
      return error.response();
    }
    // A bug, or a server that has failed: said where an operator looks, not to the client.
    context.log.say("failed", `${c.req.method} ${c.req.path} failed: ${describeError(error)}`);
    return internalError();
  });
  return app;
}

async function answerTo(
  context: Context,
  route: Route,
  request: Request,
  params: Record<string, string>,
  env: Env,
): Promise<Response> {
  const read = new Reading(context, route, request, params);
  const admission = await context.gate?.admit(request, route, env.peer, () => read.tubes()) ?? null;
  const call: Call<unknown, unknown, unknown> = {
    context,
    params: read.params(),
    query: read.query(),
    body: await read.body(),
    request,
    peer: env.peer,
    who: admission?.name ?? env.peer ?? "anyone",
    identity: admission?.identity ?? null,
    get signal() {
      return admission?.held(env.signal) ?? env.signal; // asked for only by those that wait: it is not free on every runtime
    },
    upgrade: (accept) => env.upgrade(accept),
  };
  const answer = await route.run(call).finally(() => {
    if (!isStream(route)) admission?.release();
  });
  if (answer instanceof Response) return answer;
  if (route.answer === undefined) return new Response(null, { status: 204 });
  return new Response(JSON.stringify(answer), {
    status: route.status ?? 200,
    headers: { "content-type": "application/json", "cache-control": "no-store" },
  });
}

/** Whether the answer may go on when the route is done; its signal tells when it is over. */
function isStream({ contentType }: Route): boolean {
  return contentType === "text/event-stream";
}

/** What a request says, each part read and checked once, when it is asked for. */
class Reading {
  readonly #context: Context;
  readonly #route: Route;
  readonly #request: Request;
  readonly #params: Record<string, string>;
  #body: Promise<unknown> | null = null;

  constructor(context: Context, route: Route, request: Request, params: Record<string, string>) {
    this.#context = context;
    this.#route = route;
    this.#request = request;
    this.#params = params;
  }

  params(): unknown {
    return checked(this.#route.params, this.#params);
  }

  query(): unknown {
    const query: Record<string, string> = {};
    for (const [name, value] of new URL(this.#request.url).searchParams) {
      if (Object.hasOwn(query, name)) throw badField(name, "it is given twice");
      query[name] = value;
    }
    return checked(this.#route.query ?? NO_QUERY, query);
  }

  body(): Promise<unknown> {
    return this.#body ??= this.#readBody();
  }

  async #readBody(): Promise<unknown> {
    const { body, takesRaw } = this.#route;
    const request = this.#request;
    if (takesRaw && !isJson(request.headers.get("content-type"))) {
      return await readBytes(request, this.#context.source.maxJobBytes);
    }
    if (body === undefined) return undefined;
    return checked(body, (await readJson(request)) ?? {});
  }

  /** The tubes that the request concerns. */
  async tubes(): Promise<readonly string[]> {
    const { source } = this.#context;
    const params = this.params() as { tube?: string; id?: number; token?: string };
    switch (this.#route.tube) {
      case "param":
        return listed(params.tube);
      case "query":
        return listed((this.query() as { tube?: string }).tube);
      case "body": {
        const body = await this.body() as { tube?: string; tubes?: string[]; match?: { tube?: string } };
        if (body.match !== undefined && body.match.tube === undefined) return []; // it matches in all of them
        return [...listed(body.tube), ...(body.tubes ?? []), ...listed(body.match?.tube)];
      }
      case "job":
        return [...listed(await source.tubeOfJob(params.id!)), ...await this.#targets()];
      case "lease":
        return listed(await source.tubeOfLease(params.token!));
      default:
        return [];
    }
  }

  /** Where a job is to be moved. */
  async #targets(): Promise<readonly string[]> {
    if (this.#route.body === undefined) return [];
    return listed((await this.body() as { tube?: string }).tube);
  }
}

const NO_QUERY: v.GenericSchema = v.strictObject({});

function listed(name: string | null | undefined): string[] {
  return name === null || name === undefined ? [] : [name];
}

/** The value as the schema reads it, or a problem that names the field. */
function checked(schema: v.GenericSchema | undefined, value: unknown): unknown {
  if (schema === undefined) return undefined;
  const read = v.safeParse(schema, value);
  if (read.success) return read.output;
  const [issue] = read.issues;
  const path = v.getDotPath(issue);
  const isUnknown = issue.type === "strict_object" && issue.expected === "never";
  throw badField(path ?? "body", isUnknown ? "it is not known here" : messageOf(issue));
}

function messageOf(issue: v.BaseIssue<unknown>): string {
  if (issue.received === "undefined") return "it is missing";
  const { message } = issue;
  return message.startsWith("Invalid") ? `${issue.expected ?? "something else"} is expected` : message;
}
