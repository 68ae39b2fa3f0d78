// The end of the log: the segment being written, with zeros ahead of what is written, so that what must be written later
// has its room and a sync has no metadata to write.

import type { Files, OpenFile } from "../ports/files.ts";
import type { Frame } from "./batch.ts";
import { failureOf } from "./failure_of.ts";
import { HEADER_BYTES, segmentName } from "./layout.ts";
import { encodeHeader } from "./segment.ts";
import type { Segment, SegmentHeader } from "./segment.ts";
import { isNoRoom, Spares, writeZeros } from "./spares.ts";
import type { SpareEvents } from "./spares.ts";

export interface TailOptions extends SpareEvents {
  readonly files: Files;
  readonly segmentBytes: number;
  /** Says what the header of a segment shall say. */
  readonly header: (segment: Segment) => SegmentHeader;
  /** A segment has its name and its header, both on the disk; nothing has been written to it since. */
  readonly begun: (segment: Segment) => void;
}

export class Tail {
  /** The segment being written. */
  segment: Segment;
  /** The disk had no room for more zeros at the last try. */
  isShort = false;
  private readonly options: TailOptions;
  private readonly spares: Spares;
  private file: OpenFile;
  /** Bytes of the current segment's file, zeros included. */
  private size: number;
  /** Files written to since the last sync began, the current segment's last; and those that are being synced. */
  private dirty: OpenFile[] = [];
  private syncing: OpenFile[] = [];
  private isClosed = false;

  /** Goes on in a segment that is there (with its header written anew), or begins one. */
  constructor(options: TailOptions, segment: Segment, isThere: boolean) {
    const { files, segmentBytes } = options;
    this.options = options;
    this.spares = new Spares(files, segmentBytes, options);
    this.segment = segment;
    try {
      // A segment that is gone on with has no zeros: they come first, from what the spares have taken if need be.
      if (isThere) this.spares.clear();
      else this.spares.takeOver();
      const { file, size } = isThere ? this.resume(segment) : this.begin(segment, 0);
      this.file = file;
      this.size = size;
    } catch (error) {
      this.spares.close(); // they may be removed next, and their room would not come free while they are open
      throw error;
    }
  }

  /** Bytes that can be written without new room on the disk. */
  get ahead(): number {
    return Math.max(0, Math.min(this.size, this.options.segmentBytes) - this.segment.bytes) +
      this.spares.room;
  }

  /**
   * Writes zeros until `bytes` are ahead and there are files for `count` frames of `largest` bytes, where these are larger than a
   * segment. False: the disk is full.
   */
  reach(bytes: number, largest: number, count: number): boolean {
    this.isShort = false;
    try {
      while (this.ahead < bytes) this.extend();
      while (!this.hasFilesFor(largest, count)) {
        this.spares.extendLarge(HEADER_BYTES + largest);
      }
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      this.isShort = true;
    }
    return !this.isShort;
  }

  /** Whether `count` frames of so many bytes have files that hold them. */
  hasFilesFor(bytes: number, count: number): boolean {
    return this.spares.areLargeEnough(HEADER_BYTES + bytes, count);
  }

  /** Gives back what is ahead beyond `bytes`, and files for more than `count` frames that are larger than a segment. */
  giveBack(bytes: number, largest: number, count: number): void {
    this.spares.giveBack(bytes - (this.ahead - this.spares.room), HEADER_BYTES + largest, count);
  }

  /** Writes a frame at the end. */
  write(frame: Frame): void {
    const { segment } = this;
    this.file.write(frame.pieces, segment.bytes);
    segment.bytes += frame.bytes;
    this.size = Math.max(this.size, segment.bytes);
    this.markDirty();
  }

  /** Ends the current segment and begins the next, whose header is on the disk when this returns. */
  turnOver(next: Segment, firstFrameBytes: number): void {
    const former = this.file;
    if (this.size > this.segment.bytes) former.truncate(this.segment.bytes);
    const { file, size } = this.begin(next, firstFrameBytes);
    this.segment = next;
    this.file = file;
    this.size = size;
    if (!this.dirty.includes(former) && !this.syncing.includes(former)) former.close();
  }

  /** A segment has ended since the last sync began. */
  get hasUnsyncedEnd(): boolean {
    return this.dirty.length > 1;
  }

  /** Makes all that was written durable, beside the event loop. One at a time. */
  syncLater(done: (error: Error | null) => void): void {
    this.syncing = this.dirty;
    this.dirty = [];
    const goOn = (error: Error | null): void => {
      if (this.isClosed) return; // all was synced then, and the files behind this one are closed
      const failure = error ?? failureOf(() => {
        this.finish(this.syncing.shift()!);
        this.syncing[0]?.syncLater(goOn);
      });
      if (failure !== null || this.syncing.length === 0) done(failure);
    };
    if (this.syncing.length === 0) done(null);
    else this.syncing[0].syncLater(goOn);
  }

  /** Makes all that was written durable now. */
  sync(): void {
    for (const file of this.syncing) file.sync();
    const { dirty } = this;
    this.dirty = [];
    for (const file of dirty) {
      file.sync();
      if (!this.syncing.includes(file)) this.finish(file);
    }
  }

  /** Closes all files; the zeros stay. What is under way beside the event loop changes nothing any more. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.spares.close();
    this.file.close();
  }

  /** The header is written into a spare, which then gets its name: a segment has a header, always. */
  private begin(segment: Segment, firstFrameBytes: number): { file: OpenFile; size: number } {
    const { files, header } = this.options;
    const { name, file, size } = this.spares.take(HEADER_BYTES + firstFrameBytes);
    file.write([encodeHeader(header(segment), files)], 0);
    file.sync();
    files.rename(name, segmentName(segment.number));
    files.syncDirectory();
    this.options.begun(segment);
    return { file, size };
  }

  /** The header fits a sector: it is written as a whole or not at all. */
  private resume(segment: Segment): { file: OpenFile; size: number } {
    const { files, header } = this.options;
    const file = files.open(segmentName(segment.number), "write");
    file.write([encodeHeader(header(segment), files)], 0);
    file.sync();
    this.options.begun(segment);
    return { file, size: file.size };
  }

  /** A file that is complete and synced is not needed any more. */
  private finish(file: OpenFile): void {
    if (file !== this.file && !this.dirty.includes(file)) file.close();
  }

  /** Some more zeros: to the current segment until it is full, then to a spare. */
  private extend(): void {
    const { segmentBytes } = this.options;
    if (this.size >= segmentBytes) return this.spares.extend();
    this.size = writeZeros(this.file, this.size, segmentBytes, this.spares.stepBytes);
    this.markDirty();
  }

  private markDirty(): void {
    if (this.dirty.at(-1) !== this.file) this.dirty.push(this.file);
  }
}
