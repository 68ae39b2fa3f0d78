// Nothing but digits is ever written where a number belongs, whatever comes out of a calculation.
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { LONGEST_DECIMAL, writeDecimal } from "../../src/protocol/decimal.ts";
import { YamlDocument } from "../../src/protocol/document.ts";
import { secondsLeft, wholeSeconds } from "../../src/protocol/stats.ts";
import { Random } from "../support/random.ts";

function written(value: number): string {
  const bytes = new Uint8Array(LONGEST_DECIMAL + 2).fill(0x2a);
  const digits = writeDecimal(bytes, 1, value);
  const text = new TextDecoder().decode(bytes);
  assertEquals([text[0], text.slice(1 + digits).replaceAll("*", "")], ["*", ""], `${value}: ${text}`);
  return text.slice(1, 1 + digits);
}

describe("writeDecimal", () => {
  const NUMBERS: readonly (readonly [value: number, text: string])[] = [
    [0, "0"],
    [-0, "0"],
    [9, "9"],
    [10, "10"],
    [999_999_999, "999999999"],
    [1_000_000_000, "1000000000"],
    [4_294_967_295, "4294967295"],
    [Number.MAX_SAFE_INTEGER, "9007199254740991"],
    // What is no such number.
    [-1, "0"],
    [-259_202, "0"],
    [-1e300, "0"],
    [-Infinity, "0"],
    [NaN, "0"],
    [0.999, "0"],
    [9.999, "9"],
    [999_999_999.5, "999999999"],
    [1_000_000_000.75, "1000000000"],
    [4_294_967_295.999, "4294967295"],
    [2 ** 53, "9007199254740991"],
    [1e300, "9007199254740991"],
    [Infinity, "9007199254740991"],
  ];
  for (const [value, text] of NUMBERS) {
    it(`writes ${value} as ${text}`, () => assertEquals(written(value), text));
  }

  it("writes every whole number as it is, and digits for all others", () => {
    const random = new Random(7);
    for (let i = 0; i < 20_000; i++) {
      const value = (random.next() - 0.3) * 2 ** (random.next() * 60);
      const text = written(value);
      assertMatch(text, /^(0|[1-9]\d{0,15})$/);
      if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) assertEquals(text, String(Math.floor(value)));
    }
  });
});

describe("figures of time", () => {
  const WRONG = [-1, -0.001, -30_000, -1.7e12, -Infinity, NaN];
  it("have a floor of 0", () => {
    for (const ms of WRONG) {
      assertEquals(wholeSeconds(ms), 0, `${ms}`);
      assert(secondsLeft(ms) === 0 || Number.isNaN(ms), `${ms}`);
      const document = new YamlDocument();
      document.begin();
      document.field("age", wholeSeconds(ms));
      document.field("time-left", secondsLeft(ms));
      const text = new TextDecoder().decode(document.bytes.subarray(0, document.length));
      assertEquals(text, "---\nage: 0\ntime-left: 0\n");
    }
  });

  it("are cut, not rounded", () => {
    assertEquals([0, 999, 1000, 59_999.9].map(wholeSeconds), [0, 0, 1, 59]);
  });
});
