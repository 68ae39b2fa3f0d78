// The server's program with a slow disk, or with a fault planted in it, as a process to be started instead of it.
//
// TEST_SYNC_MS: how long each sync takes at least, in milliseconds. TEST_FAULT: one of FAULTS.

import process from "node:process";
import { NodeFiles } from "../../src/adapters/node/files.ts";
import type { OpenFile } from "../../src/ports/files.ts";
import { LocalPeer } from "../../src/server/local_peer.ts";

const FAULTS: Record<string, () => void> = {
  /** What an HTTP client is told does not wait for the journal. */
  "answers before the commit": () => {
    LocalPeer.prototype.holdAnswer = () => {};
  },
};

function slowDown(ms: number): void {
  const { open } = NodeFiles.prototype;
  NodeFiles.prototype.open = function (...args): OpenFile {
    const file = open.apply(this, args);
    const syncLater = file.syncLater.bind(file);
    const sync = file.sync.bind(file);
    // Before the sync: what is not synced yet may not be told, and nothing is sure about it.
    file.syncLater = (done) => syncLater((error) => void setTimeout(() => done(error), ms));
    file.sync = () => {
      const until = performance.now() + ms;
      while (performance.now() < until); // as a system call that takes its time
      sync();
    };
    return file;
  };
}

const { TEST_SYNC_MS: syncMs, TEST_FAULT: fault } = process.env;
if (syncMs !== undefined) slowDown(Number(syncMs));
if (fault !== undefined) FAULTS[fault]();
await import("../../src/cli/main.ts");
