// One route of the API, as the table has it: from it come the app's routing, who may call it, the checks of what a
// request says, and the OpenAPI document.

import type * as v from "valibot";
import type { Identity } from "../access/identity.ts";
import type { Context } from "./context.ts";

/** What a caller must be allowed to; "known": any identity will do; "none": everybody may. */
export type Scope = "put" | "reserve" | "read" | "admin" | "known" | "none";

/**
 * Where a route's tube comes from, for rights that are given per tube: the path, the JSON body's `tube` or `tubes`, the
 * query's `tube`, the job or the lease in the path. `any`: it concerns no tube or all of them. `own`: it tells of the tubes for
 * which the caller has the scope, and of no other.
 */
export type TubeFrom = "param" | "body" | "query" | "job" | "lease" | "any" | "own";

/** What a request came with, checked. */
export interface Call<P, Q, B> {
  readonly context: Context;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly request: Request;
  /** The peer's address, if it is known. */
  readonly peer: string | null;
  /** Who calls; null without access control, and for strangers. */
  readonly identity: Identity | null;
  /** The name for the audit log, which makes do with an address. */
  readonly who: string;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** Makes the connection a WebSocket; null when the request asks for none. */
  upgrade(accept: AcceptSocket): Response | null;
}

/** A WebSocket on the runtime's side. */
export interface WireSocket {
  /** Takes the bytes over. */
  send(bytes: Uint8Array): void;
  /** Bytes that were taken over and have not left yet. */
  bufferedAmount(): number;
  /** Stops reading: what comes waits with the peer. A rest of what has come may still be passed on. */
  pause(): void;
  resume(): void;
  close(code: number, reason: string): void;
}

/** A WebSocket on our side. */
export interface WireEvents {
  received(bytes: Uint8Array): void;
  /** Something that was sent has left. */
  sent(): void;
  closed(): void;
}

export type AcceptSocket = (socket: WireSocket) => WireEvents;

export interface RouteShape {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** With `:name` for what varies. */
  readonly path: string;
  readonly scope: Scope;
  readonly tube: TubeFrom;
  readonly summary: string;
  readonly params?: v.GenericSchema;
  readonly query?: v.GenericSchema;
  /** JSON; with `takesRaw` any other content type is handed over as bytes. */
  readonly body?: v.GenericSchema;
  readonly takesRaw?: boolean;
  /** Status of the answer when all went well; default 200, 204 without an answer. */
  readonly status?: 200 | 201;
  readonly answer?: v.GenericSchema;
  /** What else it may answer with: statuses of problems. */
  readonly problems?: readonly number[];
  /** Answers with a document of its own content type (or a stream) instead of JSON. */
  readonly contentType?: string;
}

/** A route; what it answers is sent as JSON, or as it is when it is a Response. */
export interface Route extends RouteShape {
  run(call: Call<unknown, unknown, unknown>): Promise<unknown>;
}

type Read<S> = S extends v.GenericSchema ? v.InferOutput<S> : undefined;

type AnswerOf<S> = S extends { answer: v.GenericSchema } ? v.InferOutput<S["answer"]> | Response
  : S extends { contentType: string } ? Response
  : void | Response;

/** Makes a row of the table: what `run` gets is what the schemas say. */
export function route<const S extends RouteShape>(
  shape: S,
  run: (
    call: Call<
      Read<S["params"]>,
      Read<S["query"]>,
      S extends { takesRaw: true } ? Read<S["body"]> | Uint8Array : Read<S["body"]>
    >,
  ) => Promise<AnswerOf<S>>,
): Route {
  return { ...shape, run: run as unknown as Route["run"] };
}
