// A small log with every bit flipped, cut off at every byte, and mangled in other ways: it is served as it was, or as it was
// earlier where nothing shows that more was promised, or refused with file and offset. Never served wrong. What the state file
// adds is tried in end_test.ts.

import process from "node:process";
import { describe, it } from "node:test";
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { HEADER_BYTES } from "../../src/journal/layout.ts";
import { Random } from "../support/random.ts";
import { freshSeed } from "../support/runtime.ts";
import { type Finding, openDamaged, type Outcome, Tally, withFile } from "./damage.ts";
import { type FramePlace, segmentsOf, type SmallLog, smallLog } from "./small_log.ts";

/** Every seventh bit is tried; RUNNERBEAN_FULL=true tries all. */
const IS_FULL = process.env.RUNNERBEAN_FULL === "true";
const STEP = IS_FULL ? 1 : 7;
const killed = smallLog();
const closed = smallLog({ closed: true });

/** The frame that holds a byte. */
function frameAt(log: SmallLog, file: string, offset: number): FramePlace | undefined {
  return log.frames.find((frame) => frame.file === file && frame.from <= offset && offset < frame.to);
}

/** Where used bytes end: frames, or header when there are none. */
function usedBytes(log: SmallLog, file: string): number {
  return Math.max(HEADER_BYTES, ...log.frames.filter((frame) => frame.file === file).map(({ to }) => to));
}

function flipped(log: SmallLog, file: string, bit: number): Map<string, Uint8Array> {
  return withFile(log.contents, file, (bytes) => {
    bytes[bit >> 3] ^= 1 << (bit & 7);
    return bytes;
  });
}

/** With a bit of a frame or a header changed; all frames but the last are followed by one that proves them. */
function checkFlip(log: SmallLog, file: string, bit: number): Outcome {
  const found = openDamaged(log, flipped(log, file, bit));
  const what = `bit ${bit & 7} of byte ${bit >> 3} of ${file}: ${JSON.stringify(found)}`;
  if (found.outcome !== "harmless") {
    assertEquals(found.file, file, what);
    assertEquals(found.offset, frameAt(log, file, bit >> 3)?.from ?? 0, what);
  }
  const isLast = frameAt(log, file, bit >> 3) === log.frames.at(-1);
  if (!isLast || log === closed) assertEquals(found.outcome, "refused", what);
  else assert(found.outcome !== "harmless", what);
  return found.outcome;
}

function flipAll(log: SmallLog, step: number): Tally {
  const tally = new Tally();
  for (const file of segmentsOf(log.contents)) {
    const bits = 8 * usedBytes(log, file);
    for (let bit = 0; bit < bits; bit += step) tally.add(checkFlip(log, file, bit));
  }
  return tally;
}

/** The last segment cut off where a frame ends looks like a log that ended there: nothing can tell, unless it was closed. */
function checkTruncation(log: SmallLog, file: string, size: number): Outcome {
  const found = openDamaged(log, withFile(log.contents, file, (bytes) => bytes.slice(0, size)));
  const what = `${file} cut to ${size} bytes: ${JSON.stringify(found)}`;
  const isLastSegment = file === segmentsOf(log.contents).at(-1);
  const isBetween = size === HEADER_BYTES ||
    log.frames.some((frame) => frame.file === file && frame.to === size);
  if (size < HEADER_BYTES || ((!isLastSegment || log === closed) && size < usedBytes(log, file))) {
    assertEquals(found.outcome, "refused", what);
  } else if (found.outcome === "short") assert(isLastSegment && isBetween, what);
  else if (found.outcome === "cut" || found.outcome === "trimmed") assert(isLastSegment && !isBetween, what);
  else assertEquals(found.outcome, "harmless", what);
  return found.outcome;
}

