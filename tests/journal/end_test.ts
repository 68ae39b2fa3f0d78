// The end of a log is known from another place, the file `state`: whatever of it is missing is refused as damage, and the
// message says what. What a crash leaves behind is never taken for that: the simulation stops the process at every operation.
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { checkLog } from "../../src/journal/check.ts";
import { HEADER_BYTES, segmentName } from "../../src/journal/layout.ts";
import { LogProblem } from "../../src/journal/problem.ts";
import { salvageLog } from "../../src/journal/salvage.ts";
import { STATE_NAME } from "../../src/journal/state_file.ts";
import { Engine } from "../../src/core/engine.ts";
import { openDamaged, withFile } from "./damage.ts";
import { describeJobs, LoggedQueue, T0 } from "./logged_queue.ts";
import { PlainFiles } from "./plain_files.ts";
import { segmentsOf, smallLog, text } from "./small_log.ts";

type Contents = ReadonlyMap<string, Uint8Array>;

const killed = smallLog();
const closed = smallLog({ closed: true });
const LOGS = [["a log of killed processes", killed], ["a closed log", closed]] as const;
const SKIPPED_IDS = 1_048_576;
const SLOT_SPACING = 4096;

function without(contents: Contents, ...names: string[]): Map<string, Uint8Array> {
  return new Map([...contents].filter(([name]) => !names.includes(name)));
}

function open(contents: Contents): LoggedQueue {
  return new LoggedQueue(PlainFiles.holding(contents), { segmentBytes: 4096, now: T0 + 201_000 });
}

/** Why a log is refused. Nothing may have been changed. */
function refusalOf(contents: Contents): string {
  const files = PlainFiles.holding(contents);
  try {
    new LoggedQueue(files, { segmentBytes: 4096, now: T0 + 201_000 });
  } catch (error) {
    assert(error instanceof LogProblem && error.code === "damaged", String(error));
    assertEquals([...files.contents()].sort(), [...contents].sort(), "nothing was changed");
    assertEquals(checkLog(PlainFiles.holding(contents), T0).verdict.kind, "damaged");
    return error.message;
  }
  throw new Error("it was opened");
}

/** The log as a program wrote it that knew of no state file. */
function asOlderProgram(contents: Contents): Map<string, Uint8Array> {
  const older = without(contents, STATE_NAME);
  const files = new PlainFiles();
  for (const name of segmentsOf(older)) {
    const bytes = older.get(name)!.slice();
    const view = new DataView(bytes.buffer);
    view.setUint32(72, 0, true);
    view.setUint32(124, files.checksum(bytes.subarray(0, 124), 0), true);
    older.set(name, bytes);
  }
  return older;
}

