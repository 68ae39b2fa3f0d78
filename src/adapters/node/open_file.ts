// One open file of a log's directory, by node:fs.
//
// A log may have very many files of zeros ahead of it, and a descriptor for each would leave none for connections. So the
// descriptor of the file that was used longest ago is closed, and opened again at that file's next use.
//
// Invariant: a descriptor is closed only when all that was written through it is on the disk, so no error is missed.

import fs from "node:fs";
import process from "node:process";
import type { OpenFile } from "../../ports/files.ts";
import type { DescriptorReserve } from "./descriptor_reserve.ts";

/** Descriptors open at once, but for those that a sync beside the event loop needs. */
const MOST_OPEN = 6;
/** Syncs beside the event loop at once; more wait, and need no descriptor meanwhile. */
const MOST_SYNCS = 4;
const DUPLICATES_FOR_SYNC = (process.versions as Record<string, string | undefined>).deno !== undefined;

/** The files that a directory has open. */
export class OpenFiles {
  readonly reserve: DescriptorReserve;
  private readonly all = new Set<NodeFile>();
  /** Those that have a descriptor, the one used last at the end. */
  private readonly withDescriptor = new Set<NodeFile>();

  private syncs = 0;
  private readonly waitingSyncs: (() => void)[] = [];

  constructor(reserve: DescriptorReserve) {
    this.reserve = reserve;
  }

  /** Calls `begin` when a sync may begin beside the event loop: now, or when others are over. */
  whenSyncMayBegin(begin: () => void): void {
    if (this.syncs >= MOST_SYNCS) return void this.waitingSyncs.push(begin);
    this.syncs++;
    begin();
  }

  /** One that began is over. */
  syncEnded(): void {
    this.syncs--;
    const next = this.waitingSyncs.shift();
    if (next !== undefined) this.whenSyncMayBegin(next);
  }

  has(file: NodeFile): boolean {
    return this.all.has(file);
  }

  add(file: NodeFile): void {
    this.all.add(file);
    this.use(file);
  }

  /** Whether it was there. */
  remove(file: NodeFile): boolean {
    this.withDescriptor.delete(file);
    return this.all.delete(file);
  }

  /** It is about to be used, and has a descriptor. Throws when another file could not be synced. */
  use(file: NodeFile): void {
    this.withDescriptor.delete(file);
    this.withDescriptor.add(file);
    if (this.withDescriptor.size > MOST_OPEN) this.closeOldest(file);
  }

  private closeOldest(except: NodeFile): void {
    for (const oldest of this.withDescriptor) {
      if (oldest === except || oldest.isBeingSynced) continue;
      oldest.rest();
      this.withDescriptor.delete(oldest);
      return;
    }
  }

  /** A file has another name from now on. */
  renamed(from: string, to: string): void {
    for (const file of this.all) if (file.path === from) file.path = to;
  }

  /** Closes all; throws the first failure when every file has been tried. */
  closeAll(): void {
    let failure: unknown = null;
    for (const file of this.all) {
      try {
        file.close();
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== null) throw failure;
  }
}

export class NodeFile implements OpenFile {
  /** Where it is, should it have to be opened again. */
  path: string;
  private readonly flags: string;
  private readonly files: OpenFiles;
  /** -1 while there is none. */
  private fd: number;
  /** Syncs under way beside the event loop; the descriptor must outlive them. */
  private syncs = 0;
  /** Written to since the last sync began. */
  private isDirty = false;
  /** Syncs beside the event loop that were asked for and have not begun. */
  private waitingSyncs = 0;

  /** `flags`: how it is to be opened again. */
  constructor(fd: number, path: string, flags: string, files: OpenFiles) {
    this.fd = fd;
    this.path = path;
    this.flags = flags;
    this.files = files;
    files.add(this);
  }

  get isBeingSynced(): boolean {
    return this.syncs > 0;
  }

  get size(): number {
    return fs.fstatSync(this.descriptor()).size;
  }

  read(into: Uint8Array, position: number): number {
    const fd = this.descriptor();
    let read = 0;
    while (read < into.length) {
      const count = fs.readSync(fd, into, read, into.length - read, position + read);
      if (count === 0) break;
      read += count;
    }
    return read;
  }

  write(pieces: readonly Uint8Array[], position: number): void {
    const fd = this.descriptor();
    this.isDirty = true;
    let at = position;
    for (const piece of pieces) {
      for (let from = 0; from < piece.length;) {
        const count = fs.writeSync(fd, piece, from, piece.length - from, at);
        from += count;
        at += count;
      }
    }
  }

  truncate(size: number): void {
    const fd = this.descriptor();
    this.isDirty = true;
    fs.ftruncateSync(fd, size);
  }

  sync(): void {
    fs.fdatasyncSync(this.descriptor());
    this.isDirty = false;
  }

  syncLater(done: (error: Error | null) => void): void {
    this.waitingSyncs++;
    this.files.whenSyncMayBegin(() => {
      this.waitingSyncs--;
      const ended = (error: Error | null): void => {
        this.files.syncEnded();
        done(error);
      };
      // It was synced on the way, when its descriptor was closed.
      if (!this.isDirty && this.syncs === 0) queueMicrotask(() => ended(null));
      else this.beginSync(ended);
    });
  }

  private beginSync(ended: (error: Error | null) => void): void {
    let fd: number;
    try {
      fd = this.descriptor();
    } catch (error) { // nobody could catch it: the caller may have returned long ago
      return queueMicrotask(() => ended(error as Error));
    }
    this.syncs++;
    this.isDirty = false;
    const begin = (): void =>
      fs.fdatasync(fd, (error) => {
        this.syncs--;
        let failure: Error | null = error ?? null;
        if (failure !== null) this.isDirty = true;
        try {
          if (!this.files.has(this)) this.closeDescriptor();
          this.files.reserve.refill();
        } catch (error) {
          failure ??= error as Error; // nobody above would catch it
        }
        ended(failure);
      });
    // Deno (2.9) duplicates the descriptor for it. Where it cannot, writes fail until the sync is over ("file busy").
    if (DUPLICATES_FOR_SYNC) this.files.reserve.withOneFree(begin);
    else begin();
  }

  close(): void {
    if (!this.files.has(this)) return;
    try {
      if (this.waitingSyncs > 0) this.rest(); // what was asked for is done, although it was not begun
    } catch {
      // The sync that waits fails too, since the file is closed then, and says so.
    }
    this.files.remove(this);
    this.closeDescriptor();
  }

  /** Does without its descriptor until it is used again. */
  rest(): void {
    if (this.isDirty) fs.fdatasyncSync(this.fd);
    this.isDirty = false;
    this.closeDescriptor();
  }

  private closeDescriptor(): void {
    if (this.syncs > 0 || this.fd < 0) return;
    const { fd } = this;
    this.fd = -1;
    fs.closeSync(fd);
    this.files.reserve.refill();
  }

  private descriptor(): number {
    if (!this.files.has(this)) {
      throw Object.assign(new Error(`EBADF: ${this.path} is closed`), { code: "EBADF" });
    }
    if (this.fd < 0) this.fd = this.files.reserve.opening(() => fs.openSync(this.path, this.flags));
    this.files.use(this);
    return this.fd;
  }
}
