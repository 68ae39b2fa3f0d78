// A put line in the wrong form: how many bytes of body follow it, by a table, and by a second reader that splits the line.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import * as parsing from "../../src/protocol/parser.ts";
import { Parser } from "../../src/protocol/parser.ts";
import { RefusedPut } from "../../src/protocol/refused_put.ts";
import { Random } from "../support/random.ts";
import { freshSeed } from "../support/runtime.ts";

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const MAX_U32 = 4294967295;

/** What follows `put `, and the size that it tells. */
const SIZES: readonly (readonly [line: string, bytes: number])[] = [
  ["0 4294967296 60 8", 8],
  ["-1 0 60 8", 8],
  ["+1 0 60 8", 8],
  ["0 0 -1 8", 8],
  ["0 0 6e1 8", 8],
  ["1.5 0 60 8", 8],
  ["0x1 0 60 8", 8],
  ["a b c 8", 8],
  ["None None None 8", 8],
  ["undefined 0 60 008", 8],
  ["0\0 0 60 8", 8],
  ["\t0 0 60 8", 8],
  ["0 0 60\r 8", 8],
  ["-1 0 60 4294967295", MAX_U32],
  [`${"9".repeat(400)} 0 60 8`, 8],
  [`-1 0 60 ${"0".repeat(400)}8`, 8],
  ["  -1   0  60    8", 8],
  // Text behind the size.
  ["0 0 60 8 junk", 8],
  ["0 0 60 8 9", 8],
  ["0 0 60 8 ", 8],
  ["0 0 60 8x", 8],
  ["0 0 60 8.0", 8],
  ["0 0 60 8\0", 8],
  ["0 0 60 8\r", 8],
  ["-1 0 60 8 ", 8],
  ["-1 0 60 8 junk", 8],
  ["-1 0 60 8.0", 8],
  // Too many fields before it.
  ["high prio 0 60 8", 8],
  ["1 000 0 60 8", 60], // four numbers and text behind them
  ["- 0 0 60 8", 8],
  // An empty field.
  [" 0 60 8", 8],
  ["0  60 8", 8],
  ["0 0  8", 8],
  ["   8", 8],
  // None can be read.
  ["", -1],
  [" ", -1],
  ["0", -1],
  ["0 0", -1],
  ["0 0 60", -1],
  ["0 0 60 ", -1],
  ["0 0 60  ", -1],
  ["-1 0 8", -1],
  ["0,0 60 8", -1],
  ["0 0 60 x", -1],
  ["0 0 60 -8", -1],
  ["0 0 60 +8", -1],
  ["0 0 60 4294967296", -1],
  ["-1 0 60 99999999999999999999", -1],
  [`0 0 60 ${"9".repeat(300)}`, -1],
  ["0 0 60 \r8", -1],
];

function readInPieces(text: string, cuts: readonly number[]): number {
  const put = new RefusedPut();
  const bytes = latin1(text);
  let at = 0;
  for (const cut of [...cuts, bytes.length]) {
    put.read(bytes, at, cut);
    at = cut;
  }
  return put.bodyBytes();
}

/** The rule of docs/PROTOCOL.md by splitting. */
function sizeOf(text: string): number {
  const words = text.split(" ").filter((word) => word !== "");
  const trimmed = text.replace(/ +$/, "");
  const isEmptyThere = trimmed.startsWith(" ") || trimmed.includes("  ");
  const whole = (word: string): number => /^\d+$/.test(word) && Number(word) <= MAX_U32 ? Number(word) : -1;
  const beginning = (word: string): number => whole(/^\d+/.exec(word)?.[0] ?? "");
  const last = whole(words.at(-1) ?? "");
  if (words.length < 4) return isEmptyThere ? last : -1;
  const fourth = beginning(words[3]);
  if (words.slice(0, 3).every((word) => whole(word) >= 0) && fourth >= 0) return fourth;
  return last >= 0 ? last : fourth;
}

function drawLine(random: Random): string {
  const field = (): string =>
    random.pick([
      "",
      "0",
      "8",
      "60",
      "-1",
      "x",
      "8x",
      "4294967296",
      "4294967295",
      "1.5",
      "\t",
      "0\0",
      "007",
      "\r",
      "\n",
    ]);
  const fields = Array.from({ length: random.below(7) }, field);
  return fields.join(random.pick([" ", " ", "  "])) + random.pick(["", "", " ", "  "]);
}

