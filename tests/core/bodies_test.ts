import { describe, it } from "node:test";
import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { Bodies } from "../../src/core/bodies.ts";
import { LARGEST_CELL_BYTES, PIECE_BYTES } from "../../src/core/limits.ts";
import { Random } from "../support/random.ts";

interface Stored {
  readonly address: number;
  readonly bytes: number;
  readonly fill: number;
}

/** Writes a body of one repeated byte in a few strokes. */
function store(bodies: Bodies, bytes: number, fill: number, random: Random): Stored {
  const address = bodies.allocate(bytes);
  const source = new Uint8Array(bytes).fill(fill);
  for (let at = 0; at < bytes;) {
    const end = Math.min(bytes, at + 1 + random.below(bytes));
    bodies.write(address, bytes, at, source, at, end);
    at = end;
  }
  return { address, bytes, fill };
}

function check(bodies: Bodies, { address, bytes, fill }: Stored): void {
  let seen = 0;
  const look = (source: Uint8Array, from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      if (source[i] !== fill) throw new Error(`byte ${seen + i - from} is ${source[i]}, not ${fill}`);
    }
    seen += to - from;
  };
  bodies.read(address, bytes, { copy: look, keep: (piece, length) => look(piece, 0, length) });
  assertEquals(seen, bytes);
}

function sizeFrom(random: Random): number {
  if (random.chance(0.7)) return 2 + random.below(200);
  return random.chance(0.98)
    ? 2 + random.below(LARGEST_CELL_BYTES)
    : LARGEST_CELL_BYTES + 1 + random.below(3 * PIECE_BYTES);
}

describe("Bodies", () => {
  it("keep every body as it was written, whatever else comes and goes", () => {
    const random = new Random(11);
    const bodies = new Bodies();
    const stored: Stored[] = [];
    for (let step = 0; step < 20_000; step++) {
      if (stored.length < 400 || random.chance(0.5)) {
        stored.push(store(bodies, sizeFrom(random), random.below(256), random));
      } else {
        const [body] = stored.splice(random.below(stored.length), 1);
        check(bodies, body);
        bodies.free(body.address, body.bytes);
      }
    }
    for (const body of stored) check(bodies, body);
    for (const body of stored) bodies.free(body.address, body.bytes);
    assertEquals(bodies.usedBytes, 0);
  });

  it("waste at most a quarter of a cell", () => {
    const bodies = new Bodies();
    for (let bytes = 129; bytes < LARGEST_CELL_BYTES; bytes += 37) {
      assert(bodies.costOf(bytes) <= bytes * 1.25 + 8, `${bytes} bytes take ${bodies.costOf(bytes)}`);
    }
  });

  it("take no memory for a large body before it arrives", () => {
    const bodies = new Bodies();
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().rss;
    for (let i = 0; i < 100; i++) bodies.allocate(1_073_741_826);
    const after = process.memoryUsage().arrayBuffers + process.memoryUsage().rss;
    assert(after - before < 64 * 1024 * 1024, `${after - before} bytes were taken`);
  });
});
