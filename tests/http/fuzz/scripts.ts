// What a peer of the HTTP port does at random: requests well formed, damaged and unfinished, in one piece or many, alone or
// pipelined, with the connection left open, half closed or reset.
import { Buffer } from "node:buffer";
import type { Random } from "../../support/random.ts";
import { framesAtRandom } from "./frames.ts";

export type Step =
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "rest" }
  | { readonly kind: "half close" }
  | { readonly kind: "do not read" };

export interface Script {
  readonly steps: readonly Step[];
  /** Requests begun. */
  readonly requests: number;
  /** What each request must be answered with, in order; null where anything but a failure will do. */
  readonly expected: readonly number[] | null;
  readonly ending: "close" | "reset";
}

const METHODS = [
  "GET",
  "GET",
  "GET",
  "POST",
  "PATCH",
  "DELETE",
  "HEAD",
  "OPTIONS",
  "PUT",
  "CONNECT",
  "TRACE",
  "TRACK",
  "PRI",
  "get",
  "G",
  "GET ",
  "",
  "x".repeat(40),
  "\x00",
  "PROPFIND",
  "é",
];
const PATHS = [
  "/healthz",
  "/readyz",
  "/openapi.json",
  "/v1/server",
  "/v1/tubes",
  "/v1/tubes/t",
  "/v1/tubes/t/jobs",
  "/v1/jobs/1",
  "/v1/reserve",
  "/v1/leases/x/delete",
  "/v1/wire",
  "/v1/events",
  "/metrics",
  "/v1/search?q=a",
  "/v1/session",
  "/v1/actions",
  "/v1/connections",
  "/v1/audit",
  "/",
  "/console",
  "/console/assets/app.js",
  "/v1/tubes/t/truncate",
  "/v1/history",
  "/v1/tubes/t/kick",
];
const TARGETS = [
  "//",
  "///",
  "/\\",
  "/\\\\a",
  "http://[",
  "http://a:99999/",
  "http://a/healthz",
  "HTTP://a",
  "https://a:1?x",
  "*",
  "/%",
  "/%zz",
  "/v1/tubes/%ff",
  "/v1/tubes/%00",
  "/v1/jobs/99999999999999999999",
  "/?%=&&==&",
  "/v1/tubes?sort=%F0%9F",
  "/v1/tubes?a=1&a=2",
  "/\x7f",
  "/a#b",
  "/\xff\xfe",
  "/\xc3\xa4",
  "/..",
  "/../../x",
  "/%2e%2e/",
  "javascript:1",
  "a",
  ":",
  "?",
  "/;:@",
  "//healthz",
  "//a:b@c/",
  "/v1/tubes/__proto__",
  "/v1/tubes/constructor/jobs",
  "http://",
  "http:///x",
  "ftp://a/",
  "localhost:80",
  "/[",
  "/]",
  "/|",
  "/{}",
  '/"',
  "/<>",
  "/^`",
  "/\t",
  `/${"a".repeat(5000)}`,
  `/${"%41".repeat(6000)}`,
  "/v1/tubes/" + "t".repeat(201),
  "/v1/events?tubes=" + "*".repeat(100),
  "/v1/tubes?match=[[[",
  "/healthz?" + "&".repeat(3000),
];
const HOSTS = [
  "localhost",
  "127.0.0.1",
  "[::1]",
  "127.0.0.1:99999999",
  "127.0.0.1:",
  ":80",
  "",
  "x",
  "a b",
  "[",
  "[::1",
  "localhost:80:80",
  "127.0.0.1:65536",
  "user@localhost",
  "localhost/",
  "\xff",
  "%",
  "a".repeat(3000),
  "evil.example",
  "*",
];
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ["Connection", ["close", "keep-alive", "upgrade", "Upgrade, close", ",,,", "\x01", "TE"]],
  ["Upgrade", ["websocket", "WebSocket", "x", "h2c", "", "websocket, x"]],
  ["Sec-WebSocket-Key", ["AAAAAAAAAAAAAAAAAAAAAA==", "", "x", "A".repeat(500)]],
  ["Sec-WebSocket-Version", ["13", "8", "", "13,13"]],
  ["Sec-WebSocket-Extensions", ["permessage-deflate", 'x; y="', ""]],
  ["Origin", ["null", "http://localhost", "http://[", "evil", "http://a:99999", ""]],
  ["Authorization", [
    "Bearer x",
    "Bearer",
    "Basic eDp5",
    "bearer  ",
    "Bearer \xff",
    `Bearer ${"x".repeat(4000)}`,
  ]],
  ["Cookie", ["runnerbean=x", "=;=;", ";;;", "runnerbean", "a=b".repeat(1000), "__Host-runnerbean=%"]],
  ["Content-Type", ["application/json", "text/plain", "", "application/json; charset=\xff", "a/b+json"]],
  ["Accept", ["*/*", 'application/openmetrics-text; q="', "q=;;;"]],
  ["Idempotency-Key", ["k", "", "k".repeat(256)]],
  ["Range", ["bytes=0-", "bytes=9-1", "x"]],
  ["Expect", ["100-continue", "x", ""]],
  ["Last-Event-ID", ["1", "\x00"]],
  ["If-None-Match", ["*", '"', "W/"]],
  ["Access-Control-Request-Method", ["GET", "\xff"]],
  ["X-Csrf-Token", ["x", "x".repeat(5000)]],
  ["Sec-Fetch-Site", ["cross-site", "x"]],
  ["Transfer-Encoding", ["chunked", "gzip", "chunked, chunked", "identity", "\tchunked", "Chunked"]],
  ["Content-Length", [
    "0",
    "1",
    "-1",
    "1e3",
    "+1",
    "0x1",
    "99999999999999999999",
    "1, 1",
    "",
    " 1 ",
    "1.5",
    "1000000000",
  ]],
  ["TE", ["trailers"]],
  ["__proto__", ["x"]],
  ["Bad Name", ["x"]],
  ["", ["x"]],
  [" Folded", ["x"]],
  ["X", ["a\rb", "a\nb", "\x00", "x".repeat(9000), "\xff\xfe", ""]],
];
const DOCUMENTS = [
  "{}",
  "[]",
  "null",
  "",
  "{",
  '{"body":"x"}',
  '{"tubes":["t"],"timeoutSeconds":0}',
  "[[[[[[",
  '{"body":"x","priority":4294967296}',
  '{"base64":"!"}',
  '{"hex":"0"}',
  '{"__proto__":1}',
  "\xff\xfe",
  '"\\ud800"',
  '{"body":"","delay":-1}',
  "[".repeat(70) + "]".repeat(70),
  '{"match":{},"action":"delete"}',
  '{"token":"x"}',
  '{"states":["ready"]}',
  '{"count":1e999}',
  "1".repeat(20_000),
];
const VERSIONS = [
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/1.2",
  "HTTP/2.0",
  "HTTP/0.9",
  "http/1.1",
  "HTTP/1.1 ",
  "HTTP/11",
  "",
  "BEANSTALKD",
];
const CHUNK_SIZES = [
  "g",
  "-1",
  "ffffffffffff",
  " 1",
  "1 ",
  "0x1",
  '1;x="',
  "1;" + "e".repeat(300),
  "",
  "00000001",
  "1\n",
];