function truncateAll(log: SmallLog): Tally {
  const tally = new Tally();
  for (const file of segmentsOf(log.contents)) {
    const most = Math.min(log.contents.get(file)!.length, usedBytes(log, file) + 300);
    for (let size = 0; size < most; size++) {
      const isTried = size % STEP === 0 || size === HEADER_BYTES || log.frames.some(({ to }) => to === size);
      if (isTried) tally.add(checkTruncation(log, file, size));
    }
  }
  return tally;
}

describe("a log with one bit flipped", () => {
  it("of killed processes", { timeout: 240_000 }, () => {
    const tally = flipAll(killed, STEP);
    tally.print(`every ${STEP === 1 ? "" : `${STEP}th `}bit of a killed process's log`);
    const tried = Object.values(tally.counts).reduce((a, b) => a + b);
    assertGreaterOrEqual(tried, 8 * total(killed) / STEP);
    assertGreaterOrEqual(tally.counts.refused, 1);
    assertGreaterOrEqual(tally.counts.cut, 1);
  });

  it("of a process that ended in good order", { timeout: 240_000 }, () => {
    const tally = flipAll(closed, STEP);
    tally.print(`every ${STEP === 1 ? "" : `${STEP}th `}bit of a closed log`);
    const { refused, ...others } = tally.counts;
    assertGreaterOrEqual(refused, 1);
    const none = { harmless: 0, trimmed: 0, cut: 0, short: 0 };
    assertEquals(others, none, "a log that was closed is served whole or not at all");
  });

  it("in the zeros behind it and in a spare: no harm", { timeout: 240_000 }, () => {
    const tally = new Tally();
    const last = segmentsOf(killed.contents).at(-1)!;
    const from = 8 * usedBytes(killed, last);
    const bits = 8 * killed.contents.get(last)!.length;
    for (let bit = from; bit < bits; bit += 3 * STEP) {
      const found = openDamaged(killed, flipped(killed, last, bit));
      assertEquals([found.outcome, found.file, found.offset], ["trimmed", last, from / 8], `bit ${bit}`);
      tally.add(found.outcome);
    }
    for (let bit = 0; bit < 8 * 512; bit += 17) {
      const found = openDamaged(killed, flipped(killed, "spare.1", bit));
      assertEquals(found.outcome, "harmless", `bit ${bit} of the spare`);
      tally.add(found.outcome);
    }
    tally.print("bits of zeros");
  });
});

function total(log: SmallLog): number {
  return segmentsOf(log.contents).reduce((sum, file) => sum + usedBytes(log, file), 0);
}

describe("a log cut off at every byte", () => {
  for (const [what, log] of [["killed processes", killed], ["a closed one", closed]] as const) {
    it(`of ${what}`, { timeout: 240_000 }, () => {
      const tally = truncateAll(log);
      tally.print(`${STEP === 1 ? "every truncation" : "truncations"} of the log of ${what}`);
      for (const outcome of ["refused", "cut", "short"] as const) {
        if (log === killed || outcome === "refused") assertGreaterOrEqual(tally.counts[outcome], 1, outcome);
        else assertEquals(tally.counts[outcome], 0, outcome);
      }
    });
  }
});

