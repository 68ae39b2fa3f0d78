// The head of an HTTP/1.1 request: request line and headers, read strictly. Nothing here throws, whatever the bytes are:
// what cannot be read is a fault with the status that answers it.

/** A head that was read. */
export interface RequestHead {
  readonly kind: "head";
  readonly method: string;
  /** Path and query, beginning with "/". `http://localhost` + target is a valid URL. */
  readonly target: string;
  readonly headers: readonly [string, string][];
  readonly body: BodyFraming;
  /** Whether the connection may serve another request after this one. */
  readonly isKeptAlive: boolean;
  /** Whether the client knows chunked answers (HTTP/1.1). */
  readonly takesChunks: boolean;
  /** Whether the client waits for "100 Continue" before it sends its body. */
  readonly expectsContinue: boolean;
}

/** How the end of the body is found. */
export type BodyFraming =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" };

/** A head that cannot be served. */
export interface HeadFault {
  readonly kind: "fault";
  readonly status: number;
  readonly detail: string;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) ([^ ]+) HTTP\/(\d)\.(\d)$/;
// deno-lint-ignore no-control-regex
const FORBIDDEN_IN_VALUE = /[\x00-\x08\x0a-\x1f\x7f]/;
// deno-lint-ignore no-control-regex
const FORBIDDEN_IN_TARGET = /[\x00-\x20\x7f#]/;
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::(\d{0,5}))?$/;
const ABSOLUTE = /^https?:\/\/([^/?]*)/i;
/** Methods that the class Request does not take. */
const UNSUPPORTED = new Set(["CONNECT", "TRACE", "TRACK"]);
/** Headers of which a second one would contradict the first. */
const SINGLE = new Set(["host", "content-length", "transfer-encoding", "expect"]);

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads a head without the empty line that ends it; `text` has a character for each byte (latin1). */
export function readHead(text: string, maxHeaders: number): RequestHead | HeadFault {
  const lines = text.split("\r\n");
  const line = REQUEST_LINE.exec(lines[0]);
  if (line === null) return fault(400, "the request line is malformed");
  const [, method, rawTarget, major, minor] = line;
  if (major !== "1") return fault(505, `HTTP/${major}.${minor} is not supported; use HTTP/1.1`);
  if (UNSUPPORTED.has(method.toUpperCase())) return fault(501, `the method ${method} is not supported`);
  if (lines.length - 1 > maxHeaders) return fault(431, `more than ${maxHeaders} headers`);
  const headers: [string, string][] = [];
  const single = new Map<string, string>();
  let connection = "";
  for (let i = 1; i < lines.length; i++) {
    const colon = lines[i].indexOf(":");
    const name = lines[i].slice(0, Math.max(0, colon)).toLowerCase();
    const value = lines[i].slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    if (!TOKEN.test(name) || FORBIDDEN_IN_VALUE.test(value)) return fault(400, "a header is malformed");
    if (SINGLE.has(name)) {
      if (single.has(name)) return fault(400, `the header ${name} is given twice`);
      single.set(name, value);
    } else if (name === "connection") connection += `,${value.toLowerCase()}`;
    headers.push([name, value]);
  }
  const target = targetOf(rawTarget, method);
  if (target === null) return fault(400, "the request target is malformed");
  const isFirstVersion = minor === "0";
  const host = single.get("host");
  if (host === undefined && !isFirstVersion) return fault(400, "the header host is missing");
  if (host !== undefined && !isHost(host)) return fault(400, "the header host is malformed");
  const body = framingOf(single, isFirstVersion);
  if (body.kind === "fault") return body;
  const expect = single.get("expect")?.toLowerCase();
  if (expect !== undefined && expect !== "100-continue") {
    return fault(417, "only 100-continue can be expected");
  }
  const options = connection.split(",").map((option) => option.trim());
  return {
    kind: "head",
    method,
    target,
    headers,
    body,
    isKeptAlive: isFirstVersion ? options.includes("keep-alive") : !options.includes("close"),
    takesChunks: !isFirstVersion,
    expectsContinue: expect !== undefined && !isFirstVersion && body.kind !== "none",
  };
}

function fault(status: number, detail: string): HeadFault {
  return { kind: "fault", status, detail };
}

function isHost(host: string): boolean {
  const match = HOST.exec(host);
  return match !== null && Number(match[1] ?? 0) <= 65_535;
}

/** Path and query of a target in origin form or absolute form ("*" for OPTIONS is "/"); null when there are none. */
function targetOf(raw: string, method: string): string | null {
  let target = raw;
  if (raw[0] !== "/") {
    if (raw === "*" && method === "OPTIONS") return "/";
    const authority = ABSOLUTE.exec(raw);
    if (authority === null || !isHost(authority[1])) return null;
    target = raw.slice(authority[0].length);
    if (target[0] !== "/") target = `/${target}`;
  }
  const text = asUtf8(target);
  if (text === null || FORBIDDEN_IN_TARGET.test(text)) return null;
  return URL.canParse(`http://localhost${text}`) ? text : null;
}

/** Bytes beyond ASCII are read as UTF-8, since tools such as curl send paths as they were typed. */
function asUtf8(latin1: string): string | null {
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(latin1)) return latin1;
  try {
    return utf8.decode(Uint8Array.from(latin1, (character) => character.charCodeAt(0)));
  } catch {
    return null;
  }
}

/** A request with two ways to find its end is refused: a proxy before this server may have chosen the other one. */
function framingOf(single: ReadonlyMap<string, string>, isFirstVersion: boolean): BodyFraming | HeadFault {
  const coding = single.get("transfer-encoding");
  const length = single.get("content-length");
  if (coding !== undefined) {
    if (length !== undefined || isFirstVersion) return fault(400, "transfer-encoding is not possible here");
    if (coding.toLowerCase() !== "chunked") return fault(501, "the only transfer-encoding is chunked");
    return { kind: "chunked" };
  }
  if (length === undefined) return { kind: "none" };
  if (!/^\d{1,15}$/.test(length)) return fault(400, "content-length is not a number");
  const bytes = Number(length);
  return bytes === 0 ? { kind: "none" } : { kind: "length", bytes };
}
