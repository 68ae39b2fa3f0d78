// The journal in a key-value store: a job is a key, what changed is written over it. Group commit: one commit is on its way
// at a time, and what is recorded meanwhile is the next group; a turn with much to record fills several.
// Invariants: groups are committed in order, each atomically and under the lease; a reply that waits for ticket n leaves
// after group n is durable; after a failure, or a commit whose outcome is unknown, nothing is written any more.

import type {
  Journal,
  JournalEvents,
  JournalFacts,
  LiveJob,
  LiveJobs,
  Truncation,
} from "../../ports/journal.ts";
import type { KvKey, KvStore } from "../../ports/kv.ts";
import type { WallOffset } from "../clock_steps.ts";
import { BodyCopy, BodyPieces } from "./body_pieces.ts";
import { CommitGroup } from "./commit_group.ts";
import { encodeJob } from "./job_value.ts";
import { encodeMeta, fileOf, type KvLayout, pieceCount, piecesOf } from "./layout.ts";
import { failureOf } from "../failure_of.ts";
import { encodeSpared, encodeTruncate } from "./truncate_value.ts";
import { describeOther, type Lease, LEASE_VALID_MS } from "./lease.ts";

/** Commands wait when so much is recorded and not committed. */
const MOST_PENDING_BYTES = 4_194_304;
/** Replies that wait for a doubtful lease wait for more than any ticket that was reached. */
const NOTHING_REACHED = -1;

/** How the store stands when it has been read; see recovery.ts. */
export interface OpenedKv {
  readonly store: KvStore;
  readonly layout: KvLayout;
  readonly lease: Lease;
  readonly sequence: number;
  /** The server's time, in milliseconds. */
  readonly clock: () => number;
  readonly wall: WallOffset;
}

export class KvJournal implements Journal {
  ticket = 0;
  private readonly store: KvStore;
  private readonly layout: KvLayout;
  private readonly lease: Lease;
  private readonly jobs: LiveJobs;
  private readonly clock: () => number;
  private readonly wall: WallOffset;
  private readonly body = new BodyCopy();
  private readonly pieces = new BodyPieces();
  private events: JournalEvents = { progressed: () => {}, failed: () => {} };
  private sequence: number;
  /** No job had this id yet, nor any higher one. */
  private freshId: number;
  /** Groups that are not durable yet, oldest first, and the last of them while it takes more. */
  private readonly groups: CommitGroup[] = [];
  private open: CommitGroup | null = null;
  private lastGroup = 0;
  /** Of the groups that take no more. */
  private closedBytes = 0;
  /** Keys of truncates that still concern jobs in the store. */
  private readonly truncates: KvKey[] = [];
  private durable = 0;
  private written = 0;
  /** Commits on their way; settled when there is none. */
  private running: Promise<void> | null = null;
  private finishing: Promise<void> | null = null;
  /** Until when nobody is told again that replies are held back, by the stopwatch of the lease. */
  private toldHeldUntil = 0;
  private isOver = false;
  private isClosed = false;

  constructor({ store, layout, lease, sequence, clock, wall }: OpenedKv, jobs: LiveJobs) {
    this.store = store;
    this.layout = layout;
    this.lease = lease;
    this.sequence = sequence;
    this.clock = clock;
    this.wall = wall;
    this.jobs = jobs;
    this.freshId = jobs.nextId;
  }

  listen(events: JournalEvents): void {
    this.events = events;
  }

  put(job: LiveJob): void {
    const { id, file: oldFile } = job;
    this.sequence++;
    job.file = fileOf(this.sequence, pieceCount(job.bodyBytes));
    if (piecesOf(job.file) > 0) {
      this.pieces.of(job).forEach((piece, index) => {
        this.groupFor(piece.length).set(this.layout.piece(id, job.file, index), piece);
      });
    }
    this.writeJob(job);
    if (oldFile !== 0) this.removePieces(id, oldFile);
  }

  change(job: LiveJob): void {
    this.sequence++;
    this.writeJob(job);
  }

  gone(id: number, file: number): void {
    this.sequence++;
    this.recorded(0, (group) => group.removeJob(id));
    this.removePieces(id, file);
  }

  /** One key, whatever the number of jobs. Its list of spared jobs is there before it. */
  truncate(truncation: Truncation): void {
    this.sequence++;
    const value = encodeTruncate(truncation, this.wall.ms);
    const keys = encodeSpared(truncation.spared).map((part, index) => {
      const key = this.layout.spared(this.sequence, index);
      this.groupFor(part.length).set(key, part);
      return key;
    });
    const key = this.layout.truncate(this.sequence);
    this.recorded(value.length, (group) => group.set(key, value));
    this.truncates.push(key, ...keys);
  }

  /** A truncated job is cleared away. One that is put anew says itself what it replaces. */
  dropped(id: number, file: number): void {
    if (this.jobs.findAny(id) !== null) return;
    this.groupFor(0).removeJob(id);
    this.removePieces(id, file);
  }

