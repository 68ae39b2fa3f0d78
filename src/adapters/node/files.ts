// A log's directory by node:fs, on all three runtimes.
//
// Who has locked the directory holds descriptors in reserve, so that connections which take all others cannot keep the log
// from a file that it needs.

import fs from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { FileMode, Files, OpenFile } from "../../ports/files.ts";
import { DescriptorReserve } from "./descriptor_reserve.ts";
import { DirectoryLock } from "./directory_lock.ts";
import { fileModeIn } from "./file_mode.ts";
import { NodeFile, OpenFiles } from "./open_file.ts";

const FLAGS: Record<FileMode, string> = { read: "r", write: "r+", create: "wx+" };

/** Held for the log: its files (six at once), as many duplicates for syncs on Deno, the directory, and some to spare. */
const RESERVED_DESCRIPTORS = 16;

export class NodeFiles implements Files {
  readonly path: string;
  isLockedHere = false;
  private held: DirectoryLock | null = null;
  private fileMode: number | null = null;
  private readonly reserve: DescriptorReserve;
  private readonly opened: OpenFiles;

  /** `reserved`: how many descriptors to hold for the log once it is locked. */
  constructor(path: string, reserved: number = RESERVED_DESCRIPTORS) {
    this.path = path;
    this.reserve = new DescriptorReserve(reserved);
    this.opened = new OpenFiles(this.reserve);
  }

  lock(): boolean {
    const outcome = DirectoryLock.take(this.path);
    this.isLockedHere = outcome === "here";
    if (typeof outcome === "string") return false;
    this.held = outcome;
    this.reserve.fill();
    return true;
  }

  release(): void {
    this.reserve.close();
    let failure: unknown = null;
    try {
      this.opened.closeAll();
    } catch (error) {
      failure = error; // the lock is given back all the same
    }
    this.held?.release();
    this.held = null;
    if (failure !== null) throw failure;
  }

  list(): string[] {
    return this.reserve.opening(() => fs.readdirSync(this.path));
  }

  open(name: string, mode: FileMode): OpenFile {
    const path = join(this.path, name);
    const fd = this.reserve.opening(() => this.openDescriptor(path, mode));
    return new NodeFile(fd, path, FLAGS[mode === "create" ? "write" : mode], this.opened);
  }

  private openDescriptor(path: string, mode: FileMode): number {
    if (mode !== "create") return fs.openSync(path, FLAGS[mode]);
    this.fileMode ??= fileModeIn(this.path);
    const fd = fs.openSync(path, FLAGS.create, this.fileMode);
    if (this.fileMode !== 0o600) fs.fchmodSync(fd, this.fileMode); // whatever the umask says
    return fd;
  }

  rename(from: string, to: string): void {
    fs.renameSync(join(this.path, from), join(this.path, to));
    this.opened.renamed(join(this.path, from), join(this.path, to));
  }

  remove(name: string): void {
    fs.unlinkSync(join(this.path, name));
  }

  syncDirectory(): void {
    const fd = this.reserve.opening(() => fs.openSync(this.path, "r"));
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
      this.reserve.refill();
    }
  }

  checksum(bytes: Uint8Array, seed: number): number {
    return crc32(bytes, seed);
  }
}
