// Directories for tests that look at their size: in memory, and on the real disk.

import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NodeFiles } from "../../src/adapters/node/files.ts";
import type { Files } from "../../src/ports/files.ts";
import type { Directory } from "./churn.ts";
import { PlainFiles } from "./plain_files.ts";

export class PlainDirectory implements Directory {
  private readonly plain = new PlainFiles();

  files(): Files {
    return this.plain;
  }

  totalBytes(): number {
    return this.plain.totalBytes;
  }

  finishSyncs(): void {
    while (this.plain.finishSyncs());
  }

  abandon(): void {}
}

export class RealDirectory implements Directory {
  readonly path: string = mkdtempSync(join(tmpdir(), "runnerbean-bounds-"));
  private current: NodeFiles | null = null;

  files(): Files {
    this.current = new NodeFiles(this.path);
    return this.current;
  }

  totalBytes(): number {
    return directoryBytes(this.path);
  }

  finishSyncs(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  abandon(): void {
    this.current?.release();
    this.current = null;
  }

  remove(): void {
    this.abandon();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Bytes of all files in a directory. One that is removed meanwhile counts nothing. */
export function directoryBytes(path: string): number {
  let total = 0;
  for (const name of readdirSync(path)) {
    total += statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return total;
}
