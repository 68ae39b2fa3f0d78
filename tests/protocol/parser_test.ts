import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { LINE_BYTES } from "../../src/core/limits.ts";
import * as commands from "../../src/protocol/command.ts";
import * as parsing from "../../src/protocol/parser.ts";
import { Parser } from "../../src/protocol/parser.ts";
import { freshSeed } from "../support/runtime.ts";
import { Random } from "../support/random.ts";

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const textOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

/** Feeds chunks and writes down what comes out. Bodies up to 50 bytes are taken, larger ones skipped. */
function eventsOf(chunks: readonly Uint8Array[]): string[] {
  const parser = new Parser();
  const events: string[] = [];
  let body = "";
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at = parser.at) {
      const event = parser.next(chunk, at, chunk.length);
      if (event === parsing.COMMAND) {
        events.push(describeCommand(parser));
        const { code, bodyBytes, hasTrailingText } = parser.command;
        if (code === commands.PUT && bodyBytes > 50) parser.skip(bodyBytes + 2);
        else if (code === commands.PUT && !hasTrailingText) parser.receiveBody(bodyBytes + 2);
      } else if (event === parsing.BODY_PART) {
        body += textOf(chunk.subarray(parser.partFrom, parser.partTo));
        if (parser.bodyLeft > 0) continue;
        events.push(`body ${JSON.stringify(body)} ${parser.hasTrailer}`);
        body = "";
      } else if (event !== parsing.NEED_MORE) {
        events.push(["", "", "", "skipped", "bad", "unknown", "http", "tls"][event]);
        if (event === parsing.HTTP_REQUEST || event === parsing.TLS_GREETING) return events;
      }
    }
  }
  return events;
}

function describeCommand({ command }: Parser): string {
  const { code, id, pri, delay, ttr, bodyBytes, bound, seconds, source, nameFrom, nameTo, isNameValid } =
    command;
  switch (code) {
    case commands.PUT:
      return `put ${pri} ${delay} ${ttr} ${bodyBytes}${command.hasTrailingText ? " +" : ""}`;
    case commands.RELEASE:
      return `release ${id} ${pri} ${delay}`;
    case commands.KICK:
      return `kick ${bound}`;
    case commands.RESERVE_WITH_TIMEOUT:
      return `reserve ${seconds}`;
    case commands.PAUSE_TUBE:
      return `pause ${textOf(source.slice(nameFrom, nameTo))} ${seconds} ${isNameValid}`;
    case commands.USE:
      return `use ${textOf(source.slice(nameFrom, nameTo))}`;
    case commands.DELETE:
      return `delete ${id}`;
    default:
      return commands.wordOf(code);
  }
}

const whole = (text: string): string[] => eventsOf([latin1(text)]);

