// Finding frames in the bytes of a segment.

import type { Files } from "../ports/files.ts";
import { FRAME_HEAD_BYTES, HEADER_BYTES } from "./layout.ts";

/** The bytes of one segment, `bytes[0, size)`, whose first frame has the position `base`. */
export class SegmentBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly size: number;
  readonly base: number;
  private readonly files: Files;

  constructor(bytes: Uint8Array, size: number, base: number, files: Files) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, size);
    this.size = size;
    this.base = base;
    this.files = files;
  }

  /** The end of the frame that lies at an offset and verifies; 0 when there is none. */
  frameEnd(at: number): number {
    if (at + FRAME_HEAD_BYTES > this.size || this.view.getFloat64(at + 8, true) !== this.positionOf(at)) {
      return 0;
    }
    const end = at + FRAME_HEAD_BYTES + this.view.getUint32(at + 4, true);
    if (end > this.size) return 0;
    const checksum = this.files.checksum(this.bytes.subarray(at + 4, end), 0);
    return checksum === this.view.getUint32(at, true) ? end : 0;
  }

  /** How far the log was durable when the frame at this offset was written. */
  durableAt(at: number): number {
    return this.view.getFloat64(at + 16, true);
  }

  positionOf(offset: number): number {
    return this.base + offset - HEADER_BYTES;
  }

  /** The offset of the next frame that verifies, from an offset on; 0 when there is none. */
  findFrame(from: number): number {
    const last = this.size - FRAME_HEAD_BYTES;
    for (let at = from; at <= last; at++) if (this.frameEnd(at) !== 0) return at;
    return 0;
  }

  /** Whether nothing but zeros follows. */
  isZeroFrom(from: number): boolean {
    for (let i = from; i < this.size; i++) if (this.bytes[i] !== 0) return false;
    return true;
  }
}
