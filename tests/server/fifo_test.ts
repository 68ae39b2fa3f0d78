// Things come out in the order in which they went in, whatever the mixture, and what was taken is not kept.
import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Fifo } from "../../src/server/fifo.ts";
import { Random } from "../support/random.ts";
import { freshSeed } from "../support/runtime.ts";

describe("a fifo", () => {
  it("does what a list does", () => {
    const random = new Random(freshSeed("fifo"));
    const fifo = new Fifo<number>();
    let list: number[] = [];
    for (let i = 0; i < 50_000; i++) {
      if (random.below(100) < (i % 20_000 < 10_000 ? 70 : 40)) {
        fifo.push(i);
        list.push(i);
      } else assertEquals(fifo.shift(), list.shift());
      assertEquals([fifo.length, fifo.first], [list.length, list[0]]);
      if (random.below(20_000) === 0) {
        fifo.clear();
        list = [];
      }
    }
    assertEquals(fifo.toArray(), list);
  });

  it("gives back the room of what was taken", () => {
    const fifo = new Fifo<number>();
    for (let i = 0; i < 100_000; i++) {
      fifo.push(i);
      if (i >= 10) fifo.shift();
    }
    const { items } = fifo as unknown as { items: unknown[] };
    assert(items.length < 5000, `${items.length} places for 10 things`);
    assertEquals(fifo.length, 10);
  });
});