describe("a log mangled in other ways", () => {
  const [first, second, third] = segmentsOf(killed.contents);
  const refused = (found: Finding, file: string): void => {
    assertEquals([found.outcome, found.file], ["refused", file]);
  };

  it("frames that have changed places", () => {
    const [one, two] = killed.frames.filter((frame) => frame.file === first);
    const swapped = withFile(killed.contents, first, (bytes) => {
      const parts = [bytes.slice(0, one.from), bytes.slice(two.from, two.to), bytes.slice(one.from, one.to)];
      return joined([...parts, bytes.slice(two.to)]);
    });
    refused(openDamaged(killed, swapped), first);
  });

  it("a frame that is there twice, in the middle and at the end", () => {
    const doubled = (file: string, frame: FramePlace): Map<string, Uint8Array> =>
      withFile(killed.contents, file, (bytes) => {
        return joined([bytes.slice(0, frame.to), bytes.slice(frame.from, frame.to), bytes.slice(frame.to)]);
      });
    refused(openDamaged(killed, doubled(first, killed.frames[0])), first);
    assertEquals(openDamaged(killed, doubled(third, killed.frames.at(-1)!)).outcome, "trimmed");
  });

  it("a frame that is missing", () => {
    const [frame] = killed.frames;
    const without = withFile(killed.contents, first, (bytes) => {
      return joined([bytes.slice(0, frame.from), bytes.slice(frame.to)]);
    });
    refused(openDamaged(killed, without), first);
  });

  it("a segment under another number", () => {
    refused(
      openDamaged(killed, withFile(killed.contents, "segment.9", () => killed.contents.get(second)!)),
      "segment.9",
    );
    refused(openDamaged(killed, withFile(killed.contents, third, () => killed.contents.get(second)!)), third);
  });

  it("a segment of another queue", () => {
    const other = smallLog({ identity: new Uint8Array(16).fill(9) });
    const foreign = withFile(killed.contents, third, () => other.contents.get(third)!);
    refused(openDamaged(killed, foreign), third);
  });

  it("a segment that is missing in the middle", () => {
    refused(openDamaged(killed, withFile(killed.contents, second, () => null)), first);
  });

  it("the oldest segment missing", () => {
    assertEquals(openDamaged(killed, withFile(killed.contents, first, () => null)).outcome, "refused");
  });

  it("the newest segment missing", () => {
    refused(openDamaged(killed, withFile(killed.contents, third, () => null)), third);
  });

  it("sectors of zeros", () => {
    const tally = new Tally();
    for (const file of segmentsOf(killed.contents)) {
      for (let from = 0; from < usedBytes(killed, file); from += 512) {
        const found = openDamaged(
          killed,
          withFile(killed.contents, file, (bytes) => bytes.fill(0, from, from + 512)),
        );
        if (file !== third) assertEquals(found.outcome, "refused", `${file} ${from}`);
        tally.add(found.outcome);
      }
    }
    tally.print("sectors of zeros");
    assertGreaterOrEqual(tally.counts.refused, 1);
  });

  it("garbage anywhere", { timeout: 240_000 }, () => {
    const random = new Random(freshSeed("garbage in a log"));
    const tally = new Tally();
    for (let round = 0; round < (IS_FULL ? 5000 : 500); round++) {
      const file = random.pick([first, second, third]);
      const from = random.below(usedBytes(killed, file));
      const length = 1 + random.below(random.pick([4, 40, 400]));
      let isSame = true;
      const mangled = withFile(killed.contents, file, (bytes) => {
        for (let at = from; at < Math.min(bytes.length, from + length); at++) {
          const byte = random.below(256);
          if (byte !== bytes[at]) isSame = false;
          bytes[at] = byte;
        }
        return bytes;
      });
      const { outcome } = openDamaged(killed, mangled);
      if (isSame) assertEquals(outcome, "harmless");
      else {assert(
          outcome === "refused" || (file === third && outcome === "cut"),
          `${file} ${from} ${outcome}`,
        );}
      tally.add(outcome);
    }
    tally.print("garbage");
    assertGreaterOrEqual(tally.counts.refused, 1);
    assertGreaterOrEqual(tally.counts.cut, 1);
  });
});

describe("a log that was never synced", () => {
  it("one bit flipped: what follows it was never promised", { timeout: 240_000 }, () => {
    const log = smallLog({ sync: { kind: "never" } });
    const tally = new Tally();
    for (const file of segmentsOf(log.contents)) {
      for (let bit = 0; bit < 8 * usedBytes(log, file); bit += IS_FULL ? 1 : 19) {
        const { outcome } = openDamaged(log, flipped(log, file, bit));
        assert(outcome === "refused" || outcome === "cut", `${file} bit ${bit}: ${outcome}`);
        tally.add(outcome);
      }
    }
    tally.print("bits of a log that was never synced");
    assertGreaterOrEqual(tally.counts.refused, 1);
    assertGreaterOrEqual(tally.counts.cut, 1);
  });
});

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
