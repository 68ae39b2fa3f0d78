// Work for a queue with a log, and an eye on the size of its directory: at every look it must lie within twice the live
// data plus two segments. Room is given back a little per turn, so what was live a few turns ago still counts as live; when
// the log has come to rest it does not.

import { PUT_BYTES } from "../../src/journal/layout.ts";
import type { SyncPolicy } from "../../src/journal/binlog.ts";
import type { Files } from "../../src/ports/files.ts";
import { LoggedQueue } from "./logged_queue.ts";

/** A directory whose size is known, and whose syncs end when they are told to. */
export interface Directory {
  files(): Files;
  totalBytes(): number;
  /** Ends the syncs that were begun, or waits for them. */
  finishSyncs(): Promise<void> | void;
  /** The process that used it is gone. */
  abandon(): void;
}

const FILLING = new Uint8Array(200_002).map((_, index) => 97 + index % 25);
const END_OF_BODY = new Uint8Array([13, 10]);
/** What others keep in the directory: the lock's file. */
const LOCK_BYTES = 8192;

export interface ChurnOptions {
  readonly sync?: SyncPolicy;
  readonly lookEvery?: number;
}

/** So many turns what has been deleted still counts as live. */
const GRACE_TURNS = 100;

export class Churn {
  readonly segmentBytes: number;
  queue: LoggedQueue;
  /** Bytes of the records of all live jobs, counted here and not by the log. */
  liveBytes = 0;
  /** Live jobs with the size of each body. */
  readonly bodies = new Map<number, number>();
  looks = 0;
  refused = 0;
  /** The fullest look: bytes of the directory, and its part of what was allowed. */
  most = 0;
  mostPart = 0;
  private readonly directory: Directory;
  private readonly sync: SyncPolicy | undefined;
  private largest = 0;
  private lastLook = 0;
  private commits = 0;
  /** Live bytes at the end of the last turns. */
  private recent: number[] = [];
  private readonly lookEvery: number;

  /** Looks at the directory after every so many commits. */
  constructor(directory: Directory, segmentBytes: number, { sync, lookEvery = 1 }: ChurnOptions = {}) {
    this.lookEvery = lookEvery;
    this.directory = directory;
    this.segmentBytes = segmentBytes;
    this.sync = sync;
    this.queue = new LoggedQueue(directory.files(), { segmentBytes, sync });
  }

  /** Puts a job with a body of so many bytes; its id. */
  put(bodyBytes: number): number {
    const body = FILLING.subarray(0, bodyBytes + 2);
    const kept = body.slice(bodyBytes);
    body.set(END_OF_BODY, bodyBytes);
    const id = this.queue.put(body, 0, 0, 1000);
    body.set(kept, bodyBytes);
    if (id === 0) this.refused++;
    else this.count(id, bodyBytes);
    return id;
  }

  delete(id: number): void {
    this.queue.delete(id);
    this.liveBytes -= this.recordBytes(this.bodies.get(id)!);
    this.bodies.delete(id);
  }

  /** Truncates the tube that all jobs are in. */
  truncate(): void {
    if (this.queue.truncate("default") !== this.bodies.size) throw new Error("not all were truncated");
    this.bodies.clear();
    this.liveBytes = 0;
  }

  /** Gives a job another body. */
  requeue(id: number, bodyBytes: number): void {
    const body = FILLING.slice(0, bodyBytes + 2);
    body.set(END_OF_BODY, bodyBytes);
    if (!this.queue.requeue(id, null, body)) throw new Error("there is no room");
    this.liveBytes -= this.recordBytes(this.bodies.get(id)!);
    this.count(id, bodyBytes);
  }

  /** The end of a turn. */
  async commit(): Promise<void> {
    this.queue.commit();
    await this.directory.finishSyncs();
    this.recent.push(this.liveBytes);
    if (this.recent.length > GRACE_TURNS) this.recent.shift();
    if (++this.commits % this.lookEvery === 0) this.look(Math.max(...this.recent));
  }

  /** What a server does that nobody talks to: it commits as long as its log asks for it. */
  async idle(): Promise<void> {
    for (let turns = 0; this.queue.binlog.nextInstant <= this.queue.now; turns++) {
      if (turns === 100_000) throw new Error("the log does not come to rest");
      this.queue.commit();
      await this.directory.finishSyncs();
    }
    this.recent = [];
    this.look();
  }

  /** Ends the process, by a kill or in good order, and starts the next. */
  async restart(how: "killed" | "closed"): Promise<void> {
    const { queue, directory, segmentBytes, sync } = this;
    if (how === "closed") queue.binlog.close();
    else await directory.finishSyncs();
    directory.abandon();
    const before = queue.jobs;
    this.queue = new LoggedQueue(directory.files(), { segmentBytes, sync, now: queue.now + 1000 });
    if (this.queue.jobs !== before) throw new Error(`${before} jobs before, ${this.queue.jobs} after`);
    this.look(Math.max(this.liveBytes, ...this.recent));
  }

  look(liveBytes: number = this.liveBytes): void {
    const bytes = this.directory.totalBytes();
    // Where a segment holds few records, much is lost at its end: room for two of the largest is kept beside the rest.
    const large = this.largest > this.segmentBytes / 16 ? this.largest : 0;
    const allowed = 2 * liveBytes + 2 * this.segmentBytes + 2 * large + LOCK_BYTES;
    this.looks++;
    this.lastLook = bytes;
    this.most = Math.max(this.most, bytes);
    this.mostPart = Math.max(this.mostPart, bytes / allowed);
    if (bytes <= allowed) return;
    const { facts } = this.queue.binlog;
    throw new Error(
      `${bytes} bytes with ${liveBytes} live (${this.liveBytes} now, in ${this.bodies.size} jobs) and segments of ${this.segmentBytes}: ` +
        `${allowed} are allowed (look ${this.looks}, ${JSON.stringify(facts)})`,
    );
  }

  report(what: string): string {
    return `${what}: ${this.looks} looks, at most ${this.most} bytes, ${
      (100 * this.mostPart).toFixed(0)
    } % of what is ` +
      `allowed; at last ${this.lastLook} bytes with ${this.liveBytes} live in ${this.bodies.size} jobs`;
  }

  private count(id: number, bodyBytes: number): void {
    this.bodies.set(id, bodyBytes);
    this.liveBytes += this.recordBytes(bodyBytes);
    this.largest = Math.max(this.largest, this.recordBytes(bodyBytes));
  }

  private recordBytes(bodyBytes: number): number {
    return PUT_BYTES + this.queue.session.used.name.length + bodyBytes + 2;
  }
}