for (const [what, log] of LOGS) {
  describe(`the end of ${what}`, () => {
    const [first, second, third] = segmentsOf(log.contents);

    it("whole: opened without a complaint", () => {
      const queue = open(log.contents);
      assertEquals([queue.recovered.torn, queue.recovered.isStateLost], [null, false]);
      assertEquals(queue.engine.live.nextId, log.nextId);
    });

    for (
      const [which, missing] of [["the newest segment", [third]], ["the newest two", [
        second,
        third,
      ]]] as const
    ) {
      it(`${which} removed`, () => {
        const message = refusalOf(without(log.contents, ...missing));
        assertMatch(message, new RegExp(`damaged at ${third}: the file is missing, though the log `));
        assertMatch(
          message,
          missing.length > 1 ? new RegExp(`bring back all from ${second} on`) : /bring back that file/,
        );
        assertMatch(message, /runnerbean check .*runnerbean salvage/);
      });
    }

    it("all segments removed", () => {
      assertMatch(refusalOf(without(log.contents, first, second, third)), /the file is missing/);
    });

    it("a segment in the middle removed, or the oldest", () => {
      assertMatch(refusalOf(without(log.contents, second)), new RegExp(`damaged at ${first}, offset`));
      refusalOf(without(log.contents, first));
    });

    it("the newest segment under another name, or a copy of the one before", () => {
      const renamed = without(log.contents, third);
      renamed.set("segment.7", log.contents.get(third)!);
      refusalOf(renamed);
      refusalOf(withFile(log.contents, third, () => log.contents.get(second)!));
    });

    it("the state file removed: it starts, says so, and uses no id again", () => {
      const contents = without(log.contents, STATE_NAME);
      const queue = open(contents);
      assertEquals(queue.recovered.isStateLost, true);
      assertEquals(describeJobs(queue.engine), log.states.at(-1));
      assertEquals(queue.engine.live.nextId, log.nextId + SKIPPED_IDS);
      assertEquals(checkLog(PlainFiles.holding(contents), T0).verdict.found.kind, "lost");
    });

    it("the state file made of zeros, empty, or torn when it was first written: as if it were removed", () => {
      const size = log.contents.get(STATE_NAME)!.length;
      const torn = new Uint8Array(size);
      torn.set(log.contents.get(STATE_NAME)!.subarray(0, 60));
      for (const bytes of [new Uint8Array(size), new Uint8Array(0), new Uint8Array(700), torn]) {
        assertEquals(open(withFile(log.contents, STATE_NAME, () => bytes)).recovered.isStateLost, true);
      }
    });

    it("the state file full of garbage, or of another queue", () => {
      const garbage = withFile(log.contents, STATE_NAME, (bytes) => bytes.fill(0x5a));
      assertMatch(
        refusalOf(garbage),
        /damaged at state: neither of its two copies verifies.*move state away/,
      );
      const other = smallLog({ identity: new Uint8Array(16).fill(9) });
      const foreign = withFile(log.contents, STATE_NAME, () => other.contents.get(STATE_NAME)!);
      assertMatch(refusalOf(foreign), /damaged at state: it belongs to the log of another queue/);
    });

    it("one slot damaged: the other one is enough, and says less", () => {
      for (const slot of [0, 1]) {
        const torn = withFile(log.contents, STATE_NAME, (bytes) => {
          bytes[slot * SLOT_SPACING + 50] ^= 1;
          return bytes;
        });
        const queue = open(torn);
        assertEquals([queue.recovered.isStateLost, describeJobs(queue.engine)], [false, log.states.at(-1)]);
        refusalOf(without(torn, second, third));
      }
    });

    it("any bit of the state file flipped: no harm", () => {
      const { length } = log.contents.get(STATE_NAME)!;
      for (let bit = 0; bit < 8 * length; bit += bit < 8 * 512 || bit > 8 * SLOT_SPACING ? 13 : 1001) {
        const flipped = withFile(log.contents, STATE_NAME, (bytes) => {
          bytes[bit >> 3] ^= 1 << (bit & 7);
          return bytes;
        });
        assertEquals(describeJobs(open(flipped).engine), log.states.at(-1), `bit ${bit}`);
      }
    });

    it("written by an older program: opened as before, and known from then on", () => {
      const older = asOlderProgram(log.contents);
      const files = PlainFiles.holding(older);
      const queue = new LoggedQueue(files, { segmentBytes: 4096, now: T0 + 201_000 });
      assertEquals([queue.recovered.isStateLost, queue.engine.live.nextId], [false, log.nextId]);
      queue.put(text("new"));
      queue.commit();
      const now = files.contents();
      assert(now.has(STATE_NAME));
      refusalOf(without(now, segmentName(queue.binlog.facts.current)));
    });

    it("an older program has gone on with it: its state file counts no more", () => {
      const files = PlainFiles.holding(log.contents);
      const queue = new LoggedQueue(files, { segmentBytes: 4096, now: T0 + 201_000 });
      queue.put(text("by the older one"));
      queue.commit();
      const before = describeJobs(queue.engine);
      const older = asOlderProgram(files.contents());
      const fourth = segmentName(queue.binlog.facts.current);
      const mixed = new Map(log.contents);
      mixed.set(fourth, older.get(fourth) ?? withoutFlag(files.contents().get(fourth)!));
      const again = open(mixed);
      assertEquals([again.recovered.isStateLost, describeJobs(again.engine)], [false, before]);
    });
  });
}

function withoutFlag(segment: Uint8Array): Uint8Array {
  const bytes = segment.slice();
  const view = new DataView(bytes.buffer);
  view.setUint32(72, 0, true);
  view.setUint32(124, new PlainFiles().checksum(bytes.subarray(0, 124), 0), true);
  return bytes;
}

