// Files of zeros that will become segments: room on the disk that nobody else can take.
// Invariant: the bytes counted here are allocated; writing over them needs no new room. All but the last are full, and
// the rare one for a record larger than a segment is not counted with the others.

import type { Files, OpenFile } from "../ports/files.ts";
import { HEADER_BYTES, MOST_ZERO_BYTES, numberIn, spareName } from "./layout.ts";

const ZEROS = new Uint8Array(MOST_ZERO_BYTES);
const LEAST_ZERO_BYTES = 512;

export interface Spare {
  readonly name: string;
  readonly file: OpenFile;
  /** Bytes of zeros, the place of the header included. */
  size: number;
  isSyncing: boolean;
  /** It goes as soon as nothing syncs it. */
  isUnwanted: boolean;
}

export class Spares {
  /** Zeros are written in steps of this many bytes. */
  readonly stepBytes: number;
  private readonly files: Files;
  private readonly segmentBytes: number;
  private readonly failed: (error: Error) => void;
  /** Of at most a segment's size, fullest first; and the one for larger records. */
  private readonly list: Spare[] = [];
  private large: Spare | null = null;

  /**
   * Takes over the spares that an earlier process left; if it did not end in good order, their zeros may not be on the
   * disk. `failed`: a spare could not be synced.
   */
  constructor(files: Files, segmentBytes: number, wasClosed: boolean, failed: (error: Error) => void) {
    this.files = files;
    this.segmentBytes = segmentBytes;
    this.failed = failed;
    this.stepBytes = Math.min(MOST_ZERO_BYTES, Math.max(LEAST_ZERO_BYTES, segmentBytes / 16));
    for (const name of files.list().filter((name) => numberIn(name, "spare") > 0)) {
      const file = files.open(name, "write");
      const size = Math.max(file.size, HEADER_BYTES);
      const spare = { name, file, size, isSyncing: false, isUnwanted: false };
      if (!wasClosed) this.zeroAnew(spare);
      this.list.push(spare);
    }
    this.list.sort((a, b) => b.size - a.size);
    // Zeros behind a gap would not be found when they are needed: at most one is not full.
    const isFull = ({ size }: Spare): boolean => size >= segmentBytes;
    while (this.list.length > 1 && !isFull(this.list.at(-2)!)) this.remove(this.list.pop()!);
  }

  /** Bytes that frames find here, but for what is kept for a larger record. */
  get room(): number {
    let bytes = 0;
    for (const { size } of this.list) bytes += Math.min(size, this.segmentBytes) - HEADER_BYTES;
    return bytes;
  }

  /** Whether a record that needs a file of `bytes` has one here. */
  isLargeEnough(bytes: number): boolean {
    return bytes <= this.segmentBytes || (this.large !== null && this.large.size >= bytes);
  }

  /** One step more of room. Throws when the disk has none. */
  extend(): void {
    let last = this.list.at(-1);
    if (last === undefined || last.size >= this.segmentBytes) {
      last = this.create();
      this.list.push(last);
    }
    this.grow(last, this.segmentBytes);
  }

  /** One step more for a record that needs a file of `bytes`. Throws when the disk has no room. */
  extendLarge(bytes: number): void {
    this.large ??= this.create();
    this.grow(this.large, bytes);
  }

  /** The file that becomes the next segment, for a first frame that needs `bytes`. */
  take(bytes: number): Spare {
    if (bytes > this.segmentBytes && this.large !== null) {
      const { large } = this;
      this.large = null;
      return large;
    }
    return this.list.shift() ?? this.create();
  }

  /** Gives room back beyond `bytes` of it, a step or two apart, and what is kept for larger records if none are left. */
  giveBack(bytes: number, largest: number): void {
    const { list } = this;
    while (list.length > 0 && this.room - list.at(-1)!.size > bytes + 2 * this.stepBytes) {
      this.remove(list.pop()!);
    }
    if (largest > this.segmentBytes || this.large === null) return;
    this.remove(this.large);
    this.large = null;
  }

  /** Gives all of them back. */
  clear(): void {
    for (const spare of this.list) this.remove(spare);
    this.list.length = 0;
  }

  /** Closes all; their zeros are on the disk when this returns. */
  close(): void {
    for (const { file } of this.large === null ? this.list : [...this.list, this.large]) {
      file.sync();
      file.close();
    }
  }

  private zeroAnew(spare: Spare): void {
    const { size, file } = spare;
    spare.size = HEADER_BYTES;
    try {
      while (spare.size < size) this.addZeros(spare, size);
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      file.truncate(spare.size);
    }
  }

  private grow(spare: Spare, to: number): void {
    this.addZeros(spare, to);
    if (spare.isSyncing) return;
    // The zeros reach the disk bit by bit, long before the spare is needed.
    spare.isSyncing = true;
    spare.file.syncLater((error) => {
      spare.isSyncing = false;
      if (error !== null) this.failed(error);
      else if (spare.isUnwanted) this.remove(spare);
    });
  }

  private addZeros(spare: Spare, to: number): void {
    spare.size = writeZeros(spare.file, spare.size, to, this.stepBytes);
  }

  private remove(spare: Spare): void {
    spare.isUnwanted = true;
    if (spare.isSyncing) return;
    spare.file.close();
    this.files.remove(spare.name);
  }

  private create(): Spare {
    const names = new Set(this.files.list());
    let number = 1;
    while (names.has(spareName(number))) number++;
    const name = spareName(number);
    return {
      name,
      file: this.files.open(name, "create"),
      size: HEADER_BYTES,
      isSyncing: false,
      isUnwanted: false,
    };
  }
}

/** Whether an error says that the disk is full, or what a user may take of it. */
export function isNoRoom(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Adds a step of zeros to a file that has `size` bytes and shall have `to`. Answers how many it has then. */
export function writeZeros(file: OpenFile, size: number, to: number, stepBytes: number): number {
  const zeros = ZEROS.subarray(0, Math.min(stepBytes, to - size));
  file.write([zeros], size);
  return size + zeros.length;
}
