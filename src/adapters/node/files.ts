// A log's directory by node:fs, on all three runtimes, and a lock that every end of the process releases.

import fs from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { crc32 } from "node:zlib";
import type { FileMode, Files, OpenFile } from "../../ports/files.ts";

/** Name of the lock's file in a directory. */
export const LOCK_NAME = "lock.sqlite";
const FLAGS: Record<FileMode, string> = { read: "r", write: "r+", create: "wx+" };

class NodeFile implements OpenFile {
  private readonly fd: number;
  private readonly opened: Set<NodeFile>;
  /** Syncs under way beside the event loop; the descriptor must outlive them. */
  private syncs = 0;

  constructor(fd: number, opened: Set<NodeFile>) {
    this.fd = fd;
    this.opened = opened;
    opened.add(this);
  }

  get size(): number {
    return fs.fstatSync(this.fd).size;
  }

  read(into: Uint8Array, position: number): number {
    let read = 0;
    while (read < into.length) {
      const count = fs.readSync(this.fd, into, read, into.length - read, position + read);
      if (count === 0) break;
      read += count;
    }
    return read;
  }

  write(pieces: readonly Uint8Array[], position: number): void {
    let at = position;
    for (const piece of pieces) {
      for (let from = 0; from < piece.length;) {
        const count = fs.writeSync(this.fd, piece, from, piece.length - from, at);
        from += count;
        at += count;
      }
    }
  }

  truncate(size: number): void {
    fs.ftruncateSync(this.fd, size);
  }

  sync(): void {
    fs.fdatasyncSync(this.fd);
  }

  syncLater(done: (error: Error | null) => void): void {
    fs.fdatasync(this.fd, (error) => {
      this.syncs--;
      let failure: Error | null = error ?? null;
      try {
        if (!this.opened.has(this)) this.closeWhenIdle();
      } catch (error) {
        failure ??= error as Error; // nobody above would catch it
      }
      done(failure);
    });
    this.syncs++;
  }

  close(): void {
    if (this.opened.delete(this)) this.closeWhenIdle();
  }

  private closeWhenIdle(): void {
    if (this.syncs === 0) fs.closeSync(this.fd);
  }
}

/** What of SQLite is used: a transaction that holds a file's lock. */
export interface LockDatabase {
  exec(sql: string): unknown;
  close(): void;
}

export class NodeFiles implements Files {
  readonly path: string;
  private database: LockDatabase | null = null;
  private readonly opened = new Set<NodeFile>();

  constructor(path: string) {
    this.path = path;
  }

  /** The runtimes have no lock on files; SQLite's, which the system releases with the process, is the same on all three. */
  lock(): boolean {
    const path = join(this.path, LOCK_NAME);
    fs.accessSync(this.path, fs.constants.W_OK | fs.constants.X_OK); // says better than SQLite what is wrong
    let database: LockDatabase | null = null;
    try {
      database = openLockDatabase(path, false);
      database.exec("PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
      this.database = database;
      return true;
    } catch (error) {
      database?.close();
      if (/locked|busy/i.test(String(error))) return false;
      throw error;
    }
  }

  release(): void {
    let failure: unknown = null;
    for (const file of this.opened) {
      try {
        file.close();
      } catch (error) {
        failure ??= error; // the others, and the lock, are given back all the same
      }
    }
    this.database?.close();
    this.database = null;
    if (failure !== null) throw failure;
  }

  list(): string[] {
    return fs.readdirSync(this.path);
  }

  open(name: string, mode: FileMode): OpenFile {
    return new NodeFile(fs.openSync(join(this.path, name), FLAGS[mode], 0o600), this.opened);
  }

  rename(from: string, to: string): void {
    fs.renameSync(join(this.path, from), join(this.path, to));
  }

  remove(name: string): void {
    fs.unlinkSync(join(this.path, name));
  }

  syncDirectory(): void {
    const fd = fs.openSync(this.path, "r");
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  }

  checksum(bytes: Uint8Array, seed: number): number {
    return crc32(bytes, seed);
  }
}

/** Opens a lock's file with the SQLite that the runtime has. A file that is only read must be there. */
export function openLockDatabase(path: string, isReadOnly: boolean): LockDatabase {
  const require = createRequire(import.meta.url);
  if (process.versions.bun !== undefined) {
    type Constructor = new (path: string, options: object) => LockDatabase;
    const { Database } = require("bun:sqlite") as { Database: Constructor };
    return new Database(path, isReadOnly ? { readonly: true } : { readwrite: true, create: true });
  }
  type Constructor = new (path: string, options: { readOnly: boolean }) => LockDatabase;
  const { DatabaseSync } = require("node:sqlite") as { DatabaseSync: Constructor };
  return new DatabaseSync(path, { readOnly: isReadOnly });
}
