// One process of the server: from its start, on a disk or in memory alone, to its end, which others bring about.

import { VirtualClock } from "../../src/adapters/memory/clock.ts";
import type { Disk } from "../../src/adapters/memory/disk.ts";
import { MemoryFiles } from "../../src/adapters/memory/files.ts";
import { Engine } from "../../src/core/engine.ts";
import type { Binlog } from "../../src/journal/binlog.ts";
import { openLog } from "../../src/journal/recovery.ts";
import type { JournalEvents } from "../../src/ports/journal.ts";
import { Server } from "../../src/server/server.ts";
import type { ServerFacts } from "../../src/protocol/stats.ts";
import { FACTS } from "./facts.ts";
import type { Plan } from "./plan.ts";

export interface LifeOptions {
  readonly plan: Plan;
  readonly seed: number;
  readonly startedAt: number;
  readonly disk: Disk | null;
}

export class Life {
  readonly clock: VirtualClock;
  readonly engine: Engine;
  readonly server: Server;
  readonly facts: ServerFacts;
  /** Nothing that it does from now on is of interest, but for bytes that it still sends. */
  isOver = false;
  /** Nor are those: it is not there any more. */
  get isGone(): boolean {
    return this.disk !== null && (this.disk.isDown || this.disk.generation !== this.generation);
  }
  private readonly disk: Disk | null;
  private readonly generation: number;
  /** Why its log failed. */
  failure: Error | null = null;
  /** How often it said that it has drained. */
  drainedCount = 0;
  /** The end of the log was torn and has been cut off. */
  readonly wasTorn: boolean;
  readonly journal: Binlog | null;
  /** So far the clock was set back before this start, as its log found. */
  readonly clockWentBackMs: number;

  /** Throws what the journal throws when it cannot be opened. */
  constructor({ plan, seed, startedAt, disk }: LifeOptions) {
    const { maxJobBytes, maxConnections, maxMemoryBytes } = plan;
    this.disk = disk;
    this.generation = disk?.generation ?? 0;
    this.clock = new VirtualClock(startedAt);
    const log = disk === null ? null : openOn(disk, plan, seed, startedAt);
    this.engine = log?.engine ??
      new Engine({ maxMemoryBytes, seed, mostUnindexedWatches: mostUnindexedOf(seed) });
    this.wasTorn = log !== null && log.torn !== null;
    this.journal = log?.binlog ?? null;
    this.clockWentBackMs = log?.clockWentBackMs ?? 0;
    if (this.journal !== null) this.watch(this.journal);
    this.facts = { ...FACTS, startedAt, maxJobBytes };
    this.server = new Server({
      clock: this.clock,
      facts: this.facts,
      engine: this.engine,
      journal: this.journal ?? undefined,
      maxConnections,
      onDrained: () => void this.drainedCount++,
    });
  }

  /** Learns of a failure before the server does. */
  private watch(journal: Binlog): void {
    const listen = journal.listen.bind(journal);
    journal.listen = (events: JournalEvents) =>
      listen({
        progressed: () => events.progressed(),
        failed: (error) => {
          this.failure = error;
          this.isOver = true;
          events.failed(error);
        },
      });
  }
}

/** A queue as a disk has it, with its journal. Throws what the journal throws. */
export function openOn(
  disk: Disk,
  { maxMemoryBytes, journal }: Plan,
  seed: number,
  now: number,
): ReturnType<typeof openLog> & { readonly engine: Engine } {
  const { sync, intervalMs, segmentBytes, syncMs } = journal!;
  const engine = new Engine({ maxMemoryBytes, seed, mostUnindexedWatches: mostUnindexedOf(seed) });
  let time = 0;
  const log = openLog(new MemoryFiles(disk), engine, {
    now,
    identity: new Uint8Array(16).fill(7),
    segmentBytes,
    sync: sync === "interval" ? { kind: sync, ms: intervalMs } : { kind: sync },
    stopwatch: () => time += syncMs,
  });
  return { ...log, engine };
}

/**
 * In some seeds sessions find their jobs through an index from the first, second or fourth watch on, in others never: what they are
 * answered must be the same.
 */
function mostUnindexedOf(seed: number): number {
  return [Infinity, 0, 1, 3][seed & 3];
}
