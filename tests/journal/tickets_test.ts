// What a reply waits for: with every sync policy it may not leave before what it tells of is written, and with the
// strictest not before it is synced.

import { describe, it } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Disk } from "../../src/adapters/memory/disk.ts";
import { MemoryFiles } from "../../src/adapters/memory/files.ts";
import type { SyncPolicy } from "../../src/journal/binlog.ts";
import { LoggedQueue } from "./logged_queue.ts";

const BODY: Uint8Array = new TextEncoder().encode("x\r\n");
const POLICIES: readonly SyncPolicy[] = [{ kind: "always" }, { kind: "interval", ms: 50 }, { kind: "never" }];

describe("the ticket of a reply", () => {
  for (const sync of POLICIES) {
    it(`is reached by the commit and not before, sync ${sync.kind}`, () => {
      const queue = new LoggedQueue(new MemoryFiles(new Disk()), { segmentBytes: 65_536, sync });
      const { binlog } = queue;
      queue.commit();
      for (let round = 0; round < 3; round++) {
        assert(binlog.ticket <= binlog.reached, "nothing is recorded, nothing to wait for");
        queue.put(BODY);
        assert(binlog.ticket > binlog.reached, "what is recorded is not written yet");
        queue.commit();
        assert(binlog.ticket <= binlog.reached, "the commit has written it");
      }
      assertEquals(queue.jobs, 3);
    });
  }
});
