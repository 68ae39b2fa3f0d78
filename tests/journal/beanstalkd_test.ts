// Reading logs of beanstalkd: both versions, what records mean for jobs, and whatever bytes may be in such files.
import { describe, it } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Engine } from "../../src/core/engine.ts";
import { checkStoredLog, importLog } from "../../src/journal/beanstalkd/import.ts";
import type { Imported } from "../../src/journal/beanstalkd/import.ts";
import { HIGHEST_ID } from "../../src/journal/free_id.ts";
import { freshSeed } from "../support/runtime.ts";
import { Random } from "../support/random.ts";
import { BytesFiles } from "./bytes_files.ts";
import * as plain from "./plain_jobs.ts";
import type { PlainJob } from "./plain_jobs.ts";
import * as stored from "./stored_log.ts";
import { SECOND, storedFile, type StoredRecord } from "./stored_log.ts";

interface Result extends Imported {
  readonly jobs: PlainJob[];
  readonly quarantined: number[];
}

function importFiles(files: BytesFiles): Result {
  const queue = new Engine({ seed: 1 });
  const quarantined: number[] = [];
  const imported = importLog(files, queue, (job) => quarantined.push(job.id));
  assertEquals(queue.live.nextId, imported.nextId);
  const jobs = plain.jobsOf(queue.live);
  const check = checkStoredLog(files, 0);
  assertEquals([check.counts.jobs, check.torn], [jobs.length, quarantined.length]);
  return { ...imported, jobs, quarantined };
}

function importRecords(records: readonly StoredRecord[], version: 5 | 7 = 7): Result {
  return importFiles(
    new BytesFiles([["binlog.1", storedFile(version, records, 1000)], ["lock", new Uint8Array()]]),
  );
}

const buriedIn = ({ jobs }: Result): number[] =>
  jobs.filter(({ state }) => state === plain.BURIED).sort((a, b) => a.mark - b.mark).map(({ id }) => id);

