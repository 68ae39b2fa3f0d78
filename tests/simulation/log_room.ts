// The room that the log counts on is there: every byte of zeros ahead of it can be written over without new room on the disk.

import type { Disk } from "../../src/adapters/memory/disk.ts";
import { HEADER_BYTES, segmentName } from "../../src/journal/layout.ts";
import type { Spare } from "../../src/journal/spares.ts";
import type { Tail } from "../../src/journal/tail.ts";
import type { Life } from "./life.ts";
import { violation } from "./violation.ts";

/** What of the end of a log is looked at from within. */
interface End {
  readonly segment: Tail["segment"];
  readonly size: number;
  readonly spares: { readonly list: readonly Spare[]; readonly large: readonly Spare[] };
}

export function checkLogRoom({ journal }: Life, disk: Disk): void {
  const { segment, size, spares } = (journal as unknown as { readonly tail: End }).tail;
  check(disk, segmentName(segment.number), segment.bytes, size);
  for (const { name, size } of [...spares.list, ...spares.large]) check(disk, name, 0, size);
}

function check(disk: Disk, name: string, from: number, to: number): void {
  // A spare without zeros, whose header is still to come, counts for nothing.
  const isNew = from === 0 && to === HEADER_BYTES;
  if (!isNew && !disk.isAllocated(name, from, to)) {
    violation(`the log counts on bytes ${from} to ${to} of ${name}, and not all of them are allocated`);
  }
}
