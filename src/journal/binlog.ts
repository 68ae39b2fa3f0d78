// The file binlog: what each job is, in a log on disk. Group commit: what a turn recorded is written at its end in one go;
// one sync is in flight at a time, and what comes meanwhile is the next batch.
// Invariants: a reply that waits for ticket n leaves after all that was recorded before it is durable; room for every
// later change of an accepted job is on the disk before its put is accepted; after a failure nothing is written any more.

import type { Files } from "../ports/files.ts";
import type {
  Journal,
  JournalEvents,
  JournalFacts,
  LiveJob,
  LiveJobs,
  Truncation,
} from "../ports/journal.ts";
import { Batch } from "./batch.ts";
import type { WallOffset } from "./clock_steps.ts";
import { Compaction } from "./compaction.ts";
import { failureOf } from "./failure_of.ts";
import {
  CHANGE_BYTES,
  changesAtOnce,
  GONE_BYTES,
  MOST_PENDING_BYTES,
  OLDEST_BYTES,
  putBytes,
  SPARED_BYTES,
  TRUNCATE_BYTES,
} from "./layout.ts";
import { Retirement } from "./retirement.ts";
import { Room } from "./room.ts";
import { POLICY_ALWAYS, POLICY_INTERVAL, POLICY_NEVER, Segment } from "./segment.ts";
import type { StateFile } from "./state_file.ts";
import { Segments } from "./segments.ts";
import { Tail } from "./tail.ts";

/** When what was written is synced: before replies leave, every so many milliseconds, or only when a segment ends. */
export type SyncPolicy =
  | { readonly kind: "always" }
  | { readonly kind: "interval"; readonly ms: number }
  | { readonly kind: "never" };

export interface BinlogOptions {
  readonly segmentBytes: number;
  readonly sync: SyncPolicy;
  /** Milliseconds, to see how long a sync takes. */
  readonly stopwatch: () => number;
  /** How far the machine's wall clock is ahead of the server's time now, in milliseconds. Default: never at all. */
  readonly wallOffset?: () => number;
}

/** How the log stands when it is opened; see recovery.ts. */
export interface OpenedLog {
  readonly files: Files;
  readonly identity: Uint8Array;
  /**
   * Segments that hold something, oldest first, with their live jobs counted; and the one to write to, which may be the
   * last of them.
   */
  readonly segments: readonly Segment[];
  readonly current: Segment;
  readonly isThere: boolean;
  readonly createdAt: number;
  readonly state: StateFile;
  readonly wall: WallOffset;
}

const POLICIES = { always: POLICY_ALWAYS, interval: POLICY_INTERVAL, never: POLICY_NEVER } as const;
/** A sync in the turn saves the way through a thread, but nobody is served meanwhile. */
const MOST_WAITING_INLINE = 100;
const MOST_INLINE_MS = 2;

export class Binlog implements Journal {
  reached = 0;
  readonly changesAtOnce: number;
  private readonly files: Files;
  private readonly options: BinlogOptions;
  private readonly segments = new Segments();
  private readonly batch: Batch;
  private readonly tail: Tail;
  private readonly room: Room;
  private readonly compaction: Compaction;
  private readonly retirement: Retirement;
  private readonly jobs: LiveJobs;
  private readonly state: StateFile;
  private readonly wall: WallOffset;
  /** Number of the newest segment that has its file. */
  private highest = 0;
  private events: JournalEvents = { progressed: () => {}, failed: () => {} };
  private readonly isStrict: boolean;
  private readonly mostPending: number;
  /** Number of the commit that what is recorded now belongs to, and of the last one with a record. */
  private commitNumber = 1;
  private recordedIn = 0;
  private written = 0;
  // For metrics.
  private commits = 0;
  private writtenBytes = 0;
  private syncs = 0;
  private totalSyncMs = 0;
  private longestSyncMs = 0;
  /** Position up to which all is on the disk. */
  private durable: number;
  private isSyncing = false;
  /** When the oldest write that is not synced was made. */
  private unsyncedSince = Infinity;
  /** What a sync takes, as a moving average in milliseconds. */
  private syncMs = 0;
  private now = 0;
  private isOver = false;

