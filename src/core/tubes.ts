// All tubes: found by the bytes of their name without making a string, by slot from a job's row, and listed as the
// reference lists them: in order of creation, with a removed one replaced by the last.

import { takeBytes } from "./allocation.ts";
import { copyBytes } from "./copy.ts";
import type { JobTable } from "./jobs.ts";
import type { Memory } from "./memory.ts";
import { TubeTable } from "./tube_table.ts";
import { Tube } from "./tube.ts";

export class Tubes {
  readonly list: Tube[] = [];
  private readonly jobs: JobTable;
  private readonly memory: Memory;
  private readonly bySlot: (Tube | undefined)[] = [];
  private readonly freeSlots: number[] = [];
  private readonly byName = new TubeTable();
  private readonly seed: number;

  /** `seed` keeps strangers from choosing names that all share one hash. */
  constructor(jobs: JobTable, seed: number, memory: Memory) {
    this.jobs = jobs;
    this.memory = memory;
    this.seed = seed >>> 0;
  }

  at(slot: number): Tube {
    return this.bySlot[slot]!;
  }

  /** The tube named `bytes[from, to)`, if it exists. */
  find(bytes: Uint8Array, from: number, to: number): Tube | undefined {
    let tube = this.byName.first(this.hash(bytes, from, to));
    while (tube !== null && !isNamed(tube, bytes, from, to)) tube = tube.nextInTable;
    return tube ?? undefined;
  }

  /** The tube of that name, created if need be. Throws a RangeError without memory for it; nothing has changed then. */
  obtain(bytes: Uint8Array, from: number, to: number): Tube {
    return this.find(bytes, from, to) ?? this.create(bytes, from, to);
  }

  /** Forgets a tube that nothing keeps alive. */
  remove(tube: Tube): void {
    this.byName.remove(tube);
    const last = this.list.pop()!;
    if (last !== tube) {
      this.list[tube.listPlace] = last;
      last.listPlace = tube.listPlace;
    }
    tube.isGone = true;
    this.memory.tubes--;
    this.memory.nameBytes -= tube.name.length;
    this.freeSlot(tube);
  }

  /** Gives a slot free when its tube is gone and no row names it any more. */
  freeSlot(tube: Tube): void {
    if (!tube.isGone || tube.graveCount > 0) return;
    this.bySlot[tube.slot] = undefined;
    this.freeSlots.push(tube.slot);
  }

  private create(bytes: Uint8Array, from: number, to: number): Tube {
    const name = takeBytes(to - from);
    copyBytes(name, 0, bytes, from, to);
    const slot = this.freeSlots.pop() ?? this.bySlot.length;
    const tube = new Tube(slot, name, this.hash(name, 0, name.length), this.jobs);
    tube.listPlace = this.list.length;
    this.list.push(tube);
    this.bySlot[slot] = tube;
    this.byName.add(tube);
    this.memory.tubes++;
    this.memory.nameBytes += name.length;
    return tube;
  }

  private hash(bytes: Uint8Array, from: number, to: number): number {
    let hash = this.seed;
    for (let i = from; i < to; i++) {
      hash = Math.imul(hash ^ bytes[i], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash >>> 0;
  }
}

function isNamed(tube: Tube, bytes: Uint8Array, from: number, to: number): boolean {
  const { name } = tube;
  if (name.length !== to - from) return false;
  for (let i = 0; i < name.length; i++) if (name[i] !== bytes[from + i]) return false;
  return true;
}
