// A directory on a disk in memory, of which one operation fails on cue: the n-th of a kind, those included that a disk in
// memory always does, such as closing a file.

import { MemoryFiles } from "../../src/adapters/memory/files.ts";
import type { Disk } from "../../src/adapters/memory/disk.ts";
import type { FileMode, Files, OpenFile } from "../../src/ports/files.ts";

export const OPERATIONS = [
  "list",
  "open",
  "rename",
  "remove",
  "syncDirectory",
  "release",
  "read",
  "write",
  "truncate",
  "sync",
  "syncLater",
  "synced",
  "close",
] as const;
/** `syncLater`: a sync beside the loop cannot be begun; `synced`: it was, and ends with an error. */
export type Operation = typeof OPERATIONS[number];

export interface Fault {
  readonly on: Operation;
  /** How many of them go well before it strikes. */
  readonly after: number;
  readonly code: string;
}

export class FaultyFiles implements Files {
  readonly path = "/faulty";
  /** How often there was each kind of operation. */
  readonly counts = new Map<Operation, number>();
  hasStruck = false;
  private readonly files: MemoryFiles;
  private readonly fault: Fault | null;

  constructor(disk: Disk, fault: Fault | null) {
    this.files = new MemoryFiles(disk, this.path);
    this.fault = fault;
  }

  /** Operations that change the directory, or a file in it. */
  get changes(): number {
    const kinds: Operation[] = ["rename", "remove", "write", "truncate", "open"];
    return kinds.reduce((sum, kind) => sum + (this.counts.get(kind) ?? 0), 0);
  }

  /** Counts an operation; throws where the fault strikes. */
  meet(operation: Operation): void {
    const count = this.counts.get(operation) ?? 0;
    this.counts.set(operation, count + 1);
    if (this.fault?.on !== operation || this.fault.after !== count) return;
    this.hasStruck = true;
    throw Object.assign(new Error(`${this.fault.code}: ${operation} failed on cue`), {
      code: this.fault.code,
    });
  }

  lock(): boolean {
    return this.files.lock();
  }

  release(): void {
    this.files.release();
    this.meet("release");
  }

  list(): string[] {
    this.meet("list");
    return this.files.list();
  }

  open(name: string, mode: FileMode): OpenFile {
    this.meet("open");
    return new FaultyFile(this, this.files.open(name, mode));
  }

  rename(from: string, to: string): void {
    this.meet("rename");
    this.files.rename(from, to);
  }

  remove(name: string): void {
    this.meet("remove");
    this.files.remove(name);
  }

  syncDirectory(): void {
    this.meet("syncDirectory");
    this.files.syncDirectory();
  }

  checksum(bytes: Uint8Array, seed: number): number {
    return this.files.checksum(bytes, seed);
  }
}

class FaultyFile implements OpenFile {
  private readonly files: FaultyFiles;
  private readonly file: OpenFile;

  constructor(files: FaultyFiles, file: OpenFile) {
    this.files = files;
    this.file = file;
  }

  get size(): number {
    return this.file.size;
  }

  read(into: Uint8Array, position: number): number {
    this.files.meet("read");
    return this.file.read(into, position);
  }

  write(pieces: readonly Uint8Array[], position: number): void {
    this.files.meet("write");
    this.file.write(pieces, position);
  }

  truncate(size: number): void {
    this.files.meet("truncate");
    this.file.truncate(size);
  }

  sync(): void {
    this.files.meet("sync");
    this.file.sync();
  }

  syncLater(done: (error: Error | null) => void): void {
    this.files.meet("syncLater");
    this.file.syncLater((error) => {
      try {
        this.files.meet("synced");
      } catch (failure) {
        error = failure as Error;
      }
      done(error);
    });
  }

  /** As by the system: whatever it says, the descriptor is gone. */
  close(): void {
    this.file.close();
    this.files.meet("close");
  }
}
