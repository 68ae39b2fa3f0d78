// Salvage of damaged logs: everything else comes back, and what does not is told.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { NodeFiles } from "../../src/adapters/node/files.ts";
import { Engine } from "../../src/core/engine.ts";
import { SegmentBytes } from "../../src/journal/frames.ts";
import { FRAME_HEAD_BYTES, HEADER_BYTES, segmentName } from "../../src/journal/layout.ts";
import { RecordReader } from "../../src/journal/record.ts";
import type { Binlog } from "../../src/journal/binlog.ts";
import { openLog } from "../../src/journal/recovery.ts";
import { salvageLog } from "../../src/journal/salvage.ts";
import type { Salvaged } from "../../src/journal/salvage.ts";
import { decodeHeader } from "../../src/journal/segment.ts";
import { STATE_NAME } from "../../src/journal/state_file.ts";
import { writeLog } from "../../src/journal/write_log.ts";
import { Random } from "../support/random.ts";
import { BytesFiles } from "./bytes_files.ts";
import { BURIED, jobsOf, Ledger, plainJob, PlainJobs } from "./plain_jobs.ts";
import type { PlainJob } from "./plain_jobs.ts";

const SEGMENT_BYTES = 16_384;
const IDENTITY = new Uint8Array(16).fill(7);

function openSomeLog(directory: string, jobs: PlainJobs, identity: Uint8Array): Binlog {
  const live = {
    get nextId() {
      return jobs.nextId;
    },
    find: (id: number) => jobs.find(id),
    each: () => {},
    findAny: (id: number) => jobs.find(id),
    deadCount: 0,
    eachAny: () => {},
  };
  const restore = () => ({
    put: () => {},
    change: () => {},
    gone: () => {},
    truncate: () => {},
    finish: () => {},
  });
  const options = { segmentBytes: SEGMENT_BYTES, stopwatch: () => 0, now: 1000, identity };
  return openLog(new NodeFiles(directory), { live, restore }, { ...options, sync: { kind: "always" } })
    .binlog;
}