/** Feeds chunks to a parser as a connection does, with the body passed over where its size was read. */
function eventsOf(chunks: readonly Uint8Array[], isStrict: boolean = false): string[] {
  const parser = new Parser(undefined, undefined, isStrict);
  const events: string[] = [];
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at = parser.at) {
      const event = parser.next(chunk, at, chunk.length);
      if (event === parsing.BAD_FORMAT) {
        events.push(`bad ${parser.refusedBodyBytes}`);
        if (parser.refusedBodyBytes >= 0) parser.skip(parser.refusedBodyBytes + 2);
      } else if (event === parsing.COMMAND) {
        const { command } = parser;
        events.push(`command ${command.code}`);
        if (command.hasTrailingText) {
          const bytes = parser.bodyBytesDespiteText();
          if (bytes >= 0) parser.skip(bytes + 2);
          command.hasTrailingText = false;
        }
      } else if (event !== parsing.NEED_MORE) {
        events.push(["", "", "", "skipped", "", "unknown", "http", "tls"][event]);
      }
    }
  }
  return events;
}

describe("a put line in the wrong form", () => {
  it("tells the size of its body, or does not", () => {
    for (const [line, bytes] of SIZES) {
      assertEquals(readInPieces(line, []), bytes, JSON.stringify(line));
      assertEquals(readInPieces(`${line}\r\n`, []), bytes, JSON.stringify(line));
      assertEquals(sizeOf(line), bytes, `the second reader: ${JSON.stringify(line)}`);
      for (let cut = 0; cut <= Math.min(line.length, 40); cut++) {
        assertEquals(readInPieces(line, [cut]), bytes, `${JSON.stringify(line)} cut at ${cut}`);
      }
    }
  });

  it("is read alike by both readers, however it is drawn and cut", () => {
    const random = new Random(freshSeed("refused put"));
    let readable = 0;
    for (let round = 0; round < 30_000; round++) {
      const line = drawLine(random);
      const bytes = readInPieces(line, [random.below(line.length + 1)]);
      assertEquals(bytes, sizeOf(line), JSON.stringify(line));
      if (bytes >= 0) readable++;
    }
    assert(readable > 5_000 && readable < 25_000, `${readable} of 30000 can be read`);
  });

  it("has its body passed over by the parser, wherever the bytes are cut, whatever the body", () => {
    const bodies = ["delete 1", "", "quit\r\n", "put 0 0 60 1\r\nx", "stats\r\n".repeat(100)];
    const wrong = ["-1 0 60", "0 4294967296 60", " 0 60", "a b c", `${"9".repeat(230)} 0 60`, "0\0 0 60"];
    for (const body of bodies) {
      for (const fields of wrong) {
        const bytes = latin1(`put ${fields} ${body.length}\r\n${body}\r\nuse z\r\n`);
        const expected = [`bad ${body.length}`, "skipped", "command 18"];
        assertEquals(eventsOf([bytes]), expected, fields);
        for (let cut = 1; cut < bytes.length; cut += bytes.length > 400 ? 7 : 1) {
          assertEquals(
            eventsOf([bytes.subarray(0, cut), bytes.subarray(cut)]),
            expected,
            `${fields} cut at ${cut}`,
          );
        }
        assertEquals(eventsOf(Array.from(bytes, (byte) => Uint8Array.of(byte))), expected, fields);
      }
    }
  });

  it("leaves its body to be run by a strict server", () => {
    assertEquals(eventsOf([latin1("put -1 0 60 5\r\nuse z\r\n")], true), ["bad -1", "command 18"]);
    assertEquals(eventsOf([latin1("put 0 0 60 5 9\r\nuse z\r\n")], true), ["command 1", "command 18"]);
    const long = latin1(`put 0 0 60 ${"0".repeat(300)}5\r\nuse z\r\n`);
    assertEquals(eventsOf([long], true), ["bad -1", "command 18"]);
  });

  it("is not meant by other lines", () => {
    for (
      const line of [
        "pu -1 0 60 5",
        "putt -1 0 60 5",
        "PUT -1 0 60 5",
        "put",
        "use -1 0 60 5",
        `use ${"x".repeat(300)} 5`,
      ]
    ) {
      const events = eventsOf([latin1(`${line}\r\nuse z\r\n`)]);
      assertEquals(events.at(-1), "command 18", line);
      assert(events[0] === "unknown" || events[0] === "bad -1", `${line}: ${events[0]}`);
    }
  });
});
