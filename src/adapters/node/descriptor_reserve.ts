// Descriptors held in reserve, so that whoever owns them can open a file when the process, or the machine, has none left.
//
// Invariant: what an open gives up is taken back as soon as a descriptor is free again; connections get none before.

import fs from "node:fs";
import { devNull } from "node:os";

/** Whether an error says that descriptors have run out: those of the process (EMFILE) or of the machine (ENFILE). */
export function isOutOfDescriptors(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === "EMFILE" || code === "ENFILE";
}

const inUse = new Set<DescriptorReserve>();

/**
 * Whether all that is held in reserve is there, after another try to take it back. While it is not, a connection that was just
 * accepted has a descriptor that belongs there: a reserve would otherwise be used up bit by bit.
 */
export function areReservesFull(): boolean {
  for (const reserve of inUse) {
    reserve.refill();
    if (!reserve.isFull) return false;
  }
  return true;
}

export class DescriptorReserve {
  private size: number;
  private readonly held: number[] = [];

  /** Holds nothing until {@link fill}. */
  constructor(size: number) {
    this.size = size;
  }

  /** Descriptors held now. */
  get count(): number {
    return this.held.length;
  }

  /** Takes them, or as many as there are: it never holds more than it got now, or it might wait for ever for the others. */
  fill(): void {
    inUse.add(this);
    this.refill();
    this.size = this.held.length;
  }

  get isFull(): boolean {
    return this.held.length >= this.size;
  }

  /** The same, once it is in use. To be called when a descriptor may have become free. */
  refill(): void {
    if (!inUse.has(this)) return;
    try {
      while (this.held.length < this.size) this.held.push(fs.openSync(devNull, "r"));
    } catch {
      // None is free: the next call looks again.
    }
  }

  /** Calls `open`, with one descriptor less in reserve each time that it finds none. Throws its error when none is left. */
  opening<T>(open: () => T): T {
    for (;;) {
      try {
        const opened = open();
        this.refill();
        return opened;
      } catch (error) {
        if (!isOutOfDescriptors(error) || !this.giveUp()) throw error;
      }
    }
  }

  /** Calls `act` while one descriptor is free for certain, if one is held. */
  withOneFree(act: () => void): void {
    this.giveUp();
    act();
    this.refill();
  }

  /** Gives all of them up. */
  close(): void {
    inUse.delete(this);
    while (this.giveUp());
  }

  private giveUp(): boolean {
    const fd = this.held.pop();
    if (fd !== undefined) fs.closeSync(fd);
    return fd !== undefined;
  }
}
