// Ratios of series that were measured in turns, and what may be said of them.
import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { ratioOf, ratioText, verdict } from "../../bench/support/ratios.ts";

describe("ratios", () => {
  it("divide each value by its neighbour, not by the mean: a drift of the machine cancels out", () => {
    const base = [100, 50, 25, 10, 5];
    const doubled = base.map((value) => value * 2);
    assertEquals(ratioOf(doubled, base), { median: 2, lowest: 2, highest: 2, count: 5 });
  });

  it("tell the spread", () => {
    assertEquals(ratioText(ratioOf([1, 2, 6], [2, 2, 2])), "1.00 (0.500..3.00)");
  });

  it("of nothing are a dash", () => {
    assertEquals(ratioText(ratioOf([], [])), "-");
    assertEquals(verdict(ratioOf([], [])), "too few rounds");
  });

  it("say more or less only when all rounds agree, and there were enough", () => {
    const base = [1, 1, 1, 1, 1];
    assertEquals(verdict(ratioOf([1.1, 1.2, 1.1, 1.3, 1.01], base)), "more");
    assertEquals(verdict(ratioOf([0.9, 0.5, 0.99, 0.8, 0.7], base)), "less");
    assertEquals(verdict(ratioOf([1.5, 1.5, 1.5, 1.5, 0.99], base)), "no difference beyond the spread");
    assertEquals(verdict(ratioOf([1.5, 1.5, 1.5, 1.5], base)), "too few rounds");
  });
});