for (const version of [7, 5] as const) {
  describe(`a log of beanstalkd, version ${version}`, () => {
    const second = SECOND[version];
    const millisecond = second / 1000n;

    it("gives each job with all its fields, in our units", () => {
      const createdAt = 1_700_000_000_123n * millisecond + 1n;
      const counts = [1, 2, 3, 4, 4_294_967_295];
      const { jobs, records, unreadable, nextId } = importRecords([
        {
          id: 7,
          tube: "a",
          pri: 4_294_967_295,
          ttr: 4_294_967_295n * second,
          createdAt,
          counts,
          body: "\0\xff\r\n\r\n",
        },
        { id: 8, tube: "b", state: stored.DELAYED, delay: 90n * second, deadlineAt: createdAt, body: "\r\n" },
        { id: 9, tube: "b", state: stored.BURIED, pri: 5 },
        { id: 10, tube: "b", state: stored.RESERVED, ttr: 0n },
      ], version);
      const [reserves, timeouts, releases, buries, kicks] = counts;
      const most = 4_294_967_295;
      const fields = { createdAt: 1_700_000_000_123, reserves, timeouts, releases, buries, kicks };
      assertEquals(jobs, [
        plain.plainJob(7, { tube: "a", pri: most, ttr: most, ...fields, body: "\0\xff\r\n\r\n" }),
        plain.plainJob(8, {
          tube: "b",
          state: plain.DELAYED,
          delay: 90,
          mark: 1_700_000_000_124,
          body: "\r\n",
        }),
        plain.plainJob(9, { tube: "b", state: plain.BURIED, mark: 1, pri: 5 }),
        plain.plainJob(10, { tube: "b", ttr: 1 }),
      ]);
      assertEquals([records, unreadable.length, nextId], [4, 0, 11]);
    });

    it("lets later records change a job, and forgets those that are deleted", () => {
      const { jobs, nextId } = importRecords([
        { id: 1, tube: "a" },
        { id: 2, tube: "a" },
        { id: 3, tube: "a" },
        { id: 1, state: stored.BURIED, pri: 9, counts: [1, 0, 0, 1, 0] },
        { id: 2, state: stored.INVALID },
        { id: 1, pri: 10, counts: [1, 0, 0, 1, 1], size: 1_000_000 },
        { id: 3, tube: "a", counts: [5] },
        { id: 40, state: stored.BURIED },
        { id: 40, state: stored.INVALID },
      ], version);
      assertEquals(jobs, [
        plain.plainJob(1, { tube: "a", pri: 10, reserves: 1, buries: 1, kicks: 1 }),
        plain.plainJob(3, { tube: "a", reserves: 5 }),
      ]);
      assertEquals(nextId, 41);
    });

    it("puts torn jobs aside until they are written again or deleted", () => {
      const torn = { tube: "t", body: "half\0\0" };
      const result = importRecords([
        { id: 1, ...torn },
        { id: 2, ...torn },
        { id: 3, ...torn },
        { id: 4, tube: "t", body: "\n\r" },
        { id: 5, tube: "t" },
        { id: 2, state: stored.INVALID },
        { id: 3, tube: "t", body: "whole\r\n" },
        { id: 1, state: stored.BURIED },
      ], version);
      assertEquals([result.quarantined, result.torn], [[1, 4], 2]);
      assertEquals(result.jobs.map(({ id, body }) => [id, body]), [[3, "whole\r\n"], [5, "job 5\r\n"]]);
      assertEquals(result.nextId, 6);
    });

    it("survives every cut of a file, and says where it stops", () => {
      const records = [{ id: 1, tube: "a" }, { id: 2, tube: "bb", state: stored.BURIED }, { id: 1, pri: 3 }];
      const bytes = storedFile(version, records);
      const ends = [4];
      for (const fields of records) ends.push(ends.at(-1)! + stored.record(version, fields).length);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const result = importFiles(new BytesFiles([["binlog.1", bytes.slice(0, cut)]]));
        const whole = ends.filter((end) => end <= cut).length - 1;
        assertEquals(result.records, Math.max(0, whole), `cut at ${cut}`);
        assertEquals(result.jobs.length, Math.min(2, Math.max(0, whole)), `cut at ${cut}`);
        const end = cut < 4 ? 0 : ends[whole];
        // A short record begins with zeros, which say nothing alone.
        const isClean = bytes.subarray(end, cut).every((byte) => byte === 0);
        const [place] = result.unreadable;
        if (isClean) assertEquals(place, undefined, `cut at ${cut}`);
        else {assertEquals(
            [place.file, place.offset],
            ["binlog.1", end],
            `cut at ${cut}`,
          );}
      }
    });

    it("never crashes, whatever bits are turned, and loses nothing that lies before them", () => {
      const bytes = storedFile(version, [
        { id: 1, tube: "a" },
        { id: 2, tube: "bb", state: stored.DELAYED, delay: second, deadlineAt: 1_800_000_000n * second },
        { id: 1, state: stored.BURIED },
        { id: 2, tube: "bb", state: stored.BURIED, body: "moved\r\n" },
        { id: 1, state: stored.INVALID },
      ], 20);
      const firstEnd = 4 + stored.record(version, { id: 1, tube: "a" }).length;
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const turned = bytes.slice();
        turned[bit >> 3] ^= 1 << (bit & 7);
        const result = importFiles(new BytesFiles([["binlog.1", turned]]));
        assert(Number.isSafeInteger(result.nextId) && result.nextId >= 1);
        if (bit >> 3 >= firstEnd) assert(result.records >= 1, `bit ${bit}`);
        for (const job of result.jobs) {
          assert(job.id < result.nextId && job.body.endsWith("\r\n"), `bit ${bit}`);
        }
      }
    });
  });
}

describe("a log of beanstalkd: order of the buried", () => {
  it("is that of the last burials, not of the jobs' first records", () => {
    const result = importRecords([
      { id: 1, tube: "a" },
      { id: 2, tube: "a" },
      { id: 3, tube: "a" },
      { id: 3, state: stored.BURIED },
      { id: 1, state: stored.BURIED },
      { id: 2, state: stored.BURIED },
      { id: 3, state: stored.READY },
      { id: 1, state: stored.BURIED },
      { id: 3, state: stored.BURIED },
    ]);
    assertEquals(buriedIn(result), [2, 1, 3]);
  });

  it("is not changed by compaction, which writes jobs again", () => {
    const result = importRecords([
      { id: 2, tube: "a" },
      // Job 1 was put and buried in a file that is gone; here it is seen buried, then moved.
      { id: 1, state: stored.BURIED },
      { id: 2, state: stored.BURIED },
      { id: 3, tube: "a", state: stored.BURIED },
      { id: 2, tube: "a", state: stored.BURIED },
      { id: 1, tube: "a", state: stored.BURIED },
    ]);
    assertEquals(buriedIn(result), [1, 2, 3]);
  });
});

