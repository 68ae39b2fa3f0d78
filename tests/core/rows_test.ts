import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import { Rows, Uint32Column } from "../../src/core/columns.ts";
import { PAGE_ROWS } from "../../src/core/limits.ts";
import { RowVector } from "../../src/core/row_vector.ts";
import { Random, takeAny } from "../support/random.ts";

describe("Rows", () => {
  it("hand out each row once, never row 0, and keep its numbers", () => {
    const random = new Random(5);
    const value = new Uint32Column();
    const rows = new Rows([value], value);
    const taken: { row: number; written: number }[] = [];
    const inUse = new Set<number>();
    for (let step = 0; step < 200_000; step++) {
      if (taken.length === 0 || random.chance(step < 100_000 ? 0.7 : 0.3)) {
        const row = rows.take();
        if (row === 0 || inUse.has(row)) throw new Error(`row ${row} was handed out`);
        value.set(row, step);
        taken.push({ row, written: step });
        inUse.add(row);
      } else {
        const { row, written } = takeAny(taken, random);
        if (value.get(row) !== written) throw new Error(`row ${row} holds ${value.get(row)}, not ${written}`);
        rows.giveBack(row);
        inUse.delete(row);
      }
    }
    assertEquals(rows.count, taken.length);
  });

  it("drop pages that ran empty and bring them back", () => {
    const value = new Uint32Column();
    const rows = new Rows([value], value);
    for (let round = 0; round < 3; round++) {
      const taken = Array.from({ length: 5 * PAGE_ROWS }, () => rows.take());
      assertEquals(new Set(taken).size, taken.length);
      taken.forEach((row) => value.set(row, row));
      taken.forEach((row) => assertEquals(value.get(row), row));
      taken.forEach((row) => rows.giveBack(row));
      assertEquals(rows.count, 0);
    }
  });
});

describe("RowVector", () => {
  it("works as a stack over several pages and down again", () => {
    const vector = new RowVector();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 3 * PAGE_ROWS + 5; i++) vector.push(i + round);
      for (let i = 3 * PAGE_ROWS + 4; i >= 0; i--) {
        assertEquals(vector.length, i + 1);
        assertEquals(vector.pop(), i + round);
      }
    }
  });
});
