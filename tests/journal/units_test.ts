// The parts of a log by themselves: records and headers to bytes and back, frames laid into segments.

import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { BURIED, DELAYED, READY } from "../../src/core/jobs.ts";
import { Batch } from "../../src/journal/batch.ts";
import { SegmentBytes } from "../../src/journal/frames.ts";
import {
  CHANGE_BYTES,
  FRAME_HEAD_BYTES,
  frameBytesFor,
  GONE_BYTES,
  HEADER_BYTES,
  numberIn,
  PUT_BYTES,
} from "../../src/journal/layout.ts";
import { encodeChange, encodeGone, encodePut, RecordReader } from "../../src/journal/record.ts";
import { decodeHeader, encodeHeader, Segment, type SegmentHeader } from "../../src/journal/segment.ts";
import type { BodySink, JobState, LiveJob } from "../../src/ports/journal.ts";
import { Random } from "../support/random.ts";
import { PlainFiles } from "./plain_files.ts";

const files = new PlainFiles();
const U32 = 4_294_967_295;
/** The largest id that a number can tell from its neighbours, and a time in fractions of a millisecond. */
const LARGE_ID = Number.MAX_SAFE_INTEGER;
const SOME_TIME = 1_763_700_000_000.125;

const FIELDS = [
  "id",
  "state",
  "pri",
  "delay",
  "ttr",
  "createdAt",
  "mark",
  "reserves",
  "timeouts",
  "releases",
  "buries",
  "kicks",
] as const;
const LASTING = ["ttr", "createdAt"];

function jobWith(changes: Partial<JobState>): JobState {
  return {
    id: 1,
    tube: new TextEncoder().encode("default"),
    state: READY,
    pri: 0,
    delay: 0,
    ttr: 1,
    createdAt: 0,
    mark: 0,
    reserves: 0,
    timeouts: 0,
    releases: 0,
    buries: 0,
    kicks: 0,
    bodyBytes: 2,
    file: 0,
    ...changes,
  };
}

/** Each field with a value of its own, as large as it can be. */
const EXTREME = jobWith({
  id: LARGE_ID,
  state: BURIED,
  pri: U32,
  delay: U32 - 1,
  ttr: U32 - 2,
  createdAt: SOME_TIME,
  mark: SOME_TIME + 0.5,
  reserves: U32 - 3,
  timeouts: U32 - 4,
  releases: U32 - 5,
  buries: U32 - 6,
  kicks: U32 - 7,
});

interface Told {
  readonly what: "put" | "change" | "gone";
  readonly fields: Record<string, number>;
  readonly tube: string;
  readonly body: string;
}