  constructor(log: OpenedLog, jobs: LiveJobs, options: BinlogOptions) {
    const { files } = log;
    const { segmentBytes } = options;
    this.files = files;
    this.options = options;
    this.isStrict = options.sync.kind === "always";
    this.changesAtOnce = changesAtOnce(segmentBytes);
    this.mostPending = Math.min(MOST_PENDING_BYTES, segmentBytes / 8);
    const { current } = log;
    this.durable = current.end;
    for (const segment of log.segments) this.segments.append(segment);
    if (this.segments.newest !== current) this.segments.append(current);
    this.batch = new Batch(files, segmentBytes, current);
    this.jobs = jobs;
    this.state = log.state;
    this.wall = log.wall;
    this.now = log.createdAt;
    this.batch.wall = log.wall.ms;
    const { identity } = log;
    const policy = POLICIES[options.sync.kind];
    this.tail = new Tail(
      {
        files,
        segmentBytes,
        header: ({ number, base }) => ({
          number,
          base,
          identity,
          policy,
          oldest: this.segments.oldest.number,
          nextId: jobs.nextId,
          createdAt: Math.max(this.now, log.createdAt) + this.wall.ms,
          hasState: this.state.isKept,
        }),
        begun: ({ number }) => {
          this.highest = number;
          this.writeState(false);
        },
        failed: (error) => this.fail(error),
        freed: () => this.room.askAgain(),
      },
      current,
      log.isThere,
    );
    this.compaction = new Compaction(files, jobs, this.segments, segmentBytes, {
      move: (job) => this.move(job),
      drop: (job) => this.dropDead(job),
    });
    this.retirement = new Retirement(files, this.segments);
    this.room = new Room(this.tail, this.segments, this.batch, segmentBytes);
    this.room.keep(log.createdAt);
  }

  listen(events: JournalEvents): void {
    this.events = events;
  }

  get ticket(): number {
    return this.recordedIn;
  }

  get isFull(): boolean {
    return this.batch.bytes >= this.mostPending || (this.isSyncing && this.room.isTight);
  }

  get facts(): JournalFacts {
    const { written, segments, tail, compaction } = this;
    return {
      oldest: segments.oldest.number,
      current: tail.segment.number,
      migrated: compaction.moved,
      written,
      maxBytes: this.options.segmentBytes,
      work: {
        commits: this.commits,
        bytes: this.writtenBytes,
        syncs: this.syncs,
        syncMs: this.totalSyncMs,
        longestSyncMs: this.longestSyncMs,
        keptBytes: segments.bytes,
        liveBytes: segments.liveBytes,
      },
    };
  }

  put(job: LiveJob): void {
    const { tube, bodyBytes } = job;
    job.file = this.batch.put(job, this.durable);
    this.written++;
    this.recorded(putBytes(tube.length, bodyBytes));
    this.segments.add(job.file, tube.length, bodyBytes);
  }

  change(job: LiveJob): void {
    this.batch.change(job, this.durable);
    this.written++;
    this.recorded(CHANGE_BYTES);
  }

  gone(id: number, file: number, nameBytes: number, bodyBytes: number): void {
    this.batch.gone(id, this.durable);
    this.written++;
    this.recorded(GONE_BYTES + putBytes(nameBytes, bodyBytes));
    this.segments.drop(file, nameBytes, bodyBytes);
  }

  truncate(truncation: Truncation): void {
    this.batch.truncate(truncation, this.durable);
    this.written++;
    this.recorded(TRUNCATE_BYTES + truncation.tube.length + SPARED_BYTES * truncation.spared.length);
  }

  dropped(_id: number, file: number, nameBytes: number, bodyBytes: number): void {
    if (file === 0) return;
    this.compaction.owe(putBytes(nameBytes, bodyBytes));
    this.segments.drop(file, nameBytes, bodyBytes);
  }