  /** A store does not tell of its bounds: when it is full, a commit fails. */
  hasRoomFor(): boolean {
    return true;
  }

  get isFull(): boolean {
    return this.finishing !== null || this.closedBytes + (this.open?.bytes ?? 0) >= MOST_PENDING_BYTES;
  }

  get reached(): number {
    return this.lease.isDoubtful ? this.hold() : this.durable;
  }

  /** Replies wait. Said once in ten seconds, however often it is asked. */
  private hold(): number {
    const { now } = this.lease;
    if (now >= this.toldHeldUntil && this.ticket > 0 && !this.isOver) {
      this.toldHeldUntil = now + LEASE_VALID_MS;
      this.events.held?.();
    }
    return NOTHING_REACHED;
  }

  commit(): void {
    if (this.finishing !== null) return; // what is left is committed there, and the lease given back
    this.wall.look();
    if (this.truncates.length > 0 && this.jobs.deadCount === 0) this.removeTruncates();
    if (this.isOver || this.running !== null) return;
    if (this.groups.length > 0 || this.lease.renewInMs <= 0) this.run();
  }

  get nextInstant(): number {
    if (this.isOver || this.running !== null || this.finishing !== null) return Infinity;
    return this.groups.length > 0 ? 0 : this.clock() + this.lease.renewInMs;
  }

  get facts(): JournalFacts {
    return { oldest: 0, current: 0, migrated: 0, written: this.written };
  }

  /** Commits what is left and gives the lease back. Nothing is recorded any more. */
  finish(): Promise<void> {
    return this.finishing ??= this.finishAll();
  }

  /** What was not committed before, see {@link finish}, is not reached, and its replies are not sent. */
  close(): void {
    if (this.isClosed) return;
    this.isOver = true;
    const failure = this.closeStore();
    if (failure !== null) this.events.failed(failure);
  }

  private closeStore(): Error | null {
    this.isClosed = true;
    return failureOf(() => this.store.close());
  }

  private writeJob(job: LiveJob): void {
    const value = encodeJob(job, this.sequence, this.body, this.wall.ms);
    const { id } = job;
    const isFresh = id >= this.freshId;
    if (isFresh) this.freshId = id + 1;
    this.recorded(value.length, (group) => group.setJob(id, value, isFresh));
  }

  private removePieces(id: number, file: number): void {
    for (let index = 0; index < piecesOf(file); index++) {
      this.groupFor(0).remove(this.layout.piece(id, file, index));
    }
  }

  /** All that they concern has been removed. The keys of a truncate go before its list. */
  private removeTruncates(): void {
    for (const key of this.truncates.splice(0)) this.groupFor(0).remove(key);
  }

  private recorded(bytes: number, record: (group: CommitGroup) => void): void {
    this.written++;
    record(this.groupFor(bytes));
    this.ticket = this.lastGroup;
  }

  /** The group that the next mutation belongs to. */
  private groupFor(valueBytes: number): CommitGroup {
    if (this.open !== null && !this.open.fits(valueBytes)) this.closeGroup();
    if (this.open === null) this.groups.push(this.open = new CommitGroup(++this.lastGroup, this.layout));
    return this.open;
  }

  private closeGroup(): void {
    this.closedBytes += this.open!.bytes;
    this.open = null;
  }

  private run(): void {
    this.running = this.commitAll().catch((error) => this.fail(error));
  }

  /** Until nothing is left; renews the lease when that is due. */
  private async commitAll(): Promise<void> {
    for (;;) {
      const group = this.groups.at(0);
      if (group !== undefined && group === this.open) this.closeGroup();
      await this.write(group, false);
      if (this.isOver) return;
      if (group !== undefined) {
        this.groups.shift();
        this.closedBytes -= group.bytes;
        this.durable = group.number;
      }
      if (this.groups.length === 0) break;
      this.events.progressed();
    }
    this.running = null;
    this.events.progressed();
  }

  private async write(group: CommitGroup | undefined, isFree: boolean): Promise<void> {
    const { store, layout, lease, sequence } = this;
    const beganAt = lease.now;
    const isRenewal = isFree || lease.renewInMs <= 0;
    const mutations = group?.mutations() ?? [];
    mutations.push({ key: layout.meta, value: encodeMeta({ nextId: this.jobs.nextId, sequence }) });
    if (isRenewal) mutations.push(lease.renewal(isFree));
    const versionstamp = await store.commit([lease.check], mutations);
    if (versionstamp === null) {
      throw new Error(`the lease is lost: ${await describeOther(store, layout.lease)}`);
    }
    if (isRenewal) lease.renewed(versionstamp, beganAt);
  }

  private async finishAll(): Promise<void> {
    await this.running;
    if (this.groups.length > 0 && !this.isOver) this.run();
    await this.running;
    if (!this.isOver) await this.write(undefined, true).catch((error) => this.fail(error));
    this.isOver = true;
  }

  private fail(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.closeStore(); // why that fails, if it does, is of no interest beside the failure before it
    this.events.failed(error);
  }
}
