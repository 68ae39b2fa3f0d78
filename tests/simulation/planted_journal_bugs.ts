// Faults of the journal, each of which breaks a promise about what a restart brings back.

import { Disk } from "../../src/adapters/memory/disk.ts";
import { MemoryFiles } from "../../src/adapters/memory/files.ts";
import { JobTable } from "../../src/core/jobs.ts";
import { LiveJob } from "../../src/core/live_jobs.ts";
import { ReplayedTruncates } from "../../src/core/replayed_truncates.ts";
import { Restoration } from "../../src/core/restoration.ts";
import { Binlog } from "../../src/journal/binlog.ts";
import { ClockSteps } from "../../src/journal/clock_steps.ts";
import { SegmentBytes } from "../../src/journal/frames.ts";
import { Room } from "../../src/journal/room.ts";
import { StateFile } from "../../src/journal/state_file.ts";
import { Tail } from "../../src/journal/tail.ts";
import { Server } from "../../src/server/server.ts";
import { bug, rare } from "./plant.ts";
import type { PlantedBug } from "./plant.ts";

/** Several pieces replaced for one fault. */
const together = (what: string, ...bugs: readonly PlantedBug[]): PlantedBug => ({
  what,
  plant: () => {
    const takeOut = bugs.map(({ plant }) => plant());
    return () => takeOut.reverse().forEach((takeOneOut) => takeOneOut());
  },
});

const OF_TRUNCATES: readonly PlantedBug[] = [
  bug("a truncate is not recorded", Binlog, "truncate", function () {}),
  bug("a job that a truncate spares is lost on replay", ReplayedTruncates, "truncate", function (
    original,
    slot,
    truncation,
  ) {
    original(slot, { ...truncation, spared: [] });
  }),
  bug("a truncated job whose delay was over comes back", ReplayedTruncates, "truncate", function (
    original,
    slot,
    truncation,
  ) {
    original(slot, { ...truncation, delayedFrom: 0, delayedFromId: 0 });
  }),
  bug("a truncate forgets that a delay was not over", ReplayedTruncates, "truncate", function (
    original,
    slot,
    truncation,
  ) {
    original(slot, { ...truncation, delayedFrom: Infinity, delayedFromId: 0 });
  }),
  bug("a truncate removes what comes after it", ReplayedTruncates, "told", function (_original, row) {
    this.jobs.holder.set(row, 0);
  }),
  bug("only the last truncate of a tube counts", ReplayedTruncates, "truncate", function (
    original,
    slot,
    truncation,
  ) {
    this.cuts.delete(slot);
    original(slot, truncation);
  }),
  bug("a truncated job is written again when the log is tidied up", LiveJob, "isDead", function () {
    return false;
  }),
  bug("the record of a truncated job is dropped twice", Binlog, "dropDead", function (original, job) {
    const { file } = job;
    original(job);
    job.file = file;
  }),
  bug("what was truncated counts as live in the log for ever", Binlog, "dropped", function () {}),
  bug("a requeued job has its old body after a crash", Restoration, "put", function (
    original,
    job,
    source,
    from,
    to,
  ) {
    const row = this.jobs.rowOf(job.id);
    if (row === 0) return original(job, source, from, to);
    this.jobs.file.set(row, job.file);
    this.change(job);
  }),
];

const OF_THE_END: readonly PlantedBug[] = [
  bug(
    "the state file speaks of a segment that has no name yet",
    StateFile,
    "write",
    function (original, end) {
      return original({ ...end, highest: end.highest + 1 });
    },
  ),
  bug("the state file speaks of more than is on the disk", StateFile, "write", function (original, end) {
    return original({ ...end, durable: end.position + 1 });
  }),
  bug("a clock that was set back is forgotten by the next start", ClockSteps, "add", function () {}),
];

export const OF_JOURNAL: readonly PlantedBug[] = [
  ...OF_TRUNCATES,
  ...OF_THE_END,
  together(
    "nothing is ever synced",
    bug("at once", Tail, "sync", function () {}),
    bug("later", Tail, "syncLater", function (_original, done) {
      done(null);
    }),
  ),
  bug("replies do not wait for the journal", Binlog, "ticket", function () {
    return 0;
  }),
  rare(
    231,
    bug("a reply waits for the sync before its own", Binlog, "ticket", function (original) {
      return Math.max(0, original() - 1);
    }),
  ),
  bug("the directory is never synced", MemoryFiles, "syncDirectory", function () {}),
  rare(
    231,
    bug(
      "a sync is taken to cover what is written while it goes on",
      Binlog,
      "synced",
      function (original, _c, _p, ms) {
        original(this.commitNumber, this.batch.position, ms);
      },
    ),
  ),
  bug("a failed write or sync is passed over", Binlog, "fail", function () {}),
  bug("held replies are sent when the journal has failed", Server, "fail", function (original, error) {
    for (const connection of this.bySlot) connection?.output.flush(connection.transport, Infinity);
    original(error);
  }),
  bug("an idle log is not synced at the end of the interval", Binlog, "nextInstant", function (original) {
    return this.options.sync.kind === "interval" && this.batch.bytes === 0 ? Infinity : original();
  }),
  bug("a deletion is not recorded", Binlog, "gone", function (_original, _id, file, nameBytes, bodyBytes) {
    this.segments.drop(file, nameBytes, bodyBytes);
  }),
  bug("a change is not recorded", Binlog, "change", function () {}),
  bug("a segment is removed before its copies are durable", Binlog, "removeOld", function (original) {
    const { durable } = this;
    this.durable = Infinity;
    original();
    this.durable = durable;
  }),
  bug("jobs of the oldest segment are not written again", Binlog, "move", function (_original, job) {
    this.segments.drop(job.file, job.tube.length, job.bodyBytes);
    job.file = this.segments.newest.number;
    this.segments.add(job.file, job.tube.length, job.bodyBytes);
  }),
  bug("buried jobs come back in any order", LiveJob, "mark", function (original) {
    return this.state === 4 ? 1 : original();
  }),
  bug("the instant of a delayed job is forgotten", LiveJob, "mark", function (original) {
    return this.state === 2 ? original() + 1000 : original();
  }),
  bug("counts are forgotten in a restart", JobTable, "setPast", function () {}),
  bug(
    "ids go on from the highest that came back",
    Restoration,
    "finishing",
    function (original, _nextId, now, tell) {
      let nextId = 1;
      this.jobs.each((row: number) => nextId = Math.max(nextId, this.jobs.id.get(row) + 1));
      return original(nextId, now, tell);
    },
  ),
  bug("a torn end is not cut off", Disk, "truncate", function () {}),
  bug("a frame's checksum is not looked at", SegmentBytes, "frameEnd", function (_original, at) {
    if (at + 24 > this.size || this.view.getFloat64(at + 8, true) !== this.positionOf(at)) return 0;
    const end = at + 24 + this.view.getUint32(at + 4, true);
    return end > this.size ? 0 : end;
  }),
  bug("a put is accepted whether there is room or not", Binlog, "hasRoomFor", function () {
    return true;
  }),
  bug("no room is kept for what must be written later", Room, "kept", function () {
    return 0;
  }),
  rare(
    980,
    bug("a put is refused for ever once the disk was full", Binlog, "hasRoomFor", function (
      original,
      ...sizes
    ) {
      this.wasFull ||= !original(...sizes);
      return !this.wasFull;
    }),
  ),
];
