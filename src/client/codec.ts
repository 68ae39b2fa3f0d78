// Bodies to bytes and back. Bytes are taken as they are; a tube with a schema carries JSON, checked on both ways.

import { InvalidBodyError, QueueError } from "./errors.ts";
import type { BodyIssue } from "./errors.ts";
import type { Body } from "./face.ts";
import { textOf as textOfError } from "./hooks.ts";
import type { SchemaIssue, SchemaResult, StandardSchema } from "./standard_schema.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export interface Codec<Input, Output> {
  /** What it encodes to may be what it was given, which the caller may change afterwards. */
  readonly lendsBodies: boolean;
  /** Throws or rejects with an InvalidBodyError. */
  encode(body: Input): Uint8Array | Promise<Uint8Array>;
  /** Throws or rejects with an InvalidBodyError that names the job. */
  decode(bytes: Uint8Array, jobId: number): Output | Promise<Output>;
}

/** Bytes as they are; strings as UTF-8. */
export const BYTES: Codec<Body, Uint8Array> = {
  lendsBodies: true,
  encode(body) {
    if (typeof body === "string") return encoder.encode(body);
    if (body instanceof Uint8Array) return body;
    throw new QueueError("BAD_FORMAT", "a body is a string or a Uint8Array, or the tube has a schema");
  },
  decode: (bytes) => bytes,
};

export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/**
 * JSON that fits a schema. A put is checked as its worker will see it: after its way through JSON. The input is sent, not
 * what the schema makes of it, so that schemas which transform work on both ways.
 */
export function jsonCodec<Input, Output>(
  tube: string,
  schema: StandardSchema<Input, Output>,
): Codec<Input, Output> {
  if (typeof schema?.["~standard"]?.validate !== "function") {
    throw new QueueError("BAD_FORMAT", `the schema of tube ${tube} does not follow the Standard Schema`);
  }
  // A schema that throws has not accepted the body: so it is treated as one that refuses it.
  const failed = (error: unknown, jobId: number | null): InvalidBodyError => {
    const issue = { message: `the schema failed: ${textOfError(error)}`, path: [] };
    return new InvalidBodyError(tube, [issue], jobId, error);
  };
  const validated = (value: unknown, jobId: number | null): Output | Promise<Output> => {
    let result: SchemaResult<Output> | PromiseLike<SchemaResult<Output>>;
    try {
      result = schema["~standard"].validate(value);
      if (!isThenable(result)) return valueOf(tube, result, jobId);
    } catch (error) {
      throw error instanceof InvalidBodyError ? error : failed(error, jobId);
    }
    return Promise.resolve(result).then((later) => valueOf(tube, later, jobId)).catch((error) => {
      throw error instanceof InvalidBodyError ? error : failed(error, jobId);
    });
  };
  return {
    lendsBodies: false,
    encode(body) {
      const text = jsonOf(tube, body);
      const checked = validated(JSON.parse(text), null);
      const bytes = encoder.encode(text);
      return checked instanceof Promise ? checked.then(() => bytes) : bytes;
    },
    decode(bytes, jobId) {
      let value: unknown;
      try {
        value = JSON.parse(decoder.decode(bytes));
      } catch (error) {
        throw new InvalidBodyError(
          tube,
          [{ message: `not JSON: ${(error as Error).message}`, path: [] }],
          jobId,
        );
      }
      return validated(value, jobId);
    },
  };
}

function jsonOf(tube: string, body: unknown): string {
  let reason = "it has no JSON form";
  try {
    const text: string | undefined = JSON.stringify(body);
    if (text !== undefined) return text;
  } catch (error) {
    reason = (error as Error).message;
  }
  throw new InvalidBodyError(tube, [{ message: reason, path: [] }]);
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return value instanceof Promise ||
    (typeof value === "object" && value !== null && "then" in value && typeof value.then === "function");
}

function valueOf<Output>(tube: string, result: SchemaResult<Output>, jobId: number | null): Output {
  if (Array.isArray(result.issues)) throw new InvalidBodyError(tube, result.issues.map(issueOf), jobId);
  if (result.issues === undefined && "value" in result) return result.value;
  throw new TypeError("it answered neither a value nor issues");
}

function issueOf(issue: SchemaIssue): BodyIssue {
  const path = (issue.path ?? []).map((part) => {
    const key = typeof part === "object" ? part.key : part;
    return typeof key === "symbol" ? String(key) : key;
  });
  return { message: issue.message, path };
}
