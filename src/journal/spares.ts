// Files of zeros that will become segments: room on the disk that nobody else can take.
// Invariant: the bytes counted here are allocated; writing over them needs no new room. All but the last are full, and
// the rare ones for records larger than a segment are not counted with the others.

import type { Files, OpenFile } from "../ports/files.ts";
import { failureOf } from "./failure_of.ts";
import { HEADER_BYTES, MOST_ZERO_BYTES, numberIn, spareName } from "./layout.ts";

const ZEROS = new Uint8Array(MOST_ZERO_BYTES);
const LEAST_ZERO_BYTES = 512;

export interface Spare {
  readonly name: string;
  readonly file: OpenFile;
  /** Bytes of zeros, the place of the header included. */
  size: number;
  isSyncing: boolean;
}

/** What becomes of spares beside the event loop. */
export interface SpareEvents {
  /** One could not be synced, closed or removed. */
  failed(error: Error): void;
  /** One was removed: its room is free. */
  freed(): void;
}

export class Spares {
  /** Zeros are written in steps of this many bytes. */
  readonly stepBytes: number;
  private readonly files: Files;
  private readonly segmentBytes: number;
  private readonly events: SpareEvents;
  /** The directory may be another process's: a sync that ends now changes nothing there. */
  private isClosed = false;
  /** Of at most a segment's size, fullest first; and those for larger records, each of which takes one of its own. */
  private readonly list: Spare[] = [];
  private readonly large: Spare[] = [];
  /** Each goes as soon as nothing syncs it: its room would not come free before. */
  private readonly unwanted = new Set<Spare>();

  constructor(files: Files, segmentBytes: number, events: SpareEvents) {
    this.files = files;
    this.segmentBytes = segmentBytes;
    this.events = events;
    this.stepBytes = Math.min(MOST_ZERO_BYTES, Math.max(LEAST_ZERO_BYTES, segmentBytes / 16));
  }

  /**
   * Takes over the spares that an earlier process left. What looks like zeros may be holes: after a power cut, or in a copy of the
   * directory. So they are written anew, which costs about as much as reading the fullest segment did.
   */
  takeOver(): void {
    const { list, large, segmentBytes } = this;
    for (const name of this.found()) {
      const file = this.files.open(name, "write");
      const spare = { name, file, size: HEADER_BYTES, isSyncing: false };
      list.push(spare); // first, so that it is closed whatever happens
      this.zeroAnew(spare, Math.max(file.size, HEADER_BYTES));
      if (spare.size > segmentBytes) large.push(list.pop()!);
    }
    list.sort((a, b) => b.size - a.size);
    // Zeros behind a gap would not be found when they are needed: at most one is not full.
    const isFull = ({ size }: Spare): boolean => size >= segmentBytes;
    while (list.length > 1 && !isFull(list.at(-2)!)) this.remove(list.pop()!);
  }

  /** Removes the spares that an earlier process left: the log needs the room at once. */
  clear(): void {
    for (const name of this.found()) this.files.remove(name);
  }

  private found(): string[] {
    return this.files.list().filter((name) => numberIn(name, "spare") > 0);
  }

  /** Bytes that frames find here, but for what is kept for larger records. */
  get room(): number {
    let bytes = 0;
    for (const { size } of this.list) bytes += Math.min(size, this.segmentBytes) - HEADER_BYTES;
    return bytes;
  }

  /** Whether `count` records that each need a file of `bytes` have theirs here. */
  areLargeEnough(bytes: number, count: number): boolean {
    return bytes <= this.segmentBytes || this.large.filter(({ size }) => size >= bytes).length >= count;
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

  /** One step more for records that need a file of `bytes` each. Throws when the disk has no room. */
  extendLarge(bytes: number): void {
    let next = this.large.find(({ size }) => size < bytes);
    if (next === undefined) this.large.push(next = this.create());
    this.grow(next, bytes);
  }

  /** The file that becomes the next segment, for a first frame that needs `bytes`. */
  take(bytes: number): Spare {
    if (bytes > this.segmentBytes && this.large.length > 0) {
      this.large.sort((a, b) => a.size - b.size);
      const enough = this.large.findIndex(({ size }) => size >= bytes);
      return this.large.splice(enough, 1)[0];
    }
    return this.list.shift() ?? this.create();
  }

  /**
   * Gives room back beyond `bytes` of it, a step or two apart, and files for larger records beyond `count`, or all of them when
   * none of `largest` bytes is larger.
   */
  giveBack(bytes: number, largest: number, count: number): void {
    const { list } = this;
    while (list.length > 0 && this.room - list.at(-1)!.size > bytes + 2 * this.stepBytes) {
      this.remove(list.pop()!);
    }
    this.large.sort((a, b) => b.size - a.size);
    const kept = largest > this.segmentBytes ? count : 0;
    while (this.large.length > kept) this.remove(this.large.pop()!);
  }

  /**
   * Closes all, and removes what nobody wants: the zeros that are left are room that the next process will need. Nothing is done
   * in the directory any more after this, whatever is still under way.
   */
  close(): void {
    this.isClosed = true;
    for (const { file } of this.all) file.close();
    for (const spare of this.unwanted) {
      spare.file.close();
      this.files.remove(spare.name);
    }
  }

  private get all(): readonly Spare[] {
    return [...this.list, ...this.large];
  }

  private zeroAnew(spare: Spare, to: number): void {
    try {
      while (spare.size < to) this.addZeros(spare, to);
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      spare.file.truncate(spare.size);
    }
  }

  private grow(spare: Spare, to: number): void {
    this.addZeros(spare, to);
    if (spare.isSyncing) return;
    // The zeros reach the disk bit by bit, long before the spare is needed.
    spare.isSyncing = true;
    spare.file.syncLater((error) => {
      spare.isSyncing = false;
      if (this.isClosed) return;
      const failure = error ?? failureOf(() => this.removeUnwanted(spare));
      if (failure !== null) this.events.failed(failure);
    });
  }

  private removeUnwanted(spare: Spare): void {
    if (!this.unwanted.delete(spare)) return;
    this.remove(spare);
    this.events.freed();
  }

  private addZeros(spare: Spare, to: number): void {
    spare.size = writeZeros(spare.file, spare.size, to, this.stepBytes);
  }

  private remove(spare: Spare): void {
    if (spare.isSyncing) return void this.unwanted.add(spare);
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
