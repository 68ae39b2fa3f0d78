// Removes old segments that no live job needs: first the log says so, and when that is durable, with all that made them
// superfluous, the files go.

import type { Files } from "../ports/files.ts";
import { segmentName } from "./layout.ts";
import type { Segments } from "./segments.ts";

/** Bytes of files removed at once, about: the system takes a millisecond or so for ten megabytes. */
const MOST_AT_ONCE_BYTES = 33_554_432;

export class Retirement {
  private readonly files: Files;
  private readonly segments: Segments;
  /** Segments below this number go when the log is durable up to that position; 0 = none. */
  private below = 0;
  private at = 0;

  constructor(files: Files, segments: Segments) {
    this.files = files;
    this.segments = segments;
  }

  /** Nothing of the oldest segment, which is older than `current`, is needed any more. */
  isOldestEmpty(current: number): boolean {
    const { oldest } = this.segments;
    return oldest.liveJobs === 0 && oldest.number < current;
  }

  /** Whether it is time to say which segment is the oldest needed, and that it is not said yet. */
  isToBeSaid(current: number): boolean {
    return this.below === 0 && this.isOldestEmpty(current);
  }

  /** It was said in a record that ends at this position. */
  said(oldest: number, position: number): void {
    this.below = oldest;
    this.at = position;
  }

  /** Whether files can go now, and whether they could if the log were synced. */
  isReady(durable: number): boolean {
    return this.below > 0 && this.at <= durable;
  }

  waitsForSync(durable: number): boolean {
    return this.below > 0 && this.at > durable;
  }

  /** Removes some of the files that can go. */
  removeSome(): void {
    const { files, segments } = this;
    for (let left = MOST_AT_ONCE_BYTES; left > 0 && segments.oldest.number < this.below;) {
      left -= segments.oldest.bytes;
      files.remove(segmentName(segments.oldest.number));
      segments.removeOldest();
    }
    files.syncDirectory();
    if (segments.oldest.number >= this.below) this.below = 0;
  }
}
