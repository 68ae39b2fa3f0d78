// A directory in memory, as one process sees it. What it writes lives on in the disk; see disk.ts for what may go wrong.
// It is strict: a handle that was closed, or that belongs to a process that crashed, is good for nothing.

import { crc32 } from "node:zlib";
import type { FileMode, Files, OpenFile } from "../../ports/files.ts";
import type { Disk } from "./disk.ts";
import { Crash, DiskError } from "./disk_faults.ts";
import type { DiskFile } from "./disk_file.ts";

export class MemoryFiles implements Files {
  readonly path: string;
  private readonly disk: Disk;
  private readonly generation: number;
  private readonly handles = new Set<MemoryFile>();

  constructor(disk: Disk, path: string = "/memory") {
    this.disk = disk;
    this.path = path;
    this.generation = disk.generation;
  }

  lock(): boolean {
    this.check();
    if (this.disk.holder !== null && this.disk.holder !== this) return false;
    this.disk.holder = this;
    return true;
  }

  release(): void {
    this.check();
    for (const file of this.handles) file.close();
    if (this.disk.holder === this) this.disk.holder = null;
  }

  list(): string[] {
    this.check();
    return this.disk.list();
  }

  open(name: string, mode: FileMode): OpenFile {
    this.check();
    const stored = mode === "create" ? this.disk.create(name) : this.disk.find(name);
    stored.handles++;
    const file = new MemoryFile(this.disk, stored, mode, () => {
      this.check();
      if (!this.handles.has(file)) throw new DiskError("EBADF", `${name} is not open`);
    }, () => this.handles.delete(file));
    this.handles.add(file);
    return file;
  }

  rename(from: string, to: string): void {
    this.check();
    this.disk.rename(from, to);
  }

  remove(name: string): void {
    this.check();
    this.disk.remove(name);
  }

  syncDirectory(): void {
    this.check();
    this.disk.syncDirectory();
  }

  checksum(bytes: Uint8Array, seed: number): number {
    return crc32(bytes, seed);
  }

  /** A process that is gone does nothing any more. */
  private check(): void {
    if (this.disk.generation !== this.generation) throw new Crash();
  }
}

class MemoryFile implements OpenFile {
  private readonly disk: Disk;
  private readonly stored: DiskFile;
  private readonly mode: FileMode;
  private readonly check: () => void;
  private readonly closed: () => void;

  constructor(disk: Disk, stored: DiskFile, mode: FileMode, check: () => void, closed: () => void) {
    this.disk = disk;
    this.stored = stored;
    this.mode = mode;
    this.check = check;
    this.closed = closed;
  }

  get size(): number {
    this.check();
    return this.stored.size;
  }

  read(into: Uint8Array, position: number): number {
    this.check();
    return this.disk.read(this.stored, into, position);
  }

  write(pieces: readonly Uint8Array[], position: number): void {
    this.checkWritable();
    this.disk.write(this.stored, joined(pieces), position);
  }

  truncate(size: number): void {
    this.checkWritable();
    this.disk.truncate(this.stored, size);
  }

  sync(): void {
    this.check();
    this.disk.sync(this.stored);
  }

  syncLater(done: (error: Error | null) => void): void {
    this.check();
    this.disk.syncLater(this.stored, done);
  }

  close(): void {
    this.check();
    this.closed();
    this.stored.handles--;
    this.disk.dropIfUnused(this.stored);
  }

  private checkWritable(): void {
    this.check();
    if (this.mode === "read") throw new DiskError("EBADF", "it is open for reading");
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0];
  const bytes = new Uint8Array(pieces.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
