// A disk in memory with one directory: what is on it for good, and what the system has only promised. It outlives the
// processes that use it through MemoryFiles; whoever drives it decides when the power goes, what fails, and when a sync
// that was begun is done.

import { DiskDirectory } from "./disk_directory.ts";
import { Crash, DiskError, DiskFaults } from "./disk_faults.ts";
import type { Operation } from "./disk_faults.ts";
import { DiskFile } from "./disk_file.ts";
import type { Chance } from "./disk_file.ts";

const DEFAULT_PAGE_BYTES = 4096;

interface SyncInFlight {
  readonly file: DiskFile;
  readonly stamp: number;
  readonly done: (error: Error | null) => void;
}

export class Disk {
  readonly faults: DiskFaults = new DiskFaults();
  /** Room for all files together, counted in whole pages. */
  capacityBytes: number;
  /** What the system reads, writes and gives room in; an eighth of it is written as a whole or not at all. */
  readonly pageBytes: number;
  /** Room that others have taken; it may become more than there is. */
  takenByOthers = 0;
  /** How often there was no room for a write. */
  shortages = 0;
  /** The process that holds the lock. */
  holder: object | null = null;
  /** Counts crashes: what was opened before the last one is no good. */
  generation = 0;
  /** A crash has happened and has not been settled by {@link powerCut} or {@link kill}. */
  isDown = false;
  private readonly directory = new DiskDirectory();
  private syncs: SyncInFlight[] = [];
  private readonly files = new Set<DiskFile>();

  constructor(capacityBytes: number = Infinity, pageBytes: number = DEFAULT_PAGE_BYTES) {
    this.capacityBytes = capacityBytes;
    this.pageBytes = pageBytes;
  }

  /** A disk with these files, all of them durable. */
  static holding(contents: ReadonlyMap<string, Uint8Array>): Disk {
    const disk = new Disk();
    for (const [name, bytes] of contents) {
      const file = disk.create(name);
      disk.write(file, bytes, 0);
      disk.sync(file);
    }
    disk.syncDirectory();
    return disk;
  }

  // For whoever drives it.

  /** Bytes that files take, in whole pages. */
  get usedBytes(): number {
    let pages = 0;
    for (const file of this.files) pages += file.pages;
    return pages * this.pageBytes;
  }

  /** Bytes that could still be taken. */
  get freeBytes(): number {
    return Math.max(0, this.capacityBytes - this.takenByOthers - this.usedBytes);
  }

  /** What a reader would find. */
  contents(): Map<string, Uint8Array> {
    const contents = new Map<string, Uint8Array>();
    for (const [name, file] of this.directory.entries()) {
      const bytes = new Uint8Array(file.size);
      file.read(bytes, 0);
      contents.set(name, bytes);
    }
    return contents;
  }

  /** Bytes of each file. */
  *sizes(): Generator<readonly [name: string, bytes: number]> {
    for (const [name, file] of this.directory.entries()) yield [name, file.size];
  }

  /** Whether writing over these bytes of a file takes no new room. */
  isAllocated(name: string, from: number, to: number): boolean {
    return this.find(name).isAllocated(from, to);
  }

  flipBit(name: string, bit: number): void {
    this.find(name).flipBit(bit);
  }

  get syncsInFlight(): number {
    return this.syncs.length;
  }

  /** The sync that was begun first is done, or fails if a fault says so. False when there was none. */
  finishSync(): boolean {
    if (this.isDown) throw new Crash();
    const sync = this.syncs.shift();
    if (sync === undefined) return false;
    let failure: Error | null = null;
    try {
      this.sync(sync.file, sync.stamp);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      failure = error;
    }
    sync.done(failure);
    return true;
  }

  /** The process is gone, the machine goes on: all that was written is kept. */
  kill(): void {
    this.generation++;
    this.isDown = false;
    this.holder = null;
    this.syncs = [];
    for (const file of [...this.files]) {
      file.handles = 0;
      this.dropIfUnused(file);
    }
  }

  /** The machine stops: of what was not synced, some is there and some is not. A prefix of the directory's changes is. */
  powerCut(chance: Chance): void {
    this.directory.powerCut(chance);
    this.files.clear();
    for (const [, file] of this.directory.entries()) {
      file.powerCut(chance);
      this.files.add(file);
    }
    this.kill();
  }

  // For the process. Each counts as one operation, which may fail or be the last.

  list(): string[] {
    this.perform("read", () => {});
    return Array.from(this.directory.entries(), ([name]) => name);
  }

  find(name: string): DiskFile {
    return this.directory.find(name) ?? this.fail("ENOENT", `no such file, ${name}`);
  }

  create(name: string): DiskFile {
    if (this.directory.find(name) !== undefined) this.fail("EEXIST", `file exists, ${name}`);
    const file = new DiskFile(this.pageBytes);
    this.perform("create", () => {
      this.files.add(file);
      this.directory.put(name, file);
    });
    return file;
  }

  rename(from: string, to: string): void {
    const file = this.find(from);
    this.perform("rename", () => {
      const replaced = this.directory.put(to, file, from);
      if (replaced !== undefined) this.dropIfUnused(replaced);
    });
  }

  remove(name: string): void {
    const file = this.find(name);
    this.perform("remove", () => {
      this.directory.remove(name, file);
      this.dropIfUnused(file);
    });
  }

  syncDirectory(): void {
    this.perform("syncDirectory", () => {
      this.directory.sync();
    });
  }

  read(file: DiskFile, into: Uint8Array, position: number): number {
    let count = 0;
    this.perform("read", () => void (count = file.read(into, position)));
    return count;
  }

  write(file: DiskFile, bytes: Uint8Array, position: number): void {
    this.perform("write", (part) => {
      const wanted = bytes.subarray(0, this.partOf(bytes.length, position, part));
      const written = file.write(wanted, position, Math.floor(this.freeBytes / this.pageBytes));
      if (written < wanted.length) this.fail("ENOSPC", "no space left on device");
    });
  }

  truncate(file: DiskFile, size: number): void {
    this.perform("truncate", () => file.truncate(size));
  }

  sync(file: DiskFile, stamp: number = file.stamp): void {
    try {
      this.perform("sync", () => file.synced(stamp));
    } catch (error) {
      if (error instanceof DiskError) file.syncFailed(stamp);
      throw error;
    }
  }

  syncLater(file: DiskFile, done: (error: Error | null) => void): void {
    if (this.isDown) throw new Crash();
    this.syncs.push({ file, stamp: file.stamp, done });
  }

  /** A handle was closed, or a name removed. */
  dropIfUnused(file: DiskFile): void {
    if (!file.isNamed && file.handles === 0) this.files.delete(file);
  }

  private perform(operation: Operation, act: (part: number) => void): void {
    if (this.isDown) throw new Crash();
    const fault = this.faults.next(operation);
    if (fault === null) return act(1);
    if (operation === "write" || fault.done === 1) act(fault.done);
    if (fault.outcome !== "crash") this.fail(fault.outcome, `${operation} failed on cue`);
    this.isDown = true;
    throw new Crash();
  }

  /** A write that is interrupted ends at the end of a page. */
  private partOf(length: number, position: number, part: number): number {
    if (part === 1) return length;
    const end = Math.floor((position + length * part) / this.pageBytes) * this.pageBytes;
    return Math.max(0, end - position);
  }

  private fail(code: string, what: string): never {
    if (code === "ENOSPC") this.shortages++;
    throw new DiskError(code, what);
  }
}
