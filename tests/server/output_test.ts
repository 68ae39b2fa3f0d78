import { describe, it } from "node:test";
import { assertEquals } from "@std/assert";
import type { Transport } from "../../src/ports/transport.ts";
import { Blocks } from "../../src/server/blocks.ts";
import { Output } from "../../src/server/output.ts";
import { Random } from "../support/random.ts";

/** Takes everything, but holds on to some buffers and scribbles over none; checks that held ones stay untouched. */
class HoldingTransport implements Transport {
  readonly received: number[] = [];
  private readonly random = new Random(1);
  private held: { bytes: Uint8Array; copy: Uint8Array } | null = null;

  send(bytes: Uint8Array, length: number): boolean {
    if (this.held !== null) throw new Error("sent while a buffer was held");
    for (let i = 0; i < length; i++) this.received.push(bytes[i]);
    if (this.random.chance(0.6)) return true;
    this.held = { bytes: bytes.subarray(0, length), copy: bytes.slice(0, length) };
    return false;
  }
  drain(output: Output): void {
    if (this.held === null) return;
    assertEquals(this.held.bytes, this.held.copy);
    this.held = null;
    output.drained();
  }
  pause(): void {}
  resume(): void {}
  close(): void {}
}

describe("Output", () => {
  it("sends every byte once and in order, through blocks that are used again", () => {
    const random = new Random(2);
    const pool = new Blocks();
    const lines = Array.from(
      { length: 3 },
      () => ({ output: new Output(pool), transport: new HoldingTransport(), wanted: [] as number[] }),
    );
    for (let step = 0; step < 3000; step++) {
      const { output, transport, wanted } = random.pick(lines);
      const size = random.chance(0.9) ? random.below(60) : random.below(40_000);
      const bytes = Uint8Array.from({ length: size }, () => random.below(256));
      if (random.chance(0.2)) {
        const value = Math.floor(2 ** (random.next() * 53));
        output.number(value);
        for (const digit of String(value)) wanted.push(digit.charCodeAt(0));
      } else {
        if (random.chance(0.1)) output.keep(bytes, size);
        else output.copy(bytes, 0, size);
        for (const byte of bytes) wanted.push(byte);
      }
      if (random.chance(0.3)) output.flush(transport, 0);
      if (random.chance(0.5)) transport.drain(output);
    }
    for (const { output, transport, wanted } of lines) {
      while (!output.flush(transport, 0)) transport.drain(output);
      assertEquals(transport.received.length, wanted.length);
      assertEquals(transport.received.findIndex((byte, i) => byte !== wanted[i]), -1);
      assertEquals(output.unsentBytes, 0);
    }
  });

  it("keeps what waits for the journal, and all behind it, until its ticket is reached", () => {
    const transport = new HoldingTransport();
    const output = new Output(new Blocks());
    const sent = (reached: number): string => {
      while (!output.flush(transport, reached) && output.isWaitingForDrain) transport.drain(output);
      return String.fromCharCode(...transport.received);
    };
    const say = (text: string, ticket: number): void => {
      output.hold(ticket);
      output.bytes(new TextEncoder().encode(text));
    };
    say("a", 0);
    say("b", 3);
    say("c", 0); // behind b
    say("d", 4);
    output.keep(new Uint8Array([101, 101]), 2);
    say("f", 7);
    assertEquals([0, 2, 3, 5, 6, 7].map(sent), ["a", "a", "abc", "abcdee", "abcdee", "abcdeef"]);
    assertEquals(output.unsentBytes, 0);
  });

  it("never sends what is held when it overflows a block", () => {
    const transport = new HoldingTransport();
    const output = new Output(new Blocks());
    output.hold(1);
    for (let i = 0; i < 300; i++) {
      output.bytes(new Uint8Array(1000));
      output.flush(transport, 0);
    }
    assertEquals([transport.received.length, output.unsentBytes], [0, 300_000]);
  });

  it("writes numbers whole, wherever a block ends", () => {
    const value = 9007199254740991;
    for (const blockBytes of [2048, 16_384, 65_536, 131_072]) {
      for (let filled = blockBytes - 20; filled <= blockBytes; filled++) {
        const transport = new HoldingTransport();
        const output = new Output(new Blocks());
        output.copy(new Uint8Array(filled).fill(120), 0, filled);
        output.number(value);
        while (!output.flush(transport, 0)) transport.drain(output);
        assertEquals(String.fromCharCode(...transport.received.slice(filled)), String(value));
      }
    }
  });

  it("writes numbers in decimal", () => {
    const transport = new HoldingTransport();
    const output = new Output(new Blocks());
    const values = [0, 9, 10, 4294967295, 4294967296, 9007199254740991];
    for (const value of values) output.number(value);
    while (!output.flush(transport, 0)) transport.drain(output);
    assertEquals(String.fromCharCode(...transport.received), values.join(""));
  });
});
