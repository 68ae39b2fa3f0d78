// Reads what a request carries: never more than its limit, never for longer than a while, and JSON only as deep as anybody
// writes it.

import { badField, Problem } from "./problem.ts";

/** Largest JSON document, in bytes: it is parsed in one go, so it must be a matter of milliseconds. */
export const MAX_JSON_BYTES = 1_048_576;
/** How deep arrays and objects may be nested. */
export const MAX_JSON_DEPTH = 64;
/** A body that has not come by then is given up, in milliseconds. */
export const BODY_TIMEOUT_MS = 30_000;

const SMALLEST_BUFFER = 1024;
const QUOTE = 34;
const BACKSLASH = 92;
const OPENING = [91, 123]; // [ {
const CLOSING = [93, 125]; // ] }

/** Whether the content type says JSON. */
export function isJson(contentType: string | null): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(contentType ?? "");
}

/** The bytes of a body, up to `maxBytes`. */
export async function readBytes(
  request: Request,
  maxBytes: number,
  timeoutMs: number = BODY_TIMEOUT_MS,
): Promise<Uint8Array> {
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > maxBytes) throw tooLarge(maxBytes);
  if (request.body === null) return new Uint8Array(0);
  const reader = request.body.getReader();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    reader.cancel().catch(() => {});
  }, timeoutMs);
  try {
    const bytes = await readAll(reader, maxBytes);
    if (!isLate) return bytes;
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (!isLate) throw new Problem(400, "the body broke off", { field: "body" });
  } finally {
    clearTimeout(timer);
  }
  throw new Problem(408, `the body did not come within ${timeoutMs / 1000} seconds`, {
    field: "body",
    headers: { connection: "close" },
  });
}

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array> {
  // One buffer that grows: a list of pieces would take a hundred times as much when each has one byte.
  let bytes = new Uint8Array(0);
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (length + value.length > maxBytes) {
      reader.cancel().catch(() => {});
      throw tooLarge(maxBytes);
    }
    if (length + value.length > bytes.length) {
      const grown = new Uint8Array(
        Math.min(maxBytes, Math.max(SMALLEST_BUFFER, 2 * (length + value.length))),
      );
      grown.set(bytes.subarray(0, length));
      bytes = grown;
    }
    bytes.set(value, length);
    length += value.length;
  }
  return bytes.slice(0, length);
}

function tooLarge(maxBytes: number): Problem {
  return new Problem(413, `the body is larger than ${maxBytes} bytes`, {
    field: "body",
    refusal: "http-bad-request",
    headers: { connection: "close" },
  });
}

/** The value of a JSON body; undefined when there is none. */
export async function readJson(request: Request): Promise<unknown> {
  const bytes = await readBytes(request, MAX_JSON_BYTES);
  if (bytes.length === 0) return undefined;
  if (!isJson(request.headers.get("content-type"))) {
    throw new Problem(415, "application/json is expected", { field: "content-type" });
  }
  if (depthOf(bytes) > MAX_JSON_DEPTH) {
    throw badField("body", `the JSON is nested deeper than ${MAX_JSON_DEPTH}`);
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw badField("body", "the body is not JSON in UTF-8");
  }
}

/** How deep arrays and objects are nested; for text that is no JSON any number. */
export function depthOf(json: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let isInText = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (isInText) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) isInText = false;
    } else if (byte === QUOTE) isInText = true;
    else if (OPENING.includes(byte)) deepest = Math.max(deepest, ++depth);
    else if (CLOSING.includes(byte)) depth--;
  }
  return deepest;
}
