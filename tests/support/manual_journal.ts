// A journal for tests that says itself what is durable.

import type { JobState, Journal, JournalEvents } from "../../src/ports/journal.ts";

/** A journal whose commits are durable when the test says so. */
export class ManualJournal implements Journal {
  isFull = false;
  reached = 0;
  readonly records: string[] = [];
  readonly nextInstant: number = Infinity;
  readonly facts = { oldest: 0, current: 0, migrated: 0, written: 0 };
  hasRoom = true;
  /** False: all is durable as soon as its turn ends. */
  isManual = true;
  /** Closing makes all durable that was recorded. */
  reachesAtClose = true;
  commits = 0;
  private events: JournalEvents = { progressed: () => {}, failed: () => {} };

  /** Every record is a commit of its own. */
  get ticket(): number {
    return this.records.length;
  }
  put(job: JobState): void {
    this.records.push(`put ${job.id}`);
  }
  change(job: JobState): void {
    this.records.push(`change ${job.id}`);
  }
  gone(id: number): void {
    this.records.push(`gone ${id}`);
  }
  truncate(): void {
    this.records.push("truncate");
  }
  dropped(id: number): void {
    this.records.push(`dropped ${id}`);
  }
  hasRoomFor(): boolean {
    return this.hasRoom;
  }
  commit(): void {
    this.commits++;
    if (!this.isManual) this.reached = this.records.length;
  }
  listen(events: JournalEvents): void {
    this.events = events;
  }
  close(): void {
    if (this.reachesAtClose) this.reached = this.records.length;
  }

  reach(ticket: number): void {
    this.reached = ticket;
    this.events.progressed();
  }
  fail(error: Error): void {
    this.events.failed(error);
  }
}
