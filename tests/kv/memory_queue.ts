// A queue in a key-value store in memory, whose commits a test may hold back, refuse or lose.

import { MemoryKv, type MemoryKvContent } from "../../src/adapters/memory/kv.ts";
import { Engine } from "../../src/core/engine.ts";
import { openKv } from "../../src/journal/kv/recovery.ts";
import type { Claimant } from "../../src/journal/kv/lease.ts";
import { DrivenQueue, T0 } from "../journal/driven_queue.ts";

export interface MemoryQueueOptions {
  /** Who holds the lease is taken for gone. Default: yes. */
  readonly isGone?: boolean;
  readonly stopwatch?: () => number;
  readonly sleep?: (ms: number) => Promise<void>;
  readonly validMs?: number;
  /** The queue's time at its start, in milliseconds since 1970, and how far the machine's clock is ahead of it. */
  readonly now?: number;
  readonly wallOffset?: () => number;
}

export interface MemoryQueue {
  readonly queue: DrivenQueue;
  readonly kv: MemoryKv;
}

let claimants = 0;

export async function openMemoryQueue(
  content: MemoryKvContent,
  options: MemoryQueueOptions = {},
): Promise<MemoryQueue> {
  const {
    isGone = true,
    stopwatch = () => 0,
    sleep = () => Promise.resolve(),
    validMs,
    now = T0,
    wallOffset,
  } = options;
  const kv = new MemoryKv(content);
  const engine = new Engine();
  const number = ++claimants;
  const claimant: Claimant = { owner: `${number}`, host: "here", pid: number, place: "", startedAt: "" };
  const { journal } = await openKv(kv, engine, {
    claimant,
    isGone: () => isGone,
    stopwatch,
    sleep,
    validMs,
    name: "jobs",
    clock: () => now,
    wallOffset,
  });
  return { queue: new DrivenQueue(engine, journal, now), kv };
}
