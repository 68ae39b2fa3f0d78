// The parser against millions of damaged lines: it never throws, never grows, says the same however its input is cut, and
// after whatever line the next good command is understood. RUNNERBEAN_FUZZ_LINES sets how many (10000000 for the long run).
import { Buffer } from "node:buffer";
import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { RELEASE } from "../../src/protocol/command.ts";
import { COMMAND } from "../../src/protocol/parser.ts";
import { Random } from "../support/random.ts";
import { freshSeed } from "../support/runtime.ts";
import { LineMutations } from "./line_mutations.ts";
import { ParserRun } from "./parser_run.ts";

const LINES = Number(process.env.RUNNERBEAN_FUZZ_LINES ?? 300_000);
/** A parser lives for so many lines, as a connection does; then a new one meets its first line. */
const LINES_PER_PARSER = 1000;
const ALLOWED_GROWTH_MIB = 64;

const GOOD = Buffer.from("release 9007199254740991 4294967295 77\r\n", "latin1");
/** For a body that ended between the CR and the LF of its line. */
const FLUSH = Buffer.from("\r\n", "latin1");
const FILLER = Buffer.alloc(4096, "f");

const rssMib = (): number => process.memoryUsage().rss / 1024 / 1024;

/** Feeds the bytes in pieces cut at random, each in the same buffer, which is overwritten: nothing of it may be kept. */
class PieceFeed {
  readonly #run: ParserRun;
  readonly #random: Random;
  readonly #piece: Buffer;

  constructor(run: ParserRun, random: Random, piece: Buffer) {
    this.#run = run;
    this.#random = random;
    this.#piece = piece;
  }

  feed(bytes: Uint8Array, end: number): void {
    for (let at = 0; at < end;) {
      const length = Math.min(end - at, 1 + this.#random.below(this.#random.chance(0.3) ? 3 : 400));
      this.#piece.set(bytes.subarray(at, at + length));
      this.#run.feed(this.#piece, length);
      this.#piece.fill(0xaa, 0, length);
      at += length;
    }
  }
}

/** One parser's life. Returns how many of the damaged lines were commands. */
function fuzz(random: Random, lines: LineMutations, count: number, piece: Buffer): number {
  const isStrict = random.chance(0.3);
  const whole = new ParserRun(isStrict);
  const cut = new ParserRun(isStrict);
  const pieces = new PieceFeed(cut, random, piece);
  const feed = (bytes: Uint8Array, end: number) => {
    whole.feed(bytes, end);
    pieces.feed(bytes, end);
  };
  for (let line = 0; line < count; line++) {
    lines.next();
    const shown = () => JSON.stringify(lines.bytes.toString("latin1", 0, lines.length));
    feed(lines.bytes, lines.length);
    if (whole.isHttp || cut.isHttp) {
      assert(line === 0 && whole.isHttp && cut.isHttp, `HTTP in one way only, or later: ${shown()}`);
      return 0;
    }
    assertEquals(cut.owed, whole.owed, shown());
    if (whole.owed > 0) feed(FILLER, whole.owed);
    else feed(FLUSH, FLUSH.length);
    feed(GOOD, GOOD.length);
    for (const { lastEvent, parser: { command } } of [whole, cut]) {
      const { code, id, pri, delay } = command;
      const isUnderstood = lastEvent === COMMAND && code === RELEASE && id === Number.MAX_SAFE_INTEGER &&
        pri === 0xffff_ffff;
      if (!isUnderstood || delay !== 77) {
        throw new Error(`a good command after ${shown()}: event ${lastEvent}, code ${code}`);
      }
    }
    if (cut.fingerprint !== whole.fingerprint) throw new Error(`differs when cut: ${shown()}`);
  }
  return whole.commandCount - count;
}

describe("the parser and damaged lines", () => {
  it(`${LINES} lines`, { timeout: 1_200_000 }, () => {
    const random = new Random(freshSeed("parser fuzz"));
    const lines = new LineMutations(random);
    const piece = Buffer.alloc(FILLER.length);
    let understood = 0;
    let done = 0;
    let rssWarm = 0;
    while (done < LINES) {
      understood += fuzz(random, lines, LINES_PER_PARSER, piece);
      done += LINES_PER_PARSER;
      // The first tenth warms up the runtime's compiler and heap.
      if (rssWarm === 0 && done >= LINES / 10) rssWarm = rssMib();
    }
    const grown = rssMib() - rssWarm;
    console.log(
      `parser fuzz: ${done} lines, ${understood} of them commands; memory grew by ${grown.toFixed(1)} MiB`,
    );
    assert(
      understood > done / 20 && understood < done * 0.9,
      "a fair share of the lines is damaged, a fair share is not",
    );
    assertLessOrEqual(grown, ALLOWED_GROWTH_MIB, "memory growth in MiB");
  });
});
