// The kinds of journals there are, each on something that outlives its queue.

import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { JournalMemory } from "../../../src/adapters/memory/journal.ts";
import { MemoryKv, MemoryKvContent } from "../../../src/adapters/memory/kv.ts";
import { NodeFiles } from "../../../src/adapters/node/files.ts";
import type { Engine } from "../../../src/core/engine.ts";
import { openKv } from "../../../src/journal/kv/recovery.ts";
import { openLog } from "../../../src/journal/recovery.ts";
import type { Journal } from "../../../src/ports/journal.ts";
import type { KvStore } from "../../../src/ports/kv.ts";
import { leaseFacts, openKvStore } from "../../../src/runtime/open_kv.ts";

/** Where one queue is remembered. */
export interface Place {
  /** Fills the queue and answers its journal. */
  open(engine: Engine, now: number): Promise<Journal>;
  /** The process that had it open is gone, without a farewell. */
  crash(): void;
}

export const KINDS: Readonly<Record<string, () => Place>> = {
  "in memory": memoryPlace,
  "in files": filePlace,
  "in a KV in memory": () => {
    const content = new MemoryKvContent();
    return kvPlace(() => Promise.resolve(new MemoryKv(content)));
  },
  "in a Deno KV": () => {
    const directory = temporaryDirectory();
    return kvPlace(() => openKvStore(join(directory, "jobs.kv")));
  },
};

/** So short that nobody waits long to be refused; long enough for a busy machine. */
export const LEASE_MS = 1500;

/** Holds all directories until the process ends: what a queue does beside the event loop may last longer than its test. */
const FOLDER = mkdtempSync(join(tmpdir(), "runnerbean-journal-"));
const removeFolder = (): void => rmSync(FOLDER, { recursive: true, force: true });
process.on("exit", removeFolder);
// deno test ends a file without that.
(globalThis as { addEventListener?: (type: string, listen: () => void) => void })
  .addEventListener?.("unload", removeFolder);

function temporaryDirectory(): string {
  return mkdtempSync(join(FOLDER, "queue-"));
}

function memoryPlace(): Place {
  const memory = new JournalMemory();
  return {
    open: (engine, now) => Promise.resolve().then(() => memory.open(engine, now)),
    crash: () => void (memory.isInUse = false),
  };
}

function filePlace(): Place {
  let directory = temporaryDirectory();
  return {
    open: (engine, now) =>
      Promise.resolve().then(() => {
        const { binlog } = openLog(new NodeFiles(directory), engine, {
          segmentBytes: 4_194_304,
          sync: { kind: "always" },
          stopwatch: () => performance.now(),
          now,
          identity: new Uint8Array(16),
        });
        return binlog;
      }),
    // What it left goes on elsewhere: this process cannot be gone, and still has files open.
    crash() {
      const copy = temporaryDirectory();
      for (const name of readdirSync(directory)) {
        if (name.startsWith("segment.")) copyFileSync(join(directory, name), join(copy, name));
      }
      directory = copy;
    },
  };
}

function kvPlace(connect: () => Promise<KvStore>): Place {
  let store: KvStore | undefined;
  const gone = new Set<string>();
  let owner = "";
  return {
    async open(engine, now) {
      const opening = await connect();
      const facts = leaseFacts();
      const { journal } = await openKv(opening, engine, {
        ...facts,
        isGone: (holder) => gone.has(holder.owner),
        validMs: LEASE_MS,
        name: "jobs",
        clock: () => now,
      });
      store = opening;
      owner = facts.claimant.owner;
      return journal;
    },
    crash() {
      gone.add(owner);
      store?.close();
    },
  };
}
