// How a connection begins that is meant for a server of HTTP or TLS.
import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { endsInHttpVersion } from "../../src/protocol/http_line.ts";
import * as parsing from "../../src/protocol/parser.ts";
import { Parser } from "../../src/protocol/parser.ts";

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** The first event that is not "go on", with the bytes in pieces of so many. */
function firstEvent(text: string, pieceBytes: number, isStrict: boolean = false): number {
  const parser = new Parser(undefined, undefined, isStrict);
  const bytes = latin1(text);
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    const piece = bytes.slice(from, from + pieceBytes);
    for (let at = 0; at < piece.length; at = parser.at) {
      const event = parser.next(piece, at, piece.length);
      if (event !== parsing.NEED_MORE) return event;
    }
  }
  return parsing.NEED_MORE;
}

function assertFirst(text: string, expected: number, isStrict: boolean = false): void {
  for (const pieceBytes of [1, 2, 7, 100, 223, 224, 225, 10_000]) {
    assertEquals(
      firstEvent(text, pieceBytes, isStrict),
      expected,
      `${JSON.stringify(text.slice(0, 80))} by ${pieceBytes}`,
    );
  }
}

const METHODS = ["GET", "PROPFIND", "FOO", "M-SEARCH", "get", "x", "PRI", "BREW", "put", "use", "\xff", ""];
const TARGETS = [
  "/",
  "*",
  "http://127.0.0.1:11300/",
  "localhost:443",
  "/?a=b c",
  "//",
  `/${"a".repeat(190)}`,
];
const LONG_TARGETS = [
  `/${"a".repeat(210)}`,
  `/${"a".repeat(230)}`,
  `/${"a".repeat(5000)}`,
  `x${" ".repeat(400)}`,
];
const VERSIONS = [
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/2",
  "HTTP/0.9",
  "http/1.1",
  "Http/3",
  "HTTP/1.1 ",
  "HTTP/1.1\t",
];

describe("a connection's first line", () => {
  it("that ends in an HTTP version is an HTTP request, whatever its method, target and length", () => {
    for (const method of METHODS) {
      for (const target of [...TARGETS, ...LONG_TARGETS]) {
        for (const version of VERSIONS) {
          assertFirst(`${method} ${target} ${version}\r\nHost: x\r\n\r\n`, parsing.HTTP_REQUEST);
        }
      }
    }
  });

  it("also when its lines end in bare LF", () => {
    for (const target of ["/", LONG_TARGETS[1]]) {
      assertFirst(`FOO ${target} HTTP/1.1\nHost: x\n\nput 0 0 60 1\r\n`, parsing.HTTP_REQUEST);
    }
  });

  it("is none of these when the version stands elsewhere, or is none", () => {
    const others = [
      "FOO / HTTP/1.1 x",
      "FOO /HTTP/1.1",
      "HTTP/1.1",
      "FOO / HTTP/",
      "FOO / HTTP/x",
      "FOO / HTP/1.1",
      "FOO / HTTP/.1",
    ];
    for (const line of others) assertFirst(`${line}\r\n`, parsing.UNKNOWN_COMMAND);
    for (const line of others) {
      const [method, rest] = [line.slice(0, 3), line.slice(3)];
      assertFirst(`${method} ${"y".repeat(300)}${rest}\r\n`, parsing.BAD_FORMAT);
    }
  });

  it("of a strict server is an HTTP request only with a usual method", () => {
    assertFirst("GET / HTTP/1.1\r\n", parsing.HTTP_REQUEST, true);
    assertFirst("PROPFIND / HTTP/1.1\r\n", parsing.UNKNOWN_COMMAND, true);
    assertFirst(`FOO /${"a".repeat(300)} HTTP/1.1\r\n`, parsing.BAD_FORMAT, true);
    assertFirst("\x16\r\n", parsing.UNKNOWN_COMMAND, true);
  });

  it("counts alone", () => {
    const parser = new Parser();
    const bytes = latin1("stats\r\nFOO / HTTP/1.1\r\n\x16\r\n");
    const events: number[] = [];
    for (let at = 0; at < bytes.length; at = parser.at) events.push(parser.next(bytes, at, bytes.length));
    assertEquals(events, [parsing.COMMAND, parsing.UNKNOWN_COMMAND, parsing.UNKNOWN_COMMAND]);
  });

  it("whose first byte is that of a TLS handshake is known by that byte", () => {
    assertFirst("\x16", parsing.TLS_GREETING);
    assertFirst("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", parsing.TLS_GREETING);
    assertFirst("\x15\r\n", parsing.UNKNOWN_COMMAND);
  });

  it("of this process is a command like any other", () => {
    const parser = new Parser(undefined, undefined, false, true);
    const line = latin1("stats-tube HTTP/1.1\r\n");
    assertEquals(parser.next(line, 0, line.length), parsing.COMMAND);
  });

  it("is judged within its bounds", () => {
    const bytes = latin1("x HTTP/1.1");
    for (let from = 0; from <= bytes.length; from++) {
      for (let to = from; to <= bytes.length; to++) {
        const text = "x HTTP/1.1".slice(from, to);
        assertEquals(endsInHttpVersion(bytes, from, to), / HTTP\/\d(?:\.\d)?$/.test(text), text);
      }
    }
  });
});
