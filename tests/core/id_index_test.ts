import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { IdIndex } from "../../src/core/id_index.ts";
import { BlockDirectory } from "../../src/core/block_directory.ts";
import { Float64Column } from "../../src/core/columns.ts";
import { PAGE_ROWS } from "../../src/core/limits.ts";
import { Random, takeAny } from "../support/random.ts";

describe("IdIndex", () => {
  it("agrees with a Map through growing, shrinking and ids of any spacing", () => {
    const random = new Random(7);
    const index = new IdIndex();
    const model = new Map<number, number>();
    const present: number[] = [];
    const freeRows = Array.from({ length: 60_000 }, (_, i) => i + 1);
    let nextId = 1;
    for (let step = 0; step < 300_000; step++) {
      const isGrowing = Math.floor(step / 60_000) % 2 === 0;
      if (freeRows.length > 0 && (present.length === 0 || random.chance(isGrowing ? 0.7 : 0.3))) {
        nextId += random.chance(0.9) ? 1 : random.below(5_000_000);
        const row = freeRows.pop()!;
        index.insert(nextId, row);
        model.set(nextId, row);
        present.push(nextId);
      } else {
        const id = takeAny(present, random);
        freeRows.push(model.get(id)!);
        index.remove(id);
        model.delete(id);
      }
      const id = random.chance(0.5) && present.length > 0
        ? random.pick(present)
        : random.below(nextId + 1000);
      if (index.find(id) !== (model.get(id) ?? 0)) {
        throw new Error(`step ${step}: id ${id} is found at ${index.find(id)}`);
      }
    }
    assertEquals(index.count, model.size);
    for (const [id, row] of model) assertEquals(index.find(id), row);
  });

  it("answers 0 for numbers that are no id", () => {
    const index = new IdIndex();
    index.insert(1, 1);
    for (const odd of [0, -1, 2, Infinity, NaN, 2 ** 53, 2 ** 32 + 1]) assertEquals(index.find(odd), 0);
  });

  it("moves few leaves however ids lap the table", () => {
    const blocks = blockColumn(1);
    let reads = 0;
    const counting = Object.assign(Object.create(blocks), {
      get: (row: number) => (reads++, blocks.get(row)),
    }) as Float64Column;
    const directory = new BlockDirectory(counting);
    // A standing backlog of dense blocks, and traffic whose block numbers run on for ever.
    for (let leaf = 1; leaf <= 3000; leaf++) {
      blocks.set(leaf, leaf);
      directory.insert(leaf);
    }
    reads = 0;
    const traffic = 40_000;
    for (let block = 3001; block <= 3000 + traffic; block++) {
      blocks.set(4000, block);
      directory.insert(4000);
      directory.remove(block);
    }
    assert(reads < 40 * traffic, `${reads / traffic} leaves are looked at per insert and remove`);
  });

  it("gives its memory back after a backlog", () => {
    const blocks = blockColumn(12);
    const directory = new BlockDirectory(blocks);
    for (let leaf = 1; leaf <= 90_000; leaf++) {
      blocks.set(leaf, leaf * 7);
      directory.insert(leaf);
    }
    const full = directory.bytes;
    for (let leaf = 1; leaf <= 90_000; leaf++) directory.remove(leaf * 7);
    assert(directory.bytes < full / 32, `${directory.bytes} bytes are left of ${full}`);
  });
});

function blockColumn(pages: number): Float64Column {
  const blocks = new Float64Column();
  const pageBytes = blocks.rowBytes * PAGE_ROWS;
  const buffer = new ArrayBuffer(pages * pageBytes);
  for (let page = 0; page < pages; page++) blocks.addPage(page, buffer, page * pageBytes);
  return blocks;
}