/** What a reader makes of the bytes; null when it takes them for no records. */
function read(bytes: Uint8Array, from = 0, to = bytes.length): Told[] | null {
  const told: Told[] = [];
  const tell = (what: Told["what"], job: JobState, tube = "", body = ""): void => {
    told.push({ what, fields: Object.fromEntries(FIELDS.map((name) => [name, job[name]])), tube, body });
  };
  const latin = (from: Uint8Array): string => Buffer.from(from).toString("latin1");
  const isWhole = new RecordReader().read(bytes, viewOf(bytes), from, to, 7, {
    put: (job, source, from, to) => tell("put", job, latin(job.tube), latin(source.subarray(from, to))),
    change: (job) => tell("change", job),
    gone: (id) => tell("gone", jobWith({ id })),
    truncate: () => {},
  });
  return isWhole ? told : null;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

function putRecord(job: JobState, tube: string, body: string): Uint8Array {
  const bytes = new Uint8Array(PUT_BYTES + tube.length + body.length);
  encodePut(viewOf(bytes), 0, { ...job, bodyBytes: body.length }, tube.length);
  bytes.set(new TextEncoder().encode(tube + body), PUT_BYTES);
  return bytes;
}

describe("records", () => {
  it("a put keeps every field, the tube and the body", () => {
    const tube = "t".repeat(200);
    const [told] = read(putRecord(EXTREME, tube, "body\r\n\r\n"))!;
    for (const field of FIELDS) assertEquals(told.fields[field], EXTREME[field], field);
    assertEquals([told.what, told.tube, told.body], ["put", tube, "body\r\n\r\n"]);
  });

  it("a change keeps what can change", () => {
    const bytes = new Uint8Array(CHANGE_BYTES);
    encodeChange(viewOf(bytes), 0, { ...EXTREME, state: DELAYED });
    const [told] = read(bytes)!;
    for (const field of FIELDS) {
      if (field === "state") assertEquals(told.fields.state, DELAYED);
      else if (!LASTING.includes(field)) assertEquals(told.fields[field], EXTREME[field], field);
    }
  });

  it("a deletion keeps the id", () => {
    const bytes = new Uint8Array(GONE_BYTES);
    encodeGone(viewOf(bytes), 0, LARGE_ID);
    assertEquals(read(bytes)!.map(({ what, fields }) => [what, fields.id]), [["gone", LARGE_ID]]);
  });

  it("cut short, or of an unknown kind or state, are no records", () => {
    const put = putRecord(EXTREME, "tube", "body\r\n");
    for (let length = 1; length < put.length; length++) {
      assertEquals(read(put, 0, length), null, `${length} bytes`);
    }
    for (let kind = 5; kind < 256; kind++) assertEquals(read(withByte(put, 0, kind)), null, `kind ${kind}`);
    for (const state of [0, 3, 5, 255]) assertEquals(read(withByte(put, 1, state)), null, `state ${state}`);
    assertEquals(read(put)!.length, 1);
  });
});

function withByte(bytes: Uint8Array, at: number, byte: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = byte;
  return copy;
}

describe("headers of segments", () => {
  const header: SegmentHeader = {
    hasState: true,
    number: 999_999_999_999,
    identity: new Uint8Array(16).map((_, i) => 255 - i),
    base: LARGE_ID,
    nextId: LARGE_ID - 1,
    oldest: 999_999_999,
    policy: 2,
    createdAt: SOME_TIME,
  };

  it("keep every field", () => {
    assertEquals(decodeHeader(encodeHeader(header, files), files), header);
  });

  it("with any bit flipped, or cut short, are refused with a reason", () => {
    const bytes = encodeHeader(header, files);
    assertEquals(bytes.length, HEADER_BYTES);
    for (let bit = 0; bit < 8 * HEADER_BYTES; bit++) {
      const flipped = withByte(bytes, bit >> 3, bytes[bit >> 3] ^ 1 << (bit & 7));
      assertEquals(typeof decodeHeader(flipped, files), "string", `bit ${bit}`);
    }
    for (let length = 0; length < HEADER_BYTES; length++) {
      assertEquals(typeof decodeHeader(bytes.slice(0, length), files), "string", `${length} bytes`);
    }
  });

  it("of another format version say so, but version 1 is read", () => {
    const inVersion = (version: number): unknown => {
      const bytes = encodeHeader(header, files);
      viewOf(bytes).setUint32(8, version, true);
      viewOf(bytes).setUint32(HEADER_BYTES - 4, files.checksum(bytes.subarray(0, HEADER_BYTES - 4), 0), true);
      return decodeHeader(bytes, files);
    };
    for (const version of [0, 3, U32]) {
      const fault = inVersion(version);
      assert(typeof fault === "string" && fault.includes(`version ${version};`), String(fault));
    }
    assertEquals(inVersion(1), inVersion(2));
    assertEquals(typeof inVersion(1), "object");
  });
});

describe("names of files", () => {
  it("are numbers without leading zeros, or not ours", () => {
    const names = [
      "segment.1",
      "segment.12",
      "segment.01",
      "segment.",
      "segment.0",
      "segment.-1",
      "segment.1x",
    ];
    assertEquals(names.map((name) => numberIn(name, "segment")), [1, 12, 0, 0, 0, 0, 0]);
    const others = ["spare.1", "xsegment.1", "segment.1 ", "segment.9999999999999999"];
    assertEquals(others.map((name) => numberIn(name, "segment")), [0, 0, 0, 0]);
  });
});

const bodyOf = (id: number, bytes: number): Uint8Array => new Uint8Array(bytes).map((_, i) => (id + i) & 255);

/** A job whose body of `bytes` comes in one way or the other. */
function liveJob(id: number, bytes: number, isKept: boolean): LiveJob {
  const body = bodyOf(id, bytes);
  const readBody = (sink: BodySink): void => isKept ? sink.keep(body, bytes) : sink.copy(body, 0, bytes);
  return { ...jobWith({ id, bodyBytes: bytes }), isDead: false, readBody };
}

describe("a batch", () => {
  it("lays frames into segments, whatever the sizes", () => {
    const random = new Random(3);
    for (const segmentBytes of [4096, 65_536, 1_048_576]) {
      for (let round = 0; round < 8; round++) checkBatch(random, segmentBytes);
    }
  });
});

/** Writes random records, and reads them back from the bytes of the segments. */
function checkBatch(random: Random, segmentBytes: number): void {
  const batch = new Batch(files, segmentBytes, new Segment(1, 0));
  const written: number[] = [];
  const largest = random.pick([10, 500, 5000, 300_000]);
  for (let id = 1; id <= 60; id++) {
    const job = liveJob(id, 2 + random.below(largest), random.chance(0.5));
    if (random.chance(0.6)) written.push(batch.put(job, id));
    else if (random.chance(0.5)) batch.change(job, id);
    else batch.gone(id, id);
  }
  const expected = batch.bytes;
  const segments = new Map<number, Uint8Array[]>();
  let bytes = 0;
  for (const frame of batch.take(60)) {
    const total = frame.pieces.reduce((sum, { length }) => sum + length, 0);
    assertEquals(frame.bytes, total);
    bytes += total;
    segments.set(frame.segment, [...segments.get(frame.segment) ?? [], ...frame.pieces]);
  }
  assertEquals(bytes, expected, "all bytes are in frames");
  let base = 0;
  let ids = 0;
  for (const [number, pieces] of [...segments].sort((a, b) => a[0] - b[0])) {
    const content = new SegmentBytes(
      joined(pieces),
      lengthOf(pieces),
      base,
      files,
    );
    ids += checkSegment(content, number, segmentBytes, written, base);
    base += content.size - HEADER_BYTES;
  }
  assertEquals(ids, 60, "every record is there");
}

const lengthOf = (pieces: readonly Uint8Array[]): number =>
  HEADER_BYTES + pieces.reduce((sum, { length }) => sum + length, 0);

/** The pieces behind the place of a header. */
function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(lengthOf(pieces));
  let at = HEADER_BYTES;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** All frames of a segment verify and are no larger than they may be; answers the number of records in them. */
function checkSegment(
  content: SegmentBytes,
  number: number,
  segmentBytes: number,
  written: readonly number[],
  base: number,
): number {
  let records = 0;
  let frames = 0;
  let puts = 0;
  for (let at = HEADER_BYTES; at < content.size;) {
    const end = content.frameEnd(at);
    assert(end > at, `a frame at ${at} of segment ${number}, position ${base + at}`);
    const told = read(content.bytes, at + FRAME_HEAD_BYTES, end)!;
    if (told.length > 1) assertLessOrEqual(end - at, frameBytesFor(segmentBytes));
    for (const { fields, body, what } of told) {
      if (what !== "put") continue;
      puts++;
      assert(body === Buffer.from(bodyOf(fields.id, body.length)).toString("latin1"), `body of ${fields.id}`);
    }
    records += told.length;
    frames++;
    at = end;
  }
  assertEquals(
    puts,
    written.filter((segment) => segment === number).length,
    "puts are where they were said to be",
  );
  if (frames > 1) assertLessOrEqual(content.size, segmentBytes);
  return records;
}
