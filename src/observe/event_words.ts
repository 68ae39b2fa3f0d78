// What each kind of event is called, by its number in core/outbox.ts.

export const EVENT_WORDS: readonly string[] = [
  "put",
  "reserved",
  "deleted",
  "released",
  "buried",
  "timed-out",
  "kicked",
  "delay-ended",
  "touched",
  "returned",
  "requeued",
  "truncated",
];
