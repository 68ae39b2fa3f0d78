// The log stays within twice its live bytes and two segments, whenever the server has come to rest.

import type { Disk } from "../../src/adapters/memory/disk.ts";
import { numberIn, putBytes } from "../../src/journal/layout.ts";
import type { Life } from "./life.ts";
import { violation } from "./violation.ts";

/** Looks at the finished segments; the current one has zeros behind its end. */
export function checkLogSize({ engine, journal }: Life, disk: Disk, segmentBytes: number): void {
  const { current } = journal!.facts;
  let live = 0;
  let largest = segmentBytes;
  engine.live.each(({ tube, bodyBytes }) => {
    const bytes = putBytes(tube.length, bodyBytes);
    live += bytes;
    largest = Math.max(largest, bytes);
  });
  let finished = 0;
  for (const [name, bytes] of disk.sizes()) {
    const number = numberIn(name, "segment");
    if (number !== 0 && number < current) finished += bytes;
  }
  if (finished > 2 * live + 2 * largest) {
    violation(
      `${finished} bytes of finished segments for ${live} live bytes and segments of ${segmentBytes}`,
    );
  }
}