/** The bytes of a script, how many requests are in them, and what must answer them. */
type Made = [Buffer, number, number[] | null];

/** Makes scripts; `authorization` is a header line that lets in, or "". */
export class Scripts {
  readonly #random: Random;
  readonly #authorization: string;

  constructor(random: Random, authorization: string) {
    this.#random = random;
    this.#authorization = authorization;
  }

  next(): Script {
    const random = this.#random;
    const kinds: (() => Made)[] = [
      this.#damaged,
      this.#good,
      this.#upgraded,
      this.#chunked,
      this.#noise,
      this.#pipelined,
    ];
    const [bytes, requests, expected] = kinds[random.weighted([40, 12, 12, 14, 8, 14])].call(this);
    const steps: Step[] = [];
    if (random.chance(0.05)) steps.push({ kind: "do not read" });
    const isWhole = expected !== null;
    const end = !isWhole && random.chance(0.15) ? random.below(bytes.length + 1) : bytes.length;
    const pieces = random.chance(0.6) ? 1 : 1 + random.below(6);
    for (let at = 0, piece = 0; piece < pieces && at < end; piece++) {
      const to = piece === pieces - 1 ? end : Math.min(end, at + 1 + random.below(end - at));
      if (at > 0) steps.push({ kind: "rest" });
      steps.push({ kind: "send", bytes: bytes.subarray(at, to) });
      at = to;
    }
    if (random.chance(0.2)) steps.push({ kind: "half close" });
    const ending = random.chance(0.3) ? "reset" : "close";
    return { steps, requests, expected: steps[0]?.kind === "do not read" ? null : expected, ending };
  }

