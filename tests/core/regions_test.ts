import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { REGION_BYTES } from "../../src/core/limits.ts";
import { Regions } from "../../src/core/regions.ts";
import type { Block } from "../../src/core/regions.ts";
import { Random, takeAny } from "../support/random.ts";

const BLOCK = 65_536;

describe("Regions", () => {
  it("hand out blocks that never overlap, and keep what is written to them", () => {
    const random = new Random(3);
    const regions = new Regions(BLOCK);
    const marks = new Map<Block, number>();
    const taken: Block[] = [];
    for (let step = 0; step < 3000; step++) {
      if (taken.length === 0 || (taken.length < 800 && random.chance(step % 1500 < 750 ? 0.8 : 0.2))) {
        const block = regions.take();
        new Float64Array(block.buffer, block.at, BLOCK / 8).fill(step);
        marks.set(block, step);
        taken.push(block);
      } else {
        const block = takeAny(taken, random);
        const values = new Float64Array(block.buffer, block.at, BLOCK / 8);
        assert(values.every((value) => value === marks.get(block)), "a block keeps what its owner wrote");
        regions.giveBack(block);
        marks.delete(block);
      }
    }
    assert(regions.heldBytes >= taken.length * BLOCK);
  });

  it("grow from one block to regions of the full size, and give each back when it is empty", () => {
    const regions = new Regions(BLOCK);
    const taken: Block[] = [];
    const sizes = new Set<number>();
    while (taken.length * BLOCK < 3 * REGION_BYTES) {
      taken.push(regions.take());
      sizes.add(taken[taken.length - 1].buffer.byteLength);
    }
    const ordered = [...sizes];
    assertEquals(ordered[0], BLOCK);
    assertEquals(ordered, ordered.toSorted((a, b) => a - b));
    assertEquals(ordered[ordered.length - 1], REGION_BYTES);
    assert(ordered.length < 6, "few regions are small");
    const last = taken[taken.length - 1];
    const { buffer } = last;
    for (const block of taken.splice(0)) regions.giveBack(block);
    assertEquals(regions.heldBytes, 0);
    assertEquals(buffer.byteLength, 0, "the memory is let go at once");
  });

  it("take from the oldest region with room, so that later ones run empty", () => {
    const regions = new Regions(BLOCK);
    const taken = Array.from({ length: 100 }, () => regions.take());
    const last = taken[taken.length - 1];
    assert(!regions.hasRoomBefore(last));
    regions.giveBack(taken[2]);
    assert(regions.hasRoomBefore(last));
    const again = regions.take();
    assertEquals([again.region, again.at], [taken[2].region, taken[2].at]);
    assert(!regions.hasRoomBefore(last));
  });
});
