// Patterns of names, against regular expressions.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Glob } from "../../src/core/glob.ts";
import { Random } from "../support/random.ts";
import { freshSeed } from "../support/runtime.ts";

const encoder = new TextEncoder();

describe("glob", () => {
  it("takes * for anything and ? for one character", () => {
    for (
      const [pattern, name, isFit] of [
        ["*", "", true],
        ["**", "x", true],
        ["a*c", "ac", true],
        ["a*c", "abcd", false],
        ["mail.*.out", "mail.a.b.out", true],
        ["?", "", false],
        ["a?c", "abc", true],
        ["a?c", "ac", false],
        ["a.c", "abc", false],
        ["mail", "mai", false],
        ["", "", true],
        ["", "x", false],
      ] as const
    ) assertEquals(new Glob(pattern).fitsText(name), isFit, `${pattern} ${name}`);
  });

  it("agrees with a regular expression, also within other bytes", () => {
    const random = new Random(freshSeed("glob"));
    const word = (letters: string, most: number): string =>
      Array.from({ length: 1 + random.below(most) }, () => letters[random.below(letters.length)]).join("");
    let fitting = 0;
    for (let i = 0; i < 20_000; i++) {
      const text = word("ab.**?", 6);
      const name = word("ab.", 8);
      const glob = new Glob(text);
      const source = text.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
      const isFit = new RegExp(`^${source}$`).test(name);
      assertEquals(glob.fits(encoder.encode(name)), isFit, `${text} ${name}`);
      const inside = encoder.encode(`x${name}y`);
      assertEquals(glob.fits(inside, 1, inside.length - 1), isFit, `${text} within ${name}`);
      if (isFit) fitting++;
    }
    assert(fitting > 1000, `${fitting} fitted`);
  });

  it("takes no longer for a pattern that is all stars", () => {
    const glob = new Glob("*a".repeat(100));
    assertEquals(glob.fits(new Uint8Array(200).fill(98)), false);
    assertEquals(glob.fits(new Uint8Array(200).fill(97)), true);
    assertEquals(new Glob(`${"a*".repeat(90)}b`).fitsText("a".repeat(200)), false);
  });
});
