// A put that is accepted has its room: also when the room was not looked at again, and where a large one comes first.

import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Disk } from "../../src/adapters/memory/disk.ts";
import { MemoryFiles } from "../../src/adapters/memory/files.ts";
import { FRAME_HEAD_BYTES, frameBytesFor, putBytes } from "../../src/journal/layout.ts";
import { Room } from "../../src/journal/room.ts";
import { Segment } from "../../src/journal/segment.ts";
import { Segments } from "../../src/journal/segments.ts";
import type { Tail } from "../../src/journal/tail.ts";
import { freshSeed } from "../support/runtime.ts";
import { Random } from "../support/random.ts";
import { LoggedQueue } from "./logged_queue.ts";

/** The end of a log on a disk with so much room, which counts how often it was asked for it. */
class SmallTail {
  ahead = 0;
  isShort = false;
  asked = 0;
  private left: number;
  private readonly step: number;

  constructor(left: number, step: number) {
    this.left = left;
    this.step = step;
  }

  reach(bytes: number): boolean {
    this.asked++;
    this.isShort = false;
    while (this.ahead < bytes && !this.isShort) {
      if (this.left < this.step) this.isShort = true;
      else {
        this.ahead += this.step;
        this.left -= this.step;
      }
    }
    return !this.isShort;
  }
}

describe("the room of a log", () => {
  it("is there for every put that is accepted, and mostly known to be", () => {
    const random = new Random(freshSeed("room"));
    let [puts, asked, refused] = [0, 0, 0];
    for (let round = 0; round < 60; round++) {
      const segmentBytes = random.pick([4096, 65_536, 524_288]);
      const tail = new SmallTail(segmentBytes * (2 + 2 * random.next()), Math.max(512, segmentBytes / 16));
      const found = fill(tail, segmentBytes, random.pick([100, 1000]), random);
      puts += found.puts;
      asked += tail.asked;
      refused += found.refused;
    }
    assert(refused > 0, "disks became full");
    assert(asked < puts / 2, `the disk was asked ${asked} times for ${puts} puts`);
  });

  it("is found by a record larger than a segment that is the first of a start", () => {
    const disk = new Disk(100_000, 1024);
    const body = new Uint8Array(20_002);
    const queue = new LoggedQueue(new MemoryFiles(disk), { segmentBytes: 8192 });
    assert(queue.put(body) > 0, "it is accepted");
    disk.takenByOthers = disk.freeBytes;
    queue.commit();
    disk.kill();
    assertEquals(new LoggedQueue(new MemoryFiles(disk), { segmentBytes: 8192 }).jobs, 1);
  });
});

/** Puts until the disk has been full for a while. Each answer must be that of a room that looks every time. */
function fill(tail: SmallTail, segmentBytes: number, largest: number, random: Random) {
  const asTail = tail as unknown as Tail;
  const segments = new Segments();
  segments.append(new Segment(1, 0));
  const waiting = { bytes: 0, largeFrames: 0 };
  const room = new Room(asTail, segments, waiting, segmentBytes);
  let [inSegment, puts, refused] = [0, 0, 0];
  for (let now = 0; refused < 20; now += 1000) {
    const body = 2 + random.below(largest);
    const record = putBytes(1, body);
    const fits = room.holds(1, body, now);
    const { asked } = tail;
    assertEquals(fits, new Room(asTail, segments, waiting, segmentBytes).holds(1, body, now));
    tail.asked = asked;
    if (fits) {
      if (inSegment + record > segmentBytes) {
        segments.append(new Segment(segments.newest.number + 1, 0));
        inSegment = 0;
      }
      segments.add(segments.newest.number, 1, body);
      const heads = FRAME_HEAD_BYTES * Math.ceil(record / frameBytesFor(segmentBytes));
      waiting.bytes += record + (random.chance(0.3) ? heads : 0);
      inSegment += record;
      puts++;
    } else refused++;
    if (!random.chance(0.02)) continue;
    tail.ahead -= waiting.bytes;
    waiting.bytes = 0;
    room.written();
  }
  return { puts, refused };
}
