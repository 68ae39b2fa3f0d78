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

export class DescriptorReserve {
  private readonly size: number;
  private readonly held: number[] = [];
  private isInUse = false;

  /** Holds nothing until {@link fill}. */
  constructor(size: number) {
    this.size = size;
  }

  /** Descriptors held now. */
  get count(): number {
    return this.held.length;
  }

  /** Takes what is missing, or as many as there are. */
  fill(): void {
    this.isInUse = true;
    this.refill();
  }

  /** The same, once it is in use. To be called when a descriptor may have become free. */
  refill(): void {
    if (!this.isInUse) return;
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
    this.isInUse = false;
    while (this.giveUp());
  }

  private giveUp(): boolean {
    const fd = this.held.pop();
    if (fd !== undefined) fs.closeSync(fd);
    return fd !== undefined;
  }
}
