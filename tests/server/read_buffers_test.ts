// How Deno's connections choose what to read into: bytes are read completely, and an idle connection holds little.

import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { ReadBuffer } from "../../src/adapters/deno/read_buffers.ts";
import type { LargeBuffers } from "../../src/adapters/deno/read_buffers.ts";

const IDLE_BYTES = 2048;

/** Takes in what a peer sent in one go, read after read, until a read does not fill its buffer. */
function readAll(buffer: ReadBuffer, sent: number): number[] {
  const reads: number[] = [];
  for (let left = sent, count = -1; count !== 0 && left > 0; left -= count) {
    const { length } = buffer.bytes;
    count = Math.min(left, length);
    reads.push(count);
    buffer.next(count);
  }
  return reads;
}

describe("ReadBuffer", () => {
  it("stays small for short commands", () => {
    const spare: LargeBuffers = [];
    const buffer = new ReadBuffer(spare);
    const first = buffer.bytes;
    for (let i = 0; i < 100; i++) assertEquals(readAll(buffer, 30), [30]);
    assert(buffer.bytes === first, "another buffer without need");
    assertEquals(spare.length, 0);
  });

  it("takes a job of a kilobyte with one read from the second one on", () => {
    const buffer = new ReadBuffer([]);
    readAll(buffer, 1060);
    const own = buffer.bytes;
    assertEquals(readAll(buffer, 1060), [1060]);
    assert(buffer.bytes === own, "a buffer per job");
  });

  it("lends a large one while input keeps coming, and gives it back", () => {
    const spare: LargeBuffers = [];
    const [one, other] = [new ReadBuffer(spare), new ReadBuffer(spare)];
    for (const buffer of [one, other, one]) {
      const reads = readAll(buffer, 1_000_000);
      assertEquals(reads.reduce((sum, count) => sum + count), 1_000_000);
      assert(reads.length < 25, `${reads.length} reads`);
      assert(buffer.bytes.length <= IDLE_BYTES, "an idle connection holds a large buffer");
    }
    assertEquals(spare.length, 1, "they share one");
  });

  it("keeps a bounded number of large ones", () => {
    const spare: LargeBuffers = [];
    const buffers = Array.from({ length: 300 }, () => new ReadBuffer(spare));
    // All are in the middle of a large read, then all have come to an end.
    for (const buffer of buffers) {
      while (buffer.bytes.length <= IDLE_BYTES) buffer.next(buffer.bytes.length);
    }
    assertEquals(
      new Set(buffers.map(({ bytes }) => bytes)).size,
      buffers.length,
      "one buffer for two connections",
    );
    for (const buffer of buffers) buffer.next(1);
    assert(spare.length > 0 && spare.length <= 64, `${spare.length} kept`);
  });
});
