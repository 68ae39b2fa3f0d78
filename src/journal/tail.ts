// The end of the log: the segment being written, and zeros on the disk ahead of it, so that what must be written later
// has its room and a sync has no metadata to write.
// Invariant: bytes counted in `ahead` are allocated on the disk; writing to them needs no new room.

import type { Files, OpenFile } from "../ports/files.ts";
import type { Frame } from "./batch.ts";
import { HEADER_BYTES, MOST_ZERO_BYTES, segmentName, spareName } from "./layout.ts";
import { encodeHeader } from "./segment.ts";
import type { Segment, SegmentHeader } from "./segment.ts";

const ZEROS = new Uint8Array(MOST_ZERO_BYTES);

/** A file of zeros that will become a segment. */
interface Spare {
  readonly name: string;
  readonly file: OpenFile;
  size: number;
}

export interface TailOptions {
  readonly files: Files;
  readonly segmentBytes: number;
  /** Says what the header of a segment shall say. */
  readonly header: (segment: Segment) => SegmentHeader;
  /** A spare could not be synced. */
  readonly failed: (error: Error) => void;
}

export class Tail {
  /** The segment being written. */
  segment: Segment;
  /** The disk had no room for more zeros at the last try. */
  isShort = false;
  /** Files written to since the last sync began, the current segment's last. */
  private dirty: OpenFile[] = [];
  private syncing: OpenFile[] = [];
  private file: OpenFile | null = null;
  /** Bytes of the current segment's file, zeros included. */
  private size = HEADER_BYTES;
  private readonly spares: Spare[] = [];
  private readonly options: TailOptions;
  private readonly zeroBytes: number;

  /** The files `spareNames` were left by an earlier process and are used again. `segment` is begun. */
  constructor(options: TailOptions, segment: Segment, spareNames: readonly string[]) {
    this.options = options;
    this.segment = segment;
    this.zeroBytes = Math.min(MOST_ZERO_BYTES, Math.max(512, options.segmentBytes / 16));
    for (const name of spareNames) {
      const file = options.files.open(name, "write");
      this.spares.push({ name, file, size: Math.max(file.size, HEADER_BYTES) });
    }
    this.begin(segment);
  }

  /** Bytes that can be written without new room on the disk. */
  get ahead(): number {
    let bytes = this.size - this.segment.bytes;
    for (const spare of this.spares) bytes += spare.size - HEADER_BYTES;
    return bytes;
  }

  /** Writes zeros until `bytes` are ahead and a record of `largest` bytes fits into one file. False: no room on the disk. */
  reach(bytes: number, largest: number): boolean {
    this.isShort = false;
    while (this.ahead < bytes) if (!this.extend(largest)) return false;
    while (this.longest < largest + HEADER_BYTES) if (!this.extend(largest)) return false;
    return true;
  }

  /** Writes a frame at the end. */
  write(frame: Frame): void {
    const { segment } = this;
    this.current.write(frame.pieces, segment.bytes);
    segment.bytes += frame.bytes;
    this.size = Math.max(this.size, segment.bytes);
    if (this.dirty.at(-1) !== this.current) this.dirty.push(this.current);
  }

  /** Ends the current segment and begins the next, whose header is on the disk when this returns. */
  turnOver(next: Segment): void {
    const former = this.current;
    if (this.size > this.segment.bytes) former.truncate(this.segment.bytes);
    this.begin(next);
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
    const next = (error: Error | null): void => {
      if (error !== null) return done(error);
      this.finish(this.syncing.shift());
      if (this.syncing.length === 0) done(null);
      else this.syncing[0].syncLater(next);
    };
    if (this.syncing.length === 0) done(null);
    else this.syncing[0].syncLater(next);
  }

  /** Makes all that was written durable now. */
  sync(): void {
    for (const file of [...this.syncing, ...this.dirty]) {
      file.sync();
      if (!this.syncing.includes(file)) this.finish(file);
    }
    this.dirty = [];
  }

  /** Cuts off the zeros and closes all files. */
  close(): void {
    const { segment } = this;
    if (this.size > segment.bytes) this.current.truncate(segment.bytes);
    this.current.close();
    for (const { file } of this.spares) file.close();
    this.file = null;
  }

  /** The header is written into a spare, which then gets its name: a segment has a header, always. */
  private begin(segment: Segment): void {
    const { files, header } = this.options;
    const { name, file, size } = this.spares.shift() ?? this.create();
    file.write([encodeHeader(header(segment), files)], 0);
    file.sync();
    files.rename(name, segmentName(segment.number));
    files.syncDirectory();
    this.segment = segment;
    this.file = file;
    this.size = size;
  }

  private get current(): OpenFile {
    return this.file!;
  }

  /** A file that is complete and synced is not needed any more. */
  private finish(file: OpenFile | undefined): void {
    if (file !== this.file && !this.dirty.includes(file!)) file?.close();
  }

  /** Most bytes, header included, that one segment can hold without new room. */
  private get longest(): number {
    let bytes = this.size - this.segment.bytes;
    for (const { size } of this.spares) if (size > bytes) bytes = size;
    return bytes;
  }

  /** Some more zeros: to the current segment, or to a spare, or to a new one. */
  private extend(largest: number): boolean {
    const { segmentBytes } = this.options;
    const target = Math.max(segmentBytes, HEADER_BYTES + largest);
    if (this.file !== null && this.size < segmentBytes) {
      const bytes = this.zero(this.file, this.size, segmentBytes);
      this.size += bytes;
      if (bytes > 0 && this.dirty.at(-1) !== this.file) this.dirty.push(this.file);
      return bytes > 0;
    }
    let spare = this.spares.find((spare) => spare.size < (this.longest < target ? target : segmentBytes));
    if (spare === undefined) {
      try {
        spare = this.create();
      } catch (error) {
        return this.noRoom(error);
      }
      this.spares.push(spare);
    }
    const bytes = this.zero(spare.file, spare.size, target);
    spare.size += bytes;
    // The zeros reach the disk bit by bit, long before the spare is needed.
    if (bytes > 0) spare.file.syncLater((error) => error !== null && this.options.failed(error));
    return bytes > 0;
  }

  private zero(file: OpenFile, from: number, to: number): number {
    const bytes = Math.min(this.zeroBytes, to - from);
    try {
      file.write([ZEROS.subarray(0, bytes)], from);
      return bytes;
    } catch (error) {
      this.noRoom(error);
      return 0;
    }
  }

  private noRoom(error: unknown): false {
    const { code } = error as { code?: string };
    if (code !== "ENOSPC" && code !== "EDQUOT") throw error;
    this.isShort = true;
    return false;
  }

  private create(): Spare {
    const { files } = this.options;
    const names = new Set([...files.list(), ...this.spares.map((spare) => spare.name)]);
    let number = 1;
    while (names.has(spareName(number))) number++;
    const file = files.open(spareName(number), "create");
    return { name: spareName(number), file, size: HEADER_BYTES };
  }
}