  hasRoomFor(nameBytes: number, bodyBytes: number, now: number): boolean {
    try {
      return this.room.holds(nameBytes, bodyBytes, now);
    } catch (error) {
      this.fail(error as Error);
      return false;
    }
  }

  commit(now: number, waiting: number): void {
    this.now = now;
    if (this.isOver || (this.isSyncing && this.isStrict)) return;
    try {
      this.followClock();
      this.room.keep(now);
      if (this.canCompact) this.compaction.step(false);
      this.retire();
      this.write();
      if (this.room.isTight) this.makeRoom();
      if (this.isSyncDue) this.sync(waiting);
      this.removeOld();
      this.room.giveBack();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  get nextInstant(): number {
    if (this.isOver || this.isSyncing) return Infinity;
    const { options, retirement } = this;
    if (this.batch.bytes > 0 || this.canCompact) return 0;
    if (retirement.isReady(this.durable) || retirement.isToBeSaid(this.tail.segment.number)) return 0;
    if (retirement.waitsForSync(this.durable) && this.unsyncedSince < Infinity) return 0;
    return options.sync.kind === "interval" ? this.unsyncedSince + options.sync.ms : Infinity;
  }

  /** Writes and syncs all that was recorded, now. */
  flush(now: number): void {
    this.now = now;
    if (this.isOver) return;
    try {
      this.write();
      this.syncNow();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  close(): void {
    if (this.isOver) return;
    try {
      this.write();
      this.syncNow();
      this.batch.close(this.durable);
      this.followBatch(); // it may be the first of a segment
      this.write();
      this.tail.sync();
      this.durable = this.batch.position;
      this.writeState(true);
      this.state.close();
      this.tail.close();
      this.files.release();
    } catch (error) {
      return this.fail(error as Error);
    }
    this.isOver = true;
  }

  /** Another place than the log's end must know of it: see state_file.ts. */
  private writeState(isClosed: boolean): void {
    this.state.write({
      isClosed,
      highest: this.highest,
      durable: this.durable,
      position: this.batch.position,
      nextId: this.jobs.nextId,
      at: this.now + this.wall.ms,
    });
  }

  /** The machine's clock was stepped: what is recorded from here on has its time, and what was recorded before moves along. */
  private followClock(): void {
    const step = this.wall.look();
    if (step === 0) return;
    this.batch.cut(this.durable);
    this.batch.wall = this.wall.ms;
    this.state.steps.add(this.batch.position, step);
    this.writeState(false);
  }

  private recorded(bytes: number): void {
    this.recordedIn = this.commitNumber;
    this.compaction.owe(bytes);
    this.followBatch();
  }

  /** The batch may have gone on to the next segment. */
  private followBatch(): void {
    const { batch, segments } = this;
    if (batch.segment !== segments.newest.number) segments.append(new Segment(batch.segment, batch.base));
  }

  /** Writes a job of the oldest segment again. */
  private move(job: LiveJob): void {
    const { file, bodyBytes, tube } = job;
    job.file = this.batch.put(job, this.durable);
    this.written++;
    this.followBatch();
    const { segments } = this;
    segments.drop(file, tube.length, bodyBytes);
    segments.add(job.file, tube.length, bodyBytes);
  }

  /** A job of the oldest segment was truncated, and its row is not cleared away yet. */
  private dropDead(job: LiveJob): void {
    this.segments.drop(job.file, job.tube.length, job.bodyBytes);
    job.file = 0;
  }

  private write(): void {
    const { batch, tail } = this;
    if (batch.bytes > 0) {
      for (const frame of batch.take(this.durable)) {
        if (frame.segment !== tail.segment.number) {
          tail.turnOver(this.segments.byNumber(frame.segment), frame.bytes);
        }
        tail.write(frame);
        this.writtenBytes += frame.bytes;
      }
      this.commits++;
      batch.reuse();
      this.room.written();
      if (this.unsyncedSince === Infinity) this.unsyncedSince = this.now;
    }
    // Without a sync to wait for, a reply waits for the write: that much survives the end of the process.
    if (!this.isStrict) this.reached = this.commitNumber;
    this.commitNumber++;
  }

  private get isSyncDue(): boolean {
    if (this.unsyncedSince === Infinity || this.isSyncing) return false;
    const { sync } = this.options;
    if (sync.kind === "interval" && this.now >= this.unsyncedSince + sync.ms) return true;
    return sync.kind === "always" || this.tail.hasUnsyncedEnd ||
      this.retirement.waitsForSync(this.durable);
  }

  private sync(waiting: number): void {
    const commit = this.commitNumber - 1;
    const { position } = this.batch;
    const { stopwatch } = this.options;
    const began = stopwatch();
    const isInline = this.isStrict && waiting > 0 && waiting <= MOST_WAITING_INLINE &&
      this.syncMs < MOST_INLINE_MS;
    this.unsyncedSince = Infinity;
    if (isInline) {
      this.tail.sync();
      return this.synced(commit, position, stopwatch() - began);
    }
    this.isSyncing = true;
    this.tail.syncLater((error) => {
      this.isSyncing = false;
      if (this.isOver) return;
      if (error !== null) return this.fail(error);
      this.synced(commit, position, stopwatch() - began);
      this.events.progressed();
    });
  }

  private syncNow(): void {
    const commit = this.commitNumber - 1;
    const { position } = this.batch;
    const { stopwatch } = this.options;
    const began = stopwatch();
    this.tail.sync();
    this.unsyncedSince = Infinity;
    this.synced(commit, position, stopwatch() - began);
  }

  private synced(commit: number, position: number, ms: number): void {
    this.syncMs += (ms - this.syncMs) / 8;
    this.syncs++;
    this.totalSyncMs += ms;
    this.longestSyncMs = Math.max(this.longestSyncMs, ms);
    this.reached = Math.max(this.reached, commit);
    this.durable = Math.max(this.durable, position);
  }

  /** On a full disk: compacts at once, until there is room for what the next turn may record. */
  private makeRoom(): void {
    // A sync beside the loop has files open whose room would not come free when they are removed. Nothing more is recorded
    // until it is done (see isFull).
    if (this.isSyncing) return;
    const { tail, room, compaction, retirement, segments } = this;
    room.askAgain();
    room.keep(this.now);
    while (room.isTight) {
      if (!retirement.isOldestEmpty(tail.segment.number)) {
        if (this.canCompact) compaction.step(true);
        else if (segments.newestGarbageBytes > compaction.negligibleBytes) this.batch.turnOver(this.durable);
        else return;
      }
      this.followBatch();
      this.retire();
      this.write();
      this.syncNow();
      this.removeOld();
      room.keep(this.now);
    }
  }

  /** Whether the oldest segment should be emptied, and what that writes has its room or will get it. */
  private get canCompact(): boolean {
    const { tail, room, compaction } = this;
    if (!compaction.isDue(tail.segment.number, tail.isShort)) return false;
    return !tail.isShort || room.canMoveOldest;
  }

  /** When the oldest segments are empty, the log says that they are not needed any more. */
  private retire(): void {
    const { retirement, segments, tail, batch } = this;
    if (!retirement.isToBeSaid(tail.segment.number)) return;
    const oldest = segments.firstNeeded(tail.segment.number);
    batch.oldest(oldest, this.durable);
    this.recorded(OLDEST_BYTES);
    retirement.said(oldest, batch.position);
  }

  private removeOld(): void {
    if (!this.retirement.isReady(this.durable)) return;
    this.compaction.end();
    this.retirement.removeSome();
    this.room.askAgain();
  }

  /** The one end of all failures. The directory is given back: nothing is done there any more. */
  private fail(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    failureOf(() => this.tail.close());
    failureOf(() => this.files.release());
    this.events.failed(error);
  }
}