describe("a directory without segments", () => {
  it("with a file of that name that is somebody else's: refused, and left alone", () => {
    for (const text of ["on\n", "x".repeat(10_000), "\0".repeat(5000)]) {
      refusalOf(new Map([[STATE_NAME, new TextEncoder().encode(text)]]));
    }
  });

  it("whose first start was stopped: begins", () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(4608), new Uint8Array(4608).fill(3, 10, 300)]) {
      const queue = open(new Map([[STATE_NAME, bytes]]));
      assertEquals([queue.jobs, queue.engine.live.nextId, queue.recovered.isStateLost], [0, 1, false]);
    }
  });
});

describe("a log that was closed in good order", () => {
  const third = segmentsOf(closed.contents).at(-1)!;
  const frames = closed.frames.filter(({ file }) => file === third);
  const end = frames.at(-1)!.to;

  it("cut at each byte from its last record to its end is refused, and one that is whole is not", () => {
    const from = frames.at(-3)!.from;
    let refused = 0;
    for (let size = from; size < end; size++) {
      const message = refusalOf(withFile(closed.contents, third, (bytes) => bytes.slice(0, size)));
      assertMatch(message, /closed in good order up to \d+ bytes behind this place \(says the file state\)/);
      refused++;
    }
    assert(refused > 50, `only ${refused}`);
    for (const size of [end, end + 1, end + 500]) {
      const found = openDamaged(closed, withFile(closed.contents, third, (bytes) => bytes.slice(0, size)));
      assertEquals(found.outcome, "harmless", `${size - end} bytes behind its end`);
    }
  });

  it("shifted by some bytes anywhere is refused", () => {
    for (const by of [1, 8, 24, 100]) {
      for (
        const at of [
          HEADER_BYTES,
          frames[1].from,
          frames[1].from + 3,
          frames.at(-2)!.from,
          frames.at(-1)!.from,
        ]
      ) {
        const shifted = (bytes: Uint8Array): Uint8Array => {
          const moved = new Uint8Array(bytes.length + by);
          moved.set(bytes.subarray(0, at), 0);
          moved.set(bytes.subarray(at), at + by);
          return moved;
        };
        refusalOf(withFile(closed.contents, third, shifted));
        const lost = (bytes: Uint8Array): Uint8Array => {
          const kept = new Uint8Array(bytes.length);
          kept.set(bytes.subarray(0, at), 0);
          kept.set(bytes.subarray(at + by), at);
          return kept;
        };
        refusalOf(withFile(closed.contents, third, lost));
      }
    }
  });

  it("its end overwritten with zeros or garbage is refused", () => {
    for (const fill of [0, 0xff]) {
      for (const bytesBack of [1, 24, 40, 200]) {
        refusalOf(withFile(closed.contents, third, (bytes) => bytes.fill(fill, end - bytesBack, end)));
      }
    }
  });

  it("is salvaged with what is missing told, and no id is used again", () => {
    for (
      const contents of [
        without(closed.contents, third),
        withFile(closed.contents, third, (bytes) => bytes.slice(0, frames[1].to)),
      ]
    ) {
      const { losses, nextId } = salvageLog(PlainFiles.holding(contents), new Engine());
      assert(losses.length > 0);
      assert(losses.some(({ bytes }) => bytes > 0), JSON.stringify(losses));
      assert(nextId > closed.nextId, `next id ${nextId}`);
    }
    assertEquals(salvageLog(PlainFiles.holding(closed.contents), new Engine()).losses, []);
  });
});

describe("a log of killed processes", () => {
  it("cut before what it knows to be on the disk is refused, behind it is torn", () => {
    const files = new PlainFiles();
    const queue = new LoggedQueue(files, { segmentBytes: 4096, now: T0 });
    for (let i = 0; i < 30; i++) {
      queue.put(text("x".repeat(400)));
      queue.commit();
    }
    const contents = files.contents();
    const newest = segmentName(queue.binlog.facts.current);
    const before = segmentName(queue.binlog.facts.current - 1);
    const used = contents.get(before)!.length;
    refusalOf(withFile(contents, before, (bytes) => bytes.slice(0, used - 1)));
    refusalOf(without(withFile(contents, before, (bytes) => bytes.slice(0, used - 1)), newest));
    const torn = withFile(contents, newest, (bytes) => bytes.fill(0, HEADER_BYTES));
    assertEquals(open(torn).recovered.isStateLost, false);
  });
});
