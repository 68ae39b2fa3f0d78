// A directory whose files are arrays of bytes that a test may damage. It can only be read: whoever writes fails the test.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { FileMode, Files, OpenFile } from "../../src/ports/files.ts";

export class BytesFiles implements Files {
  readonly path = "/bytes";
  readonly content: Map<string, Uint8Array>;

  constructor(content: Iterable<readonly [string, Uint8Array]>) {
    this.content = new Map(content);
  }

  /** The plain files of a directory. */
  static of(directory: string): BytesFiles {
    const names = readdirSync(directory).filter((name) => statSync(join(directory, name)).isFile());
    return new BytesFiles(names.map((name) => [name, new Uint8Array(readFileSync(join(directory, name)))]));
  }

  /** Another directory with a copy of one file changed, cut, or (null) without it. */
  with(name: string, change: (bytes: Uint8Array) => Uint8Array | null): BytesFiles {
    const copy = new BytesFiles(this.content);
    const changed = change(this.content.get(name)!.slice());
    if (changed === null) copy.content.delete(name);
    else copy.content.set(name, changed);
    return copy;
  }

  lock(): boolean {
    return refuse("lock");
  }
  release(): void {
    refuse("release");
  }
  rename(): void {
    refuse("rename");
  }
  remove(): void {
    refuse("remove");
  }
  syncDirectory(): void {
    refuse("sync");
  }

  list(): string[] {
    return [...this.content.keys()];
  }

  open(name: string, mode: FileMode): OpenFile {
    const bytes = this.content.get(name);
    if (mode !== "read" || bytes === undefined) return refuse(`open ${name} to ${mode}`);
    return {
      size: bytes.length,
      read(into, position) {
        const part = bytes.subarray(position, position + into.length);
        into.set(part);
        return part.length;
      },
      write: () => refuse("write"),
      truncate: () => refuse("truncate"),
      sync: () => refuse("sync"),
      syncLater: () => refuse("sync"),
      close: () => {},
    };
  }

  checksum(bytes: Uint8Array, seed: number): number {
    return crc32(bytes, seed);
  }
}

function refuse(what: string): never {
  throw new Error(`a directory that is only read was asked to ${what}`);
}
