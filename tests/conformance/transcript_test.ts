// The transcript reader: what its notation stands for, and that it refuses what means nothing.
import { describe, it } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { type Action, expandBytes, readTranscript, TranscriptError } from "./transcript.ts";

function stepsOf(...lines: string[]): Action[] {
  const [one] = readTranscript("f.txt", ["== a case", ...lines].join("\n"));
  return one.steps.map(({ line: _line, source: _source, ...action }) => action as Action);
}

const AT_ANY_TIME = { minMs: 0, maxMs: null };

describe("transcript: bytes", () => {
  it("escapes", () => {
    assertEquals(expandBytes("a\\r\\n\\t\\0\\s\\\\\\}\\xff"), "a\r\n\t\0 \\}\xff");
    assertEquals(expandBytes("{#}"), "{#}");
  });

  it("repetition, counting, nesting", () => {
    assertEquals(expandBytes("<\\{3:ab\\r}>"), "<ab\rab\rab\r>");
    assertEquals(expandBytes("\\{9..11:# of #;}"), "9 of 9;10 of 10;11 of 11;");
    assertEquals(expandBytes("\\{2:a\\{2:b}\\}}"), "abb}abb}");
  });

  it("refuses what it does not know", () => {
    for (const text of ["\\q", "\\x1g", "\\{3:abc", "\\{abc}", "\\{3:}", "\u0100", "a\\"]) {
      assertThrows(() => expandBytes(text), TranscriptError);
    }
  });
});

describe("transcript: steps", () => {
  it("lines and raw bytes; sends in a row are one write", () => {
    assertEquals(stepsOf("a> use x", "a>> sta", "b> y", "a>. q", "a>", "a< USING x", "a<< z"), [
      { kind: "send", connection: "a", bytes: "use x\r\nsta" },
      { kind: "send", connection: "b", bytes: "y\r\n" },
      { kind: "trickle", connection: "a", bytes: "q\r\n" },
      { kind: "send", connection: "a", bytes: "\r\n" },
      { kind: "receive", connection: "a", bytes: "USING x\r\n", within: AT_ANY_TIME },
      { kind: "receive", connection: "a", bytes: "z", within: AT_ANY_TIME },
    ]);
  });

  it("only the first space after the sign is left out", () => {
    assertEquals(stepsOf("a>  use"), [{ kind: "send", connection: "a", bytes: " use\r\n" }]);
  });

  it("times", () => {
    const within = (line: string): unknown => (stepsOf(line)[0] as { within?: unknown }).within;
    assertEquals(within("a [10..20 ms]< x"), { minMs: 10, maxMs: 20 });
    assertEquals(within("a [10.. ms]< x"), { minMs: 10, maxMs: null });
    assertEquals(within("a [..20 ms]= x=1"), { minMs: 0, maxMs: 20 });
  });

  it("lists, fields and patterns", () => {
    assertEquals(
      stepsOf(
        "a- default t1",
        "a= age=[01] delay=0",
        "   pri=.*",
        "a~ OK \\d+",
        "   ---",
        "   x: 1",
        "a~ [A-Z]+",
      ),
      [
        {
          kind: "receive",
          connection: "a",
          bytes: "OK 19\r\n---\n- default\n- t1\n\r\n",
          within: AT_ANY_TIME,
        },
        {
          kind: "fields",
          connection: "a",
          fields: [["age", "^(?:[01])$"], ["delay", "^(?:0)$"], ["pri", "^(?:.*)$"]],
          within: AT_ANY_TIME,
        },
        {
          kind: "match",
          connection: "a",
          pattern: "^(?:OK \\d+)\\r\\n---\\nx: 1\\n\\r\\n$",
          within: AT_ANY_TIME,
        },
        { kind: "match", connection: "a", pattern: "^(?:[A-Z]+)\\r\\n$", within: AT_ANY_TIME },
      ],
    );
  });

  it("connections, time and signals", () => {
    assertEquals(
      stepsOf(
        "a opens",
        "a half-closes",
        "a is closed",
        "a closes",
        "a is silent 5 ms",
        "a until stats-job 1: state=ready",
        "sleep 7 ms",
        "signal SIGUSR1",
        "restart SIGKILL",
        "restart SIGTERM with -b ${DIR} -z 5",
        "restart SIGTERM with nothing",
      ),
      [
        { kind: "open", connection: "a" },
        { kind: "half-close", connection: "a" },
        { kind: "closed", connection: "a" },
        { kind: "close", connection: "a" },
        { kind: "silent", connection: "a", ms: 5 },
        { kind: "until", connection: "a", bytes: "stats-job 1\r\n", fields: [["state", "^(?:ready)$"]] },
        { kind: "sleep", ms: 7 },
        { kind: "signal", name: "SIGUSR1" },
        { kind: "restart", signal: "SIGKILL", serverArgs: null },
        { kind: "restart", signal: "SIGTERM", serverArgs: ["-b", "${DIR}", "-z", "5"] },
        { kind: "restart", signal: "SIGTERM", serverArgs: [] },
      ],
    );
  });
});

describe("transcript: cases", () => {
  it("names, arguments, differences, lines", () => {
    const text =
      "# about\n\n== one\nserver: -z 10\ndiffers: 1.12: it is older\na> x\n\n== two\n# note\ndiffers: always: why\nb opens\n";
    const [one, two] = readTranscript("f.txt", text);
    assertEquals([one.name, one.line, one.file], ["one", 3, "f.txt"]);
    assertEquals(one.serverArgs, ["-z", "10"]);
    assertEquals(one.difference, { flavor: "1.12", reason: "it is older" });
    assertEquals(one.steps.map(({ line, source }) => [line, source]), [[6, "a> x"]]);
    assertEquals([two.name, two.serverArgs, two.difference], ["two", [], {
      flavor: "always",
      reason: "why",
    }]);
  });

  it("an error names file, line and text", () => {
    assertThrows(
      () => readTranscript("f.txt", "== x\na opens\na jumps\n"),
      TranscriptError,
      "f.txt:3: not a step: a jumps",
    );
  });

  it("refuses what means nothing", () => {
    const bad = [
      "a> x",
      "== x",
      "== x\na> 1\n== x\na> 1",
      "== x\na> 1\nserver: -z 1",
      "== x\ndiffers: 1.11: old\na> 1",
      "== x\na [1..2 ms]> x",
      "== x\na< x\n   more",
      "== x\nsleep 5",
      "== x\na= novalue",
      "== x\na~ (",
    ];
    for (const text of bad) assertThrows(() => readTranscript("f.txt", text), TranscriptError, "f.txt:");
  });
});
