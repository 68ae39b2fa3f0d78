// One job.

import * as v from "valibot";
import { bytesOfInput } from "../job_text.ts";
import { badField } from "../problem.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";
import * as schemas from "../schemas.ts";

/** So much of a body is shown at most: larger ones are for workers. */
const MAX_SHOWN_BYTES = 1_048_576;

const params = v.strictObject({ id: schemas.jobId });
const priority = v.optional(schemas.wholeNumber(0, schemas.MAX_UINT32));

export const jobRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/jobs/:id",
    scope: "read",
    tube: "job",
    summary: "A job with its counts, its times and its body",
    params,
    query: v.strictObject({
      body: v.optional(schemas.view, "text"),
      preview: v.optional(schemas.numberText(0, MAX_SHOWN_BYTES), String(MAX_SHOWN_BYTES)),
    }),
    answer: schemas.job,
    problems: [404],
  }, ({ context, params, query }) => {
    return context.source.job(params.id, { encoding: query.body, maxBytes: query.preview });
  }),

  route({
    method: "PATCH",
    path: "/v1/jobs/:id",
    scope: "admin",
    tube: "job",
    summary: "Requeues a job that nobody holds: moves it, gives it another body, priority, delay or ttr",
    params,
    body: v.strictObject({
      tube: v.optional(schemas.tubeName),
      priority,
      delay: v.optional(schemas.wholeNumber(0, schemas.MAX_SECONDS)),
      ttr: v.optional(schemas.wholeNumber(1, schemas.MAX_SECONDS)),
      body: v.optional(v.string()),
      json: v.optional(v.unknown()),
      base64: v.optional(v.string()),
      hex: v.optional(v.string()),
    }),
    answer: schemas.job,
    problems: [404, 409, 413, 507],
  }, async ({ context, params, body, who }) => {
    if (Object.keys(body).length === 0) throw badField("body", "nothing is to be changed");
    const { tube, priority, delay, ttr } = body;
    const changes = { tube, priority, delay, ttr, body: bytesOfInput(body) };
    const job = await context.source.requeue(params.id, changes);
    context.audit.note(who, "requeue", `job ${params.id} ${Object.keys(body).join(" ")}`, null);
    return job;
  }),

  route({
    method: "DELETE",
    path: "/v1/jobs/:id",
    scope: "admin",
    tube: "job",
    summary: "Deletes a job that nobody holds",
    params,
    problems: [404, 409],
  }, async ({ context, params, who }) => {
    await context.source.deleteJob(params.id);
    context.audit.note(who, "delete", `job ${params.id}`, 1);
  }),

  route({
    method: "POST",
    path: "/v1/jobs/:id/kick",
    scope: "admin",
    tube: "job",
    summary: "Makes a buried or delayed job ready",
    params,
    answer: schemas.job,
    problems: [404, 409],
  }, async ({ context, params, who }) => {
    const job = await context.source.kickJob(params.id);
    context.audit.note(who, "kick", `job ${params.id}`, 1);
    return job;
  }),

  route({
    method: "POST",
    path: "/v1/jobs/:id/bury",
    scope: "admin",
    tube: "job",
    summary: "Buries a job that nobody holds",
    params,
    body: v.strictObject({ priority }),
    answer: schemas.job,
    problems: [404, 409],
  }, async ({ context, params, body, who }) => {
    const job = await context.source.buryJob(params.id, body.priority);
    context.audit.note(who, "bury", `job ${params.id}`, 1);
    return job;
  }),
];