  #head(method: string, target: string, version: string, host: string, lines: readonly string[]): string {
    return `${method} ${target} ${version}\r\nHost: ${host}\r\n${
      lines.map((line) => `${line}\r\n`).join("")
    }\r\n`;
  }

  #damaged(): Made {
    const random = this.#random;
    const lines: string[] = random.chance(0.4) ? [this.#authorization].filter(Boolean) : [];
    for (let count = random.below(random.chance(0.02) ? 150 : 5); count > 0; count--) {
      const [name, values] = random.pick(HEADERS);
      lines.push(`${name}: ${random.pick(values)}`);
    }
    const body = random.chance(0.5) ? random.pick(DOCUMENTS) : "";
    if (body !== "" && random.chance(0.7)) lines.push(`Content-Length: ${body.length}`);
    if (random.chance(0.4)) lines.push("Content-Type: application/json");
    const target = random.chance(0.5) ? random.pick(TARGETS) : random.pick(PATHS);
    const host = random.chance(0.6) ? "localhost" : random.pick(HOSTS);
    const version = random.chance(0.8) ? "HTTP/1.1" : random.pick(VERSIONS);
    const method = random.chance(0.7) ? random.pick(["GET", "POST", "DELETE"]) : random.pick(METHODS);
    const text = this.#head(method, target, version, host, lines) + body;
    return [random.chance(0.2) ? this.#mutated(text) : Buffer.from(text, "latin1"), 1, null];
  }

  /** Bytes changed, doubled and taken out. */
  #mutated(text: string): Buffer {
    const random = this.#random;
    let bytes = Buffer.from(text, "latin1");
    for (let count = 1 + random.below(4); count > 0; count--) {
      const at = random.below(bytes.length);
      const far = Math.min(bytes.length, at + 1 + random.below(20));
      const kind = random.weighted([2, 1, 1]);
      if (kind === 0) bytes[at] = random.below(256);
      if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, far), bytes.subarray(at)]);
      if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(far)]);
      if (bytes.length === 0) bytes = Buffer.from("\n");
    }
    return bytes;
  }

  #good(): Made {
    return [Buffer.from(this.#head("GET", "/healthz", "HTTP/1.1", "localhost", []), "latin1"), 1, [200]];
  }

  #upgraded(): Made {
    const random = this.#random;
    const lines = [
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
      this.#authorization,
    ].filter((line) => line !== "" && !random.chance(0.06));
    const target = random.chance(0.8) ? "/v1/wire" : random.pick([...TARGETS, ...PATHS]);
    const head = Buffer.from(this.#head("GET", target, "HTTP/1.1", "localhost", lines), "latin1");
    return [Buffer.concat([head, framesAtRandom(random)]), 1, null];
  }

  #chunked(): Made {
    const random = this.#random;
    const lines = ["Transfer-Encoding: chunked", "Content-Type: application/json", this.#authorization]
      .filter(Boolean);
    let text = this.#head(
      "POST",
      random.pick(["/v1/tubes/t/jobs", "/v1/reserve", "/healthz", "/v1/session"]),
      "HTTP/1.1",
      "localhost",
      lines,
    );
    const document = random.pick(DOCUMENTS);
    for (let at = 0; at < document.length;) {
      const piece = document.slice(at, at + 1 + random.below(document.length));
      const size = random.chance(0.08) ? random.pick(CHUNK_SIZES) : piece.length.toString(16);
      text += `${size}${random.chance(0.1) ? ";a=b" : ""}\r\n${piece}${random.chance(0.05) ? "\n" : "\r\n"}`;
      at += piece.length;
    }
    text += random.chance(0.9) ? `0\r\n${random.chance(0.2) ? "Trailer: x\r\nmore: y\r\n" : ""}\r\n` : "";
    return [Buffer.from(text, "latin1"), 1, null];
  }

  #noise(): Made {
    const random = this.#random;
    if (random.chance(0.3)) {
      return [
        Buffer.from(
          random.pick([
            "\r\n\r\n\r\n",
            "put 0 0 1 1\r\nx\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "\x16\x03\x01\x02\x00\x01\x00",
            "GET /",
            "GET / HTTP/1.1\nHost: x\n\n",
            "\0".repeat(20_000),
            "a: b\r\n".repeat(3000),
          ]),
          "latin1",
        ),
        1,
        null,
      ];
    }
    const bytes = Buffer.alloc(1 + random.below(400));
    for (let i = 0; i < bytes.length; i++) {
      bytes[i] = random.chance(0.1) ? random.pick([10, 13, 32, 58]) : random.below(256);
    }
    return [bytes, 1, null];
  }

  /** Good requests one after the other, bodies included: each must be answered, in order. */
  #pipelined(): Made {
    const random = this.#random;
    const expected: number[] = [];
    let text = "";
    for (let count = 2 + random.below(random.chance(0.1) ? 60 : 6); count > 0; count--) {
      const [request, status] = random.pick<readonly [string, number]>([
        [this.#head("GET", "/healthz", "HTTP/1.1", "localhost", []), 200],
        [this.#head("GET", "/none", "HTTP/1.1", "localhost", []), 404],
        [this.#head("PUT", "/healthz", "HTTP/1.1", "localhost", ["Content-Length: 5"]) + "hello", 405],
        [
          this.#head("GET", "/healthz", "HTTP/1.1", "localhost", ["Transfer-Encoding: chunked"]) +
          "3\r\nabc\r\n0\r\n\r\n",
          200,
        ],
        [this.#head("GET", "/healthz?x=1", "HTTP/1.1", "localhost", ["Content-Length: 0"]), 400],
        [this.#head("GET", "/openapi.json", "HTTP/1.1", "localhost", []), 200],
      ]);
      text += request;
      expected.push(status);
    }
    return [Buffer.from(text, "latin1"), expected.length, expected];
  }
}
