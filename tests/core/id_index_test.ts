import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Float64Column } from "../../src/core/columns.ts";
import { IdIndex } from "../../src/core/id_index.ts";
import { PAGE_ROWS } from "../../src/core/limits.ts";
import { Random, takeAny } from "../support/random.ts";

/** An index over ids that the test keeps by row. */
function indexWithRows(rows: number): { index: IdIndex; ids: Float64Column } {
  const ids = new Float64Column();
  for (let page = 0; page * PAGE_ROWS <= rows; page++) ids.addPage(page);
  return { index: new IdIndex(ids), ids };
}

describe("IdIndex", () => {
  it("agrees with a Map through growing, shrinking and ids of any spacing", () => {
    const random = new Random(7);
    const { index, ids } = indexWithRows(60_000);
    const model = new Map<number, number>();
    const present: number[] = [];
    const freeRows = Array.from({ length: 60_000 }, (_, i) => i + 1);
    let nextId = 1;
    for (let step = 0; step < 300_000; step++) {
      const isGrowing = Math.floor(step / 60_000) % 2 === 0;
      if (freeRows.length > 0 && (present.length === 0 || random.chance(isGrowing ? 0.7 : 0.3))) {
        nextId += random.chance(0.9) ? 1 : random.below(5_000_000);
        const row = freeRows.pop()!;
        ids.set(row, nextId);
        index.insert(row);
        model.set(nextId, row);
        present.push(nextId);
      } else {
        const id = takeAny(present, random);
        freeRows.push(model.get(id)!);
        index.remove(id);
        model.delete(id);
      }
      const id = random.chance(0.5) && present.length > 0 ? random.pick(present) : random.below(nextId + 1000);
      if (index.find(id) !== (model.get(id) ?? 0)) throw new Error(`step ${step}: id ${id} is found at ${index.find(id)}`);
    }
    assertEquals(index.count, model.size);
    for (const [id, row] of model) assertEquals(index.find(id), row);
  });

  it("answers 0 for numbers that are no id", () => {
    const { index, ids } = indexWithRows(10);
    ids.set(1, 1);
    index.insert(1);
    for (const odd of [0, -1, 2, Infinity, NaN, 2 ** 53, 2 ** 32 + 1]) assertEquals(index.find(odd), 0);
  });

  it("gives its memory back after a backlog", () => {
    const { index, ids } = indexWithRows(100_000);
    for (let row = 1; row <= 100_000; row++) {
      ids.set(row, row);
      index.insert(row);
    }
    const full = index.bytes;
    for (let row = 1; row <= 100_000; row++) index.remove(row);
    assert(index.bytes < full / 16, `${index.bytes} bytes are left of ${full}`);
  });
});
