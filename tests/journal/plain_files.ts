// A directory of plain byte arrays: nothing fails and nothing is lost, so that thousands of logs can be opened a second.
// Copies share their bytes until one of them writes.

import { crc32 } from "node:zlib";
import type { FileMode, Files, OpenFile } from "../../src/ports/files.ts";

interface Stored {
  bytes: Uint8Array;
  size: number;
  /** Another directory has the same array: it must be copied before it is changed. */
  isShared: boolean;
}

export class PlainFiles implements Files {
  readonly path: string = "/plain";
  private readonly names = new Map<string, Stored>();
  private syncs: ((error: Error | null) => void)[] = [];

  static holding(contents: ReadonlyMap<string, Uint8Array>): PlainFiles {
    const files = new PlainFiles();
    for (const [name, bytes] of contents) {
      files.names.set(name, { bytes, size: bytes.length, isShared: true });
    }
    return files;
  }

  /** All files as they are now; copies. */
  contents(): Map<string, Uint8Array> {
    return new Map(Array.from(this.names, ([name, { bytes, size }]) => [name, bytes.slice(0, size)]));
  }

  /** Bytes of all files. */
  get totalBytes(): number {
    let total = 0;
    for (const { size } of this.names.values()) total += size;
    return total;
  }

  /** The syncs that were begun are done; answers whether there were any. */
  finishSyncs(): boolean {
    const { syncs } = this;
    this.syncs = [];
    for (const done of syncs) done(null);
    return syncs.length > 0;
  }

  lock(): boolean {
    return true;
  }

  release(): void {}

  list(): string[] {
    return [...this.names.keys()];
  }

  open(name: string, mode: FileMode): OpenFile {
    if ((mode === "create") === this.names.has(name)) throw new Error(`${mode} ${name}`);
    if (mode === "create") this.names.set(name, { bytes: new Uint8Array(0), size: 0, isShared: false });
    return new PlainFile(this.names.get(name)!, (done) => this.syncs.push(done));
  }

  rename(from: string, to: string): void {
    this.names.set(to, this.names.get(from)!);
    this.names.delete(from);
  }

  remove(name: string): void {
    if (!this.names.delete(name)) throw new Error(`remove ${name}`);
  }

  syncDirectory(): void {}

  checksum(bytes: Uint8Array, seed: number): number {
    return crc32(bytes, seed);
  }
}

class PlainFile implements OpenFile {
  private readonly stored: Stored;
  private readonly begun: (done: (error: Error | null) => void) => void;

  constructor(stored: Stored, begun: (done: (error: Error | null) => void) => void) {
    this.stored = stored;
    this.begun = begun;
  }

  get size(): number {
    return this.stored.size;
  }

  read(into: Uint8Array, position: number): number {
    const end = Math.min(this.stored.size, position + into.length);
    if (end <= position) return 0;
    into.set(this.stored.bytes.subarray(position, end));
    return end - position;
  }

  write(pieces: readonly Uint8Array[], position: number): void {
    const { stored } = this;
    const end = pieces.reduce((sum, { length }) => sum + length, position);
    this.makeOwn(end);
    let at = position;
    for (const piece of pieces) {
      stored.bytes.set(piece, at);
      at += piece.length;
    }
    stored.size = Math.max(stored.size, end);
  }

  truncate(size: number): void {
    this.makeOwn(size);
    if (size < this.stored.size) this.stored.bytes.fill(0, size, this.stored.size);
    this.stored.size = size;
  }

  sync(): void {}

  syncLater(done: (error: Error | null) => void): void {
    this.begun(done);
  }

  close(): void {}

  /** Bytes of this directory alone, and room for so many. */
  private makeOwn(size: number): void {
    const { stored } = this;
    if (!stored.isShared && stored.bytes.length >= size) return;
    const bytes = new Uint8Array(
      stored.isShared ? Math.max(size, stored.size) : Math.max(size, 2 * stored.size),
    );
    bytes.set(stored.bytes.subarray(0, stored.size));
    stored.bytes = bytes;
    stored.isShared = false;
  }
}