function inDirectory<T>(work: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), "runnerbean-salvage-"));
  try {
    return work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function segmentsOf(directory: string): BytesFiles {
  return new BytesFiles(
    [...BytesFiles.of(directory).content].filter(([name]) =>
      name.startsWith("segment.") || name === STATE_NAME
    ),
  );
}

function forget(jobs: PlainJobs, binlog: Binlog, { id, tube, body }: PlainJob): void {
  const { file } = jobs.find(id)!;
  jobs.jobs.delete(id);
  binlog.gone(id, file, tube.length, body.length);
}

/** A log of a few segments with puts, changes and deletions, closed in good order. */
function writeSomeLog(identity = IDENTITY): BytesFiles {
  return inDirectory((directory) => {
    const jobs = new PlainJobs();
    const random = new Random(11);
    const binlog = openSomeLog(directory, jobs, identity);
    const alive: PlainJob[] = [];
    for (let id = 1; id <= 200; id++) {
      const job = plainJob(id, { tube: `tube-${id % 7}`, body: "x".repeat(random.below(600)) + "\r\n" });
      alive.push(job);
      assert(binlog.hasRoomFor(job.tube.length, job.body.length, 1000));
      binlog.put(jobs.set(job));
      const place = random.below(alive.length);
      if (random.chance(0.3)) {
        const changed = { ...alive[place], state: BURIED, mark: id, buries: 1, pri: id };
        alive[place] = changed;
        binlog.change(jobs.set(changed));
      } else if (random.chance(0.2)) {
        forget(jobs, binlog, alive.splice(place, 1)[0]);
      }
      if (id % 10 === 0) binlog.commit(1000 + id, 1);
    }
    binlog.close();
    return segmentsOf(directory);
  });
}

interface FoundFrame {
  readonly name: string;
  readonly at: number;
  readonly end: number;
}

function segmentNames(files: BytesFiles): string[] {
  const number = (name: string): number => Number(name.split(".")[1]);
  return files.list().filter((name) => name !== STATE_NAME).sort((a, b) => number(a) - number(b));
}

/** All frames of a log that is whole, in order. */
function framesOf(files: BytesFiles): FoundFrame[] {
  const frames: FoundFrame[] = [];
  for (const name of segmentNames(files)) {
    const bytes = files.content.get(name)!;
    const header = decodeHeader(bytes, files);
    assert(typeof header !== "string");
    const content = new SegmentBytes(bytes, bytes.length, header.base, files);
    for (let at = HEADER_BYTES, end = 0; (end = content.frameEnd(at)) !== 0; at = end) {
      frames.push({ name, at, end });
    }
  }
  return frames;
}

/** What the records of these frames, and no others, leave. */
function replay(files: BytesFiles, frames: readonly FoundFrame[]): { jobs: PlainJob[]; lost: number } {
  const ledger = new Ledger();
  const lost = new Set<number>();
  const reader = new RecordReader();
  for (const { name, at, end } of frames) {
    const bytes = files.content.get(name)!;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const isRead = reader.read(bytes, view, at + FRAME_HEAD_BYTES, end, 1, {
      put: (job, source, from, to) => (lost.delete(job.id), ledger.put(job, source, from, to)),
      change: (job) => ledger.jobs.has(job.id) ? ledger.change(job) : lost.add(job.id),
      gone: (id) => (lost.delete(id), ledger.gone(id)),
      truncate: (truncation) => ledger.truncate(truncation),
    });
    assert(isRead);
  }
  return { jobs: ledger.list(), lost: lost.size };
}

function salvage(files: BytesFiles): Salvaged & { readonly jobs: PlainJob[] } {
  const queue = new Engine({ seed: 1 });
  const salvaged = salvageLog(files, queue);
  assertEquals(queue.live.nextId, salvaged.nextId);
  return { ...salvaged, jobs: jobsOf(queue.live) };
}

const lostBytes = ({ losses }: Salvaged): number => losses.reduce((sum, { bytes }) => sum + bytes, 0);

/** The salvaged jobs are what these frames leave. */
function assertSaved(
  saved: Salvaged & { readonly jobs: PlainJob[] },
  files: BytesFiles,
  frames: FoundFrame[],
): void {
  const expected = replay(files, frames);
  // Comparing thousands of objects is slow; it is done to show where they differ.
  if (JSON.stringify(saved.jobs) !== JSON.stringify(expected.jobs)) assertEquals(saved.jobs, expected.jobs);
  assertEquals(saved.lostJobs, expected.lost);
  assertEquals(saved.frames, frames.length);
}

describe("salvage", () => {
  const whole = writeSomeLog();
  const names = segmentNames(whole);
  const frames = framesOf(whole);

  it("has a log to work on", () => {
    assert(names.length >= 3, `${names.length} segments`);
    assert(frames.length > 20, `${frames.length} frames`);
  });

  it("saves all of a whole log and loses nothing", () => {
    const saved = salvage(whole);
    assertSaved(saved, whole, frames);
    assertEquals([saved.losses, saved.lostJobs, saved.nextId, saved.verdict.kind], [[], 0, 201, "whole"]);
  });

  it("gives a new log with the same jobs", () => {
    const queue = new Engine({ seed: 1 });
    const { nextId } = salvageLog(whole, queue);
    const written = inDirectory((directory) => {
      const options = { segmentBytes: SEGMENT_BYTES, identity: IDENTITY, now: 5000 };
      const { jobs } = writeLog(new NodeFiles(directory), queue.live, options);
      assertEquals(jobs, replay(whole, frames).jobs.length);
      return segmentsOf(directory);
    });
    assert(written.list().length >= 3, "of several segments");
    const again = salvage(written);
    assertEquals([again.jobs, again.losses, again.nextId], [replay(whole, frames).jobs, [], nextId]);
    assertEquals([again.verdict.kind, again.verdict.isClosed], ["whole", true]);
  });

  it("loses exactly the frame that is damaged, whichever it is", { timeout: 240_000 }, () => {
    for (const [i, { name, at, end }] of frames.entries()) {
      if (end === at + FRAME_HEAD_BYTES) continue; // the frame that closes the log has no records
      for (const offset of [at + 5, end - 1]) {
        const damaged = whole.with(name, (bytes) => (bytes[offset] ^= 0x10, bytes));
        const saved = salvage(damaged);
        assertSaved(saved, whole, frames.filter((_, other) => other !== i));
        assertEquals(saved.losses.map(({ where, bytes }) => [where, bytes]), [[
          `${name}, offset ${at}`,
          end - at,
        ]]);
        assert(saved.nextId > 201, "ids that may have stood there are left out");
      }
    }
  });

  it("saves all of a segment whose header is damaged", () => {
    for (const name of names) {
      for (const offset of [0, 9, 16, 30, 41, 48, 127]) {
        const saved = salvage(whole.with(name, (bytes) => (bytes[offset] ^= 1, bytes)));
        assertSaved(saved, whole, frames);
        assertEquals(saved.losses.map(({ where, bytes }) => [where, bytes]), [[name, HEADER_BYTES]]);
      }
    }
  });

  it("saves what lies behind a damaged header and a damaged first frame", () => {
    for (const name of names) {
      const first = frames.find((frame) => frame.name === name)!;
      const saved = salvage(whole.with(name, (bytes) => (bytes.fill(0xff, 0, first.end - 1), bytes)));
      assertSaved(saved, whole, frames.filter((frame) => frame !== first));
      assertEquals(lostBytes(saved), first.end);
    }
  });

  it("goes on behind a segment that is missing", () => {
    let lostJobs = 0;
    for (const name of names.slice(1, -1)) {
      const saved = salvage(whole.with(name, () => null));
      assertSaved(saved, whole, frames.filter((frame) => frame.name !== name));
      assertEquals(saved.losses.length, 1);
      assertMatch(saved.losses[0].reason, /missing/);
      assertEquals(lostBytes(saved), whole.content.get(name)!.length - HEADER_BYTES);
      lostJobs += saved.lostJobs;
    }
    assert(lostJobs > 0, "some job was changed in a later segment than its own");
  });

  it("tells of segments that are missing at the beginning and needed", () => {
    const saved = salvage(whole.with(names[0], () => null));
    assertSaved(saved, whole, frames.filter(({ name }) => name !== names[0]));
    assertEquals(saved.losses.map(({ where }) => where), ["segment.1 to segment.2"]);
    assertEquals(saved.verdict.kind, "damaged");
  });

  it("brings nothing back from a segment that is not needed any more", () => {
    const { former, later } = inDirectory((directory) => {
      const jobs = new PlainJobs();
      const binlog = openSomeLog(directory, jobs, IDENTITY);
      const body = "x".repeat(500) + "\r\n";
      let former: Uint8Array | undefined;
      for (let id = 1; id <= 300; id++) {
        assert(binlog.hasRoomFor(7, body.length, 1000 + id));
        binlog.put(jobs.set(plainJob(id, { body })));
        if (id > 20) forget(jobs, binlog, plainJob(id - 20, { body }));
        binlog.commit(1000 + id, 1);
        if (id === 25) former = segmentsOf(directory).content.get("segment.1");
      }
      binlog.close();
      return { former: former!, later: segmentsOf(directory) };
    });
    assert(!later.content.has("segment.1") && !later.content.has("segment.2"), later.list().join());
    const alone = salvage(later);
    assertEquals([alone.jobs.length, alone.losses], [20, []]);
    const both = salvage(new BytesFiles([["segment.1", former], ...later.content]));
    assertEquals([both.jobs, both.losses, both.nextId], [alone.jobs, [], alone.nextId]);
  });

  it("tells of a segment in which nothing verifies", () => {
    const saved = salvage(whole.with(names[1], (bytes) => bytes.fill(0x55)));
    assertSaved(saved, whole, frames.filter(({ name }) => name !== names[1]));
    assertEquals(saved.losses[0].where, names[1]);
    assertEquals(saved.losses[0].bytes, whole.content.get(names[1])!.length);
  });

  it("brings a job back whose deletion was damaged", () => {
    const more = frames.map((_, i) =>
      salvage(whole.with(frames[i].name, (bytes) => (bytes[frames[i].at] ^= 1, bytes)))
    );
    const known = new Set(replay(whole, frames).jobs.map(({ id }) => id));
    const returned = more.flatMap(({ jobs }) => jobs.filter(({ id }) => !known.has(id)));
    assert(returned.length > 0, "some deletion was in a damaged frame");
  });

  it("reads segments in the order of the log, whatever they are called", () => {
    const [first, second] = names;
    const swapped = new BytesFiles(whole.content);
    swapped.content.set(first, whole.content.get(second)!);
    swapped.content.set(second, whole.content.get(first)!);
    const saved = salvage(swapped);
    assertEquals(saved.jobs, replay(whole, frames).jobs);
    assertEquals([saved.losses, saved.verdict.kind], [[], "damaged"]);
  });

  it("leaves out a segment of another queue's log", () => {
    const other = writeSomeLog(new Uint8Array(16).fill(8));
    const mixed = new BytesFiles(whole.content);
    mixed.content.set(segmentName(names.length + 1), other.content.get(names[0])!);
    const saved = salvage(mixed);
    assertSaved(saved, whole, frames);
    assertMatch(saved.losses[0].reason, /another queue/);
  });

  it("never crashes on what is cut off, and saves what lies before", { timeout: 240_000 }, () => {
    const random = new Random(5);
    for (let round = 0; round < 60; round++) {
      const name = random.pick(names);
      const cut = random.below(whole.content.get(name)!.length);
      const saved = salvage(whole.with(name, (bytes) => bytes.slice(0, cut)));
      const isKept = (frame: FoundFrame): boolean => frame.name !== name || frame.end <= cut;
      assertSaved(saved, whole, frames.filter(isKept));
    }
  });
});
