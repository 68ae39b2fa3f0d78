// Ways to break a server's promise behind its back, between a kill and the next start, so that a test of the promise can be
// seen to fail.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { FRAME_HEAD_BYTES, HEADER_BYTES, numberIn, segmentName } from "../../src/journal/layout.ts";

function newestSegment(directory: string): string {
  const numbers = readdirSync(directory).map((name) => numberIn(name, "segment"));
  return join(directory, segmentName(Math.max(...numbers)));
}

/** Offsets at which the frames of a segment begin, and the end of the last. */
function frameOffsets(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const offsets = [HEADER_BYTES];
  for (;;) {
    const at = offsets.at(-1)!;
    if (at + FRAME_HEAD_BYTES > bytes.length || view.getUint32(at, true) === 0) return offsets;
    offsets.push(at + FRAME_HEAD_BYTES + view.getUint32(at + 4, true));
  }
}

/** The last frames were never written: cuts them off, so that what is left is a whole log. Answers how many there were. */
export function dropLastFrames(directory: string, count: number): number {
  const path = newestSegment(directory);
  const offsets = frameOffsets(readFileSync(path));
  const dropped = Math.min(count, offsets.length - 1);
  truncateSync(path, offsets[offsets.length - 1 - dropped]);
  return dropped;
}

/** Brings the whole directory back to what it was at the last call. */
export class OldCopy {
  private readonly folder: string;
  private hasCopy = false;

  constructor(folder: string) {
    this.folder = folder;
  }

  take(directory: string): void {
    copyAll(directory, this.folder);
    this.hasCopy = true;
  }

  bringBack(directory: string): boolean {
    if (this.hasCopy) copyAll(this.folder, directory);
    return this.hasCopy;
  }
}

function copyAll(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) copyFileSync(join(from, name), join(to, name));
}
