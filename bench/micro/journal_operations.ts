// What does a record cost on its way into a frame, and on its way out of one?
import { crc32 } from "node:zlib";
import { READY } from "../../src/core/jobs.ts";
import { Batch } from "../../src/journal/batch.ts";
import { FRAME_HEAD_BYTES } from "../../src/journal/layout.ts";
import { RecordReader } from "../../src/journal/record.ts";
import { Segment } from "../../src/journal/segment.ts";
import type { Files } from "../../src/ports/files.ts";
import type { BodySink, LiveJob, Restorer } from "../../src/ports/journal.ts";
import { BENCH_NOW, type Operation, type OperationGroup } from "./operation.ts";

const STRETCH = 2000;
const SEGMENT_BYTES = 10_485_760;
/** So many of any kind fit into one frame. */
const FRAME_RECORDS = 500;

const jobs: ReadonlyMap<number, LiveJob> = new Map([12, 1026].map((bytes) => [bytes, liveJob(bytes)]));
const jobOf = (bytes: number): LiveJob => jobs.get(bytes)!;

/** Records with bodies of some sizes, from the running queue into a batch and from a frame into a restorer. */
export function journalGroups(): OperationGroup[] {
  return [{
    name: "journal, records",
    operations: [
      write("put, 12 B into a frame", (batch) => void batch.put(jobOf(12), 0)),
      write("put, 1026 B into a frame", (batch) => void batch.put(jobOf(1026), 0)),
      write("change into a frame", (batch) => batch.change(jobOf(12), 0)),
      write("gone into a frame", (batch) => batch.gone(1_234_567, 0)),
      read("put, 12 B out of a frame", (batch) => void batch.put(jobOf(12), 0)),
      read("change out of a frame", (batch) => batch.change(jobOf(12), 0)),
      read("gone out of a frame", (batch) => batch.gone(1_234_567, 0)),
    ],
  }];
}

function write(name: string, record: (batch: Batch) => void): Operation {
  const batch = emptyBatch();
  return {
    name,
    count: STRETCH,
    run() {
      for (let i = 0; i < STRETCH; i++) record(batch);
    },
    after() {
      batch.take(0);
      batch.reuse();
    },
  };
}

function read(name: string, record: (batch: Batch) => void): Operation {
  const batch = emptyBatch();
  for (let i = 0; i < FRAME_RECORDS; i++) record(batch);
  const [frame] = batch.take(0);
  const bytes = frame.pieces[0].slice(FRAME_HEAD_BYTES);
  const view = new DataView(bytes.buffer);
  const reader = new RecordReader();
  const restorer: Restorer = { put() {}, change() {}, gone() {}, truncate() {} };
  const times = Math.ceil(STRETCH / FRAME_RECORDS);
  return {
    name,
    count: times * FRAME_RECORDS,
    run() {
      for (let i = 0; i < times; i++) reader.read(bytes, view, 0, bytes.length, 1, restorer);
      return reader.records;
    },
  };
}

// A batch needs no more of its files than their checksum.
function emptyBatch(): Batch {
  const files = { checksum: (bytes: Uint8Array, seed: number) => crc32(bytes, seed) } as unknown as Files;
  return new Batch(files, SEGMENT_BYTES, new Segment(1, 0));
}

function liveJob(bodyBytes: number): LiveJob {
  const body = new Uint8Array(bodyBytes);
  return {
    isDead: false,
    id: 1_234_567,
    tube: new TextEncoder().encode("default"),
    state: READY,
    pri: 1024,
    delay: 0,
    ttr: 600,
    createdAt: BENCH_NOW,
    mark: 0,
    reserves: 1,
    timeouts: 0,
    releases: 0,
    buries: 0,
    kicks: 0,
    bodyBytes,
    file: 1,
    readBody: (sink: BodySink) => sink.copy(body, 0, bodyBytes),
  };
}
