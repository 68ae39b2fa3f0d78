// The journal of a server that remembers nothing: every reply may leave at once.

import type { Journal, JournalFacts } from "../ports/journal.ts";

export class NoJournal implements Journal {
  readonly isFull = false;
  readonly ticket = 0;
  readonly reached = 0;
  readonly nextInstant: number = Infinity;
  readonly facts: JournalFacts = { oldest: 0, current: 0, migrated: 0, written: 0 };

  put(): void {}
  change(): void {}
  gone(): void {}
  dropped(): void {}
  truncate(): void {}
  hasRoomFor(): boolean {
    return true;
  }
  commit(): void {}
  listen(): void {}
  close(): void {}
}
