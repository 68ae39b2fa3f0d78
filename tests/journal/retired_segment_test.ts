// On a full disk a segment that is not needed any more is emptied before it is removed. A crash between the two leaves its
// header; the next start must neither miss what was in it nor take it for damage.

import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Disk } from "../../src/adapters/memory/disk.ts";
import { MemoryFiles } from "../../src/adapters/memory/files.ts";
import { HEADER_BYTES } from "../../src/journal/layout.ts";
import { LoggedQueue } from "./logged_queue.ts";

const BODY: Uint8Array = new TextEncoder().encode(`${"x".repeat(98)}\r\n`);

/** Files of a process that dies each time before a file is removed, and has emptied it. */
class EmptyingFiles extends MemoryFiles {
  emptied = 0;

  override remove(name: string): void {
    if (!name.startsWith("segment.")) return super.remove(name);
    const file = this.open(name, "write");
    file.truncate(HEADER_BYTES);
    file.close();
    this.emptied++;
  }
}

describe("a segment that is emptied and still there", () => {
  it("is no damage, and nothing is missed", () => {
    const disk = new Disk();
    const files = new EmptyingFiles(disk);
    const first = new LoggedQueue(files, { segmentBytes: 4096 });
    for (let round = 0; round < 200; round++) {
      const id = first.put(BODY);
      first.commit();
      if (round % 10 > 0) first.delete(id);
      first.commit();
    }
    const { jobs } = first;
    assert(files.emptied > 2, "segments were retired");
    first.binlog.close();
    const second = new LoggedQueue(new MemoryFiles(disk), { segmentBytes: 4096 });
    assertEquals([second.jobs, second.failure], [jobs, null]);
    for (let turn = 0; turn < 50; turn++) second.commit();
    second.binlog.close();
    assertEquals(new LoggedQueue(new MemoryFiles(disk), { segmentBytes: 4096 }).jobs, jobs);
  });
});
