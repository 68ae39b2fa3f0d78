// What a line given to `load` may say: one schema for its fields, and one message for each mistake.

import * as v from "valibot";
import { MAX_JOB_BYTES_CAP } from "../../core/limits.ts";
import { HIGHEST_ID } from "../../journal/free_id.ts";
import { DUMP_VERSION, MOST_INSTANT_MS } from "./job_line.ts";

const MOST_U32 = 0xffff_ffff;

function whole(from: number, to: number): v.GenericSchema<unknown, number> {
  const expected = `expected a whole number from ${from} to ${to}`;
  return v.pipe(
    v.number(expected),
    v.check((value) => Number.isInteger(value) && value >= from && value <= to, expected),
  );
}

const id = whole(1, HIGHEST_ID);
const u32 = whole(0, MOST_U32);
const count = v.optional(u32, 0);

const TUBE = "expected a tube name: 1 to 200 of A-Z a-z 0-9 + / ; . $ _ ( ) and -, which may not be first";
const tube = v.pipe(
  v.string(TUBE),
  v.regex(/^[A-Za-z0-9+/;.$_()][-A-Za-z0-9+/;.$_()]{0,199}$/, TUBE),
);

const INSTANT = "expected an instant like 2026-11-21T05:54:55.123Z";
const instant = v.pipe(
  v.string(INSTANT),
  v.regex(/^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/, INSTANT),
  v.transform((text) => Date.parse(text)),
  v.check((ms) => Math.abs(ms) <= MOST_INSTANT_MS, INSTANT),
);

const TEXT = "expected text without halves of surrogate pairs";
const text = v.pipe(
  v.string(TEXT),
  v.check((body) => !/\p{Surrogate}/u.test(body), TEXT),
);

const BASE64 = "expected base64";
const base64 = v.pipe(
  v.string(BASE64),
  v.check((body) => body.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(body), BASE64),
);

const STATE = 'expected "ready", "delayed" or "buried"';

/** A line that is a job. */
export const jobSchema = v.strictObject({
  id: v.optional(id),
  tube,
  state: v.optional(v.picklist(["ready", "delayed", "buried"], STATE), "ready"),
  pri: u32,
  delay: v.optional(u32),
  ttr: whole(1, MOST_U32),
  createdAt: v.optional(instant),
  readyAt: v.optional(instant),
  burial: v.optional(whole(1, HIGHEST_ID)),
  reserves: count,
  timeouts: count,
  releases: count,
  buries: count,
  kicks: count,
  body: v.optional(text),
  bodyBase64: v.optional(base64),
});

export type JobFields = v.InferOutput<typeof jobSchema>;

/** The line before all jobs, if there is one. */
export const firstSchema = v.strictObject({
  runnerbean: v.literal("dump", 'expected "dump"'),
  version: v.literal(DUMP_VERSION, `expected ${DUMP_VERSION}`),
  nextId: v.optional(id, 1),
  jobs: v.optional(whole(0, Number.MAX_SAFE_INTEGER)),
});

/** The value, or what is wrong with it: `field: expected …, got …`. */
export function readFields<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "expected an object";
  const read = v.safeParse(schema, value, { abortEarly: true });
  if (read.success) return read.output;
  const [issue] = read.issues;
  const field = issue.path?.[0]?.key;
  if (field === undefined) return "expected an object";
  if (issue.expected === "never") return `${String(field)}: there is no such field`;
  const isMissing = typeof value === "object" && value !== null && !Object.hasOwn(value, String(field));
  if (isMissing) return `${String(field)} is missing`;
  return `${String(field)}: ${issue.message}, got ${
    shown((value as Record<string, unknown>)[String(field)])
  }`;
}

/** What the fields say together. Null: all is well. */
export function contradiction(job: JobFields): string | null {
  if (job.body === undefined && job.bodyBase64 === undefined) return "body is missing (or bodyBase64)";
  if (job.body !== undefined && job.bodyBase64 !== undefined) return "bodyBase64: there is a body already";
  if (job.readyAt !== undefined && job.state !== "delayed") return "readyAt: only a delayed job has it";
  if (job.burial !== undefined && job.state !== "buried") return "burial: only a buried job has it";
  return null;
}

export function tooLarge(bytes: number): string | null {
  return bytes > MAX_JOB_BYTES_CAP ? `body: expected at most ${MAX_JOB_BYTES_CAP} bytes, got ${bytes}` : null;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