describe("Parser", () => {
  it("finds the same events however the bytes are cut", () => {
    const text = "put 1 2 3 5\r\na\r\nbc\r\nuse tube\r\nput 0 0 0 60\r\n" + "x".repeat(62) +
      "stats\r\nfoo\r\n" +
      "z".repeat(300) + "\r\nkick -1\r\nuse a\rb\r\nput 0 0 0 2\r\nabcddelete 7\r\n" + "y".repeat(223) +
      "\r\nquit\r\n\r\n" +
      "w".repeat(LINE_BYTES - 2) + "\r\n" + "v".repeat(LINE_BYTES - 1) + "\r\n" + "stats\0\r\nstats\r\r\n";
    const bytes = latin1(text);
    const expected = eventsOf([bytes]);
    assertEquals(expected.slice(0, 9), [
      "put 1 2 3 5",
      'body "a\\r\\nbc\\r\\n" true',
      "use tube",
      "put 0 0 0 60",
      "skipped",
      "stats",
      "unknown",
      "bad",
      "kick 4294967295",
    ]);
    const rest = [
      "bad",
      "put 0 0 0 2",
      'body "abcd" false',
      "delete 7",
      "bad",
      "quit",
      "unknown",
      "unknown",
      "bad",
      "bad",
      "bad",
    ];
    assertEquals(expected.slice(9), rest);
    assertEquals(eventsOf(Array.from(bytes, (byte) => Uint8Array.of(byte))), expected);
    for (let cut = 1; cut < bytes.length; cut++) {
      assertEquals(eventsOf([bytes.subarray(0, cut), bytes.subarray(cut)]), expected);
    }
    const random = new Random(freshSeed("parser"));
    for (let round = 0; round < 300; round++) {
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < bytes.length;) {
        const end = at + 1 + random.below(random.pick([2, 20, 300]));
        chunks.push(bytes.subarray(at, end));
        at = end;
      }
      assertEquals(eventsOf(chunks), expected);
    }
  });

  it("ends a line at CR LF only, and a long one as well", () => {
    assertEquals(whole("use a\nb\r\nuse a\rb\r\nstats\r\r\n"), ["bad", "bad", "bad"]);
    for (const length of [223, 224, 225, 446, 447, 448, 449, 1000]) {
      assertEquals(whole("z".repeat(length) + "\r\nuse b\r\n"), ["bad", "use b"]);
    }
    assertEquals(whole("z".repeat(222) + "\r\nuse b\r\n"), ["unknown", "use b"]);
  });

  it("reads kick and timeouts as loosely as the reference", () => {
    const bounds = ["7", " \t+7", "-1", "4294967296", "4294967297x", "18446744073709551615", "-0 y"];
    const expected = [7, 7, 4294967295, 0, 1, 4294967295, 0].map((bound) => `kick ${bound}`);
    assertEquals(bounds.flatMap((bound) => whole(`kick ${bound}\r\n`)), expected);
    for (const bad of ["", "x", "18446744073709551616", "- 1", "99999999999999999999999"]) {
      assertEquals(whole(`kick ${bad}\r\n`), ["bad"]);
    }
    assertEquals(whole("reserve-with-timeout  5 x\r\n"), ["reserve 5"]);
    assertEquals(whole("reserve-with-timeout 2147483647\r\n"), ["reserve 2147483647"]);
    for (const bad of ["2147483648", "-1", "", "x"]) {
      assertEquals(whole(`reserve-with-timeout ${bad}\r\n`), ["bad"]);
    }
  });

  it("reads ids of 64 bits, and those that no job can have as Infinity", () => {
    const ids = ["0", "007", "9007199254740991", "18446744073709551615", "00000000000000000000000000001"];
    const expected = ["0", "7", "9007199254740991", "Infinity", "1"].map((id) => `delete ${id}`);
    assertEquals(ids.flatMap((id) => whole(`delete ${id}\r\n`)), expected);
    for (const bad of ["18446744073709551616", "99999999999999999999", "-1", "1 ", "0x1", ""]) {
      assertEquals(whole(`delete ${bad}\r\n`), ["bad"]);
    }
  });

  it("closes on an HTTP request, but only as the first line", () => {
    assertEquals(whole("GET / HTTP/1.1\r\nHost: x\r\n"), ["http"]);
    assertEquals(whole("POST /" + "p".repeat(400) + " HTTP/1.1\r\n"), ["http"]);
    assertEquals(whole("stats\r\nGET / HTTP/1.1\r\n"), ["stats", "unknown"]);
    assertEquals(whole("PUT 0 0 1 4\r\nquip\r\n"), ["unknown", "unknown"]);
    assertEquals(whole("GET" + "z".repeat(400) + "\r\nstats\r\n"), ["bad", "stats"]);
  });

  it("takes the name of pause-tube up to the first foreign byte, and judges it later", () => {
    assertEquals(whole("pause-tubefoo 1\r\npause-tube   foo   2\r\npause-tube -x 3\r\n"), [
      "pause foo 1 true",
      "pause foo 2 true",
      "pause -x 3 false",
    ]);
    for (const bad of ["!x 1", "x", "x 1 ", "x y", "", " "]) {
      assertEquals(whole(`pause-tube ${bad}\r\n`), ["bad"]);
    }
  });
});
