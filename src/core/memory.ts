// What is counted against the memory limit beside jobs: tubes, watches, sessions, and what connections keep in buffers. The
// figures are estimates: what the heaps of Bun, Deno and Node were seen to grow by, rounded up.

import { LEAST_SPARE_BYTES, SESSION_BYTES, SPARE_SHARE, TUBE_BYTES, WATCH_BYTES } from "./limits.ts";

export class Memory {
  tubes = 0;
  /** Bytes of the tubes' names. */
  nameBytes = 0;
  watches = 0;
  sessions = 0;
  /** Commands that may not run yet and replies that have not left; kept by the server. */
  bufferBytes = 0;
  private readonly limitBytes: number;
  /** So much of what is not jobs is always allowed, so that workers can come and empty a queue that is full. */
  private readonly spareBytes: number;

  /** `limitBytes`: Infinity = no limit. */
  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
    this.spareBytes = Math.max(LEAST_SPARE_BYTES, limitBytes / SPARE_SHARE);
  }

  /** Bytes that all takes but jobs. */
  get bytes(): number {
    return this.tubes * TUBE_BYTES + this.nameBytes + this.watches * WATCH_BYTES +
      this.sessions * SESSION_BYTES + this.bufferBytes;
  }

  /** Whether jobs may take so many bytes. */
  hasRoomForJobs(jobBytes: number): boolean {
    if (this.limitBytes === Infinity) return true;
    return jobBytes + Math.max(0, this.bytes - this.spareBytes) <= this.limitBytes;
  }

  /** Whether something else may take `more` bytes, beside jobs that take `jobBytes`. */
  hasRoomFor(more: number, jobBytes: number): boolean {
    if (this.limitBytes === Infinity) return true;
    const bytes = this.bytes + more;
    return bytes <= this.spareBytes || jobBytes + bytes - this.spareBytes <= this.limitBytes;
  }
}
