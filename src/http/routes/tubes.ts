// Tubes, and the jobs of a tube.

import * as v from "valibot";
import { fingerprintOf } from "../put_memory.ts";
import { bytesOfInput } from "../job_text.ts";
import { badField } from "../problem.ts";
import { route } from "../route.ts";
import type { Call, Route } from "../route.ts";
import * as schemas from "../schemas.ts";
import type { PutNumbers } from "../source.ts";

const params = v.strictObject({ tube: schemas.tubeName });
const counted: v.GenericSchema<{ count: number }> = v.object({ count: v.number() });
const inserted: v.GenericSchema<{ id: number }> = v.object({ id: v.number() });

const body = {
  body: v.optional(v.string()),
  json: v.optional(v.unknown()),
  base64: v.optional(v.string()),
  hex: v.optional(v.string()),
};

const listRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/tubes",
    scope: "read",
    tube: "any",
    summary: "Tubes with their counts",
    query: v.strictObject({
      match: v.optional(schemas.glob, "*"),
      filter: v.optional(v.picklist(["all", "problems"]), "all"),
      sort: v.optional(
        v.picklist(["name", "ready", "delayed", "reserved", "buried", "waiting", "oldest"]),
        "name",
      ),
      desc: v.optional(schemas.flag, "0"),
      oldSeconds: v.optional(schemas.seconds, "60"),
      limit: v.optional(schemas.limit, "100"),
      cursor: v.optional(schemas.cursor),
    }),
    answer: schemas.tubePage,
  }, ({ context, query, signal }) => {
    const { desc, cursor = null, ...rest } = query;
    return context.source.tubes({ ...rest, isDescending: desc, cursor }, signal);
  }),

  route({
    method: "GET",
    path: "/v1/tubes/:tube",
    scope: "read",
    tube: "param",
    summary: "A tube with its counts",
    params,
    answer: schemas.tube,
    problems: [404],
  }, ({ context, params }) => context.source.tube(params.tube)),

  route({
    method: "DELETE",
    path: "/v1/tubes/:tube",
    scope: "admin",
    tube: "param",
    summary: "Deletes a tube with its jobs; 409 while somebody uses or watches it or holds one of its jobs",
    params,
    problems: [404, 409],
  }, async ({ context, params, who }) => {
    await context.source.deleteTube(params.tube);
    context.audit.note(who, "delete-tube", params.tube, null);
  }),
];

const actRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/tubes/:tube/truncate",
    scope: "admin",
    tube: "param",
    summary: "Deletes a tube's jobs, all or those in some states; reserved ones stay",
    params,
    body: v.strictObject({
      states: v.optional(v.pipe(v.array(v.picklist(["ready", "delayed", "buried"])), v.minLength(1))),
    }),
    answer: counted,
    problems: [404],
  }, async ({ context, params, body, who }) => {
    const states = body.states ?? ["ready", "delayed", "buried"];
    const count = await context.source.truncate(params.tube, states);
    context.audit.note(who, "truncate", `${params.tube} ${states.join(" ")}`, count);
    return { count };
  }),

  route({
    method: "POST",
    path: "/v1/tubes/:tube/pause",
    scope: "admin",
    tube: "param",
    summary: "Holds a tube's jobs back for some seconds; 0 ends a pause",
    params,
    body: v.strictObject({ seconds: schemas.wholeNumber(0, schemas.MAX_SECONDS) }),
    answer: schemas.tube,
    problems: [404],
  }, async ({ context, params, body, who }) => {
    const tube = await context.source.pause(params.tube, body.seconds);
    context.audit.note(who, "pause", params.tube, body.seconds);
    return tube;
  }),

  route({
    method: "POST",
    path: "/v1/tubes/:tube/kick",
    scope: "admin",
    tube: "param",
    summary: "Makes buried jobs ready, or delayed ones if none is buried",
    params,
    body: v.strictObject({ count: schemas.wholeNumber(1, schemas.MAX_UINT32) }),
    answer: counted,
    problems: [404],
  }, async ({ context, params, body, who }) => {
    const count = await context.source.kick(params.tube, body.count);
    context.audit.note(who, "kick", params.tube, count);
    return { count };
  }),
];

const putNumbers = {
  priority: v.optional(schemas.wholeNumber(0, schemas.MAX_UINT32)),
  delay: v.optional(schemas.wholeNumber(0, schemas.MAX_SECONDS)),
  ttr: v.optional(schemas.wholeNumber(1, schemas.MAX_SECONDS)),
};

const jobRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/tubes/:tube/jobs",
    scope: "read",
    tube: "param",
    summary: "A tube's jobs in one state, in the order in which they come next",
    params,
    query: v.strictObject({
      state: v.optional(schemas.state, "ready"),
      limit: v.optional(schemas.limit, "50"),
      cursor: v.optional(schemas.cursor),
      body: v.optional(schemas.view, "none"),
      preview: v.optional(schemas.numberText(0, 65_536), "200"),
    }),
    answer: schemas.jobPage,
    problems: [404],
  }, ({ context, params, query }) => {
    const { state, limit, cursor = null, body, preview } = query;
    const view = { encoding: body, maxBytes: preview };
    return context.source.jobs(params.tube, { state, limit, cursor, view });
  }),

  route({
    method: "POST",
    path: "/v1/tubes/:tube/jobs",
    scope: "put",
    tube: "param",
    summary: "Puts a job: a JSON document that says it all, or any other content type as the body itself. " +
      "With Idempotency-Key the same put is answered the same for ten minutes and puts nothing more",
    params,
    query: v.strictObject({
      priority: v.optional(schemas.priorityText),
      delay: v.optional(schemas.seconds),
      ttr: v.optional(schemas.numberText(1, schemas.MAX_SECONDS)),
    }),
    body: v.strictObject({ ...body, ...putNumbers }),
    takesRaw: true,
    status: 201,
    answer: inserted,
    problems: [413, 422, 503, 507],
  }, putJob),
];

type PutInput = Partial<PutNumbers> & { body?: string; json?: unknown; base64?: string; hex?: string };

async function putJob(
  { context, params, query, body, request, identity }: Call<
    { tube: string },
    Partial<PutNumbers>,
    PutInput | Uint8Array
  >,
): Promise<{ id: number }> {
  const { source, putMemory } = context;
  const said: PutInput = body instanceof Uint8Array ? {} : body;
  const bytes = body instanceof Uint8Array ? body : bytesOfInput(said);
  if (bytes === undefined) throw badField("body", "one of body, json, base64, hex is expected");
  const numbers: PutNumbers = {
    priority: said.priority ?? query.priority ?? schemas.DEFAULT_PRIORITY,
    delay: said.delay ?? query.delay ?? 0,
    ttr: said.ttr ?? query.ttr ?? schemas.DEFAULT_TTR,
  };
  const put = (): Promise<number> => source.put(params.tube, bytes, numbers);
  const key = request.headers.get("idempotency-key");
  if (key === null) return { id: await put() };
  return {
    id: await putMemory.once(identity?.name ?? "", key, fingerprintOf(params.tube, numbers, bytes), put),
  };
}

export const tubeRoutes: readonly Route[] = [...listRoutes, ...actRoutes, ...jobRoutes];