describe("a log of beanstalkd: what is not right in it", () => {
  const good = (id: number): StoredRecord => ({ id, tube: "a" });
  const BAD: [string, StoredRecord, RegExp][] = [
    ["a negative size", { id: 2, tube: "a", size: -1 }, /body of such a size/],
    ["a size without room for CR LF", { id: 2, tube: "a", size: 1 }, /body of such a size/],
    ["a size beyond the file", { id: 2, tube: "a", size: 1_000_000 }, /ends amid a record/],
    ["a size beyond any job", { id: 2, tube: "a", size: 2_147_483_647 }, /body of such a size/],
    ["a negative delay", { id: 2, tube: "a", delay: -1n }, /such a delay/],
    ["a giant delay", { id: 2, tube: "a", delay: 2n ** 63n - 1n }, /such a delay/],
    ["a negative ttr", { id: 2, tube: "a", ttr: -(2n ** 63n) }, /such a time to run/],
    ["a state that is none", { id: 2, tube: "a", state: 5 }, /no state 5/],
    [
      "an id that no number holds",
      { id: 2n ** 64n - 1n, tube: "a" },
      /no job has the id 18446744073709551615/,
    ],
    ["an id above all that may be", { id: HIGHEST_ID + 1, tube: "a" }, /no job has the id/],
    ["the id 0 in a full record", { id: 0, tube: "a" }, /no job has the id 0/],
    ["a name of 201 bytes", { id: 2, tube: "x".repeat(201) }, /name has such a length/],
    ["a name that is none", { id: 2, tube: "a b" }, /no tube can have such a name/],
  ];
  for (const [what, fields, reason] of BAD) {
    it(`${what} ends the file there, and the next file is read`, () => {
      const first = storedFile(7, [good(1), fields, good(3)]);
      const result = importFiles(
        new BytesFiles([["binlog.1", first], ["binlog.2", storedFile(7, [good(1000)])], [
          "binlog.02",
          first,
        ]]),
      );
      assertEquals(result.jobs.map(({ id }) => id), [1, 1000]);
      assertEquals(result.unreadable.length, 1);
      const [{ file, offset, bytes, reason: told }] = result.unreadable;
      const at = 4 + stored.record(7, good(1)).length;
      assertEquals([file, offset, bytes], ["binlog.1", at, first.length - at]);
      assertMatch(told, reason);
      assert(result.nextId > 1000 + 1, "ids that may stand in what was not read are left out");
    });
  }

  it("zeros amid the records end the file, and are told of", () => {
    const first = storedFile(7, [good(1), good(2)]);
    const at = 4 + stored.record(7, good(1)).length;
    first.fill(0, at, at + 90);
    const result = importFiles(new BytesFiles([["binlog.1", first]]));
    assertEquals(result.jobs.map(({ id }) => id), [1]);
    assertEquals([result.unreadable[0].offset, result.unreadable[0].bytes], [at, first.length - at]);
  });

  it("a version that is none is named; an empty file and one of zeros are nothing", () => {
    const other = storedFile(7, [good(1)]);
    other[0] = 6;
    const result = importFiles(
      new BytesFiles([
        ["binlog.1", other],
        ["binlog.2", new Uint8Array(0)],
        ["binlog.3", new Uint8Array(5000)],
        ["binlog.5", storedFile(5, [good(3)])],
      ]),
    );
    assertEquals(result.jobs.map(({ id }) => id), [3]);
    assertEquals(result.unreadable.map(({ file, offset }) => [file, offset]), [["binlog.1", 0]]);
    assertMatch(result.unreadable[0].reason, /version 6/);
    assertEquals(result.missing, [4]);
  });

  it("jobs of any size come over, beside small ones", () => {
    const body = "x".repeat(3_000_000) + "\r\n";
    const result = importRecords([good(1), { id: 2, tube: "a", body }, good(3)]);
    assertEquals(result.jobs.map(({ body }) => body.length), [7, 3_000_002, 7]);
    assertEquals(result.jobs[1].body, body);
  });

  it("survives random damage", { timeout: 240_000 }, () => {
    const random = new Random(freshSeed("damaged logs of beanstalkd"));
    const records: StoredRecord[] = [];
    for (let i = 0; i < 60; i++) {
      const id = 1 + random.below(20);
      records.push(
        random.chance(0.5)
          ? { id, tube: "tube", state: 1 + random.below(4) }
          : { id, state: random.below(5) },
      );
    }
    const files = new BytesFiles([
      ["binlog.1", storedFile(7, records, 100)],
      ["binlog.2", storedFile(5, records)],
    ]);
    const highest = Math.max(...records.map(({ id }) => Number(id))); // in both files, and one of them is whole
    for (let round = 0; round < 3000; round++) {
      const name = random.pick(["binlog.1", "binlog.2"]);
      const damaged = files.with(name, (bytes) => {
        const at = random.below(bytes.length);
        for (let i = 0; i < 1 + random.below(16); i++) bytes[at + i] = random.pick([0, 1, 127, 128, 255]);
        return random.chance(0.2) ? bytes.slice(0, at) : bytes;
      });
      const result = importFiles(damaged);
      assert(result.nextId > highest || result.unreadable.length > 0);
      for (const { id, body } of result.jobs) assert(id < result.nextId && body.endsWith("\r\n"));
    }
  });
});
