// A small log with every kind of record, made by three processes one after the other, and what it remembered at each
// point of its history.

import { FRAME_HEAD_BYTES, HEADER_BYTES, segmentName, spareName } from "../../src/journal/layout.ts";
import { READY } from "../../src/core/jobs.ts";
import type { SyncPolicy } from "../../src/journal/binlog.ts";
import { describeJobs, LoggedQueue, T0 } from "./logged_queue.ts";
import { PlainFiles } from "./plain_files.ts";

/** A frame of the log, by file and offset. */
export interface FramePlace {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

export interface SmallLog {
  readonly contents: ReadonlyMap<string, Uint8Array>;
  /** The jobs after each commit, oldest first; the first state is the empty queue. */
  readonly states: readonly string[];
  readonly nextId: number;
  readonly frames: readonly FramePlace[];
}

/** So large that each life has one segment, and nothing is compacted. */
const SEGMENT_BYTES = 65_536;
/** Zeros that are left behind the log, of many: they take time to read. */
const ZERO_BYTES = 600;

export interface SmallLogOptions {
  /** The last process ended in good order; otherwise it was killed, and zeros and a spare lie behind the log. */
  readonly closed?: boolean;
  readonly sync?: SyncPolicy;
  readonly identity?: Uint8Array;
}

export function smallLog({ closed = false, sync, identity }: SmallLogOptions = {}): SmallLog {
  const files = new PlainFiles();
  const states: string[] = [];
  const live = (
    at: number,
    work: (queue: LoggedQueue, turn: (act: () => void) => void) => void,
  ): LoggedQueue => {
    const queue = new LoggedQueue(files, { segmentBytes: SEGMENT_BYTES, sync, identity, now: T0 + at });
    if (states.length === 0) states.push(describeJobs(queue.engine));
    work(queue, (act) => {
      act();
      queue.commit();
      states.push(describeJobs(queue.engine));
    });
    return queue;
  };
  live(0, firstLife);
  live(100_000, secondLife);
  const last = live(200_000, thirdLife);
  if (closed) last.binlog.close();
  const contents = withFewZeros(files.contents());
  if (!closed) contents.set(spareName(1), new Uint8Array(512));
  return { contents, states, nextId: last.engine.live.nextId, frames: framesOf(contents) };
}

type Life = (queue: LoggedQueue, turn: (act: () => void) => void) => void;

const firstLife: Life = (queue, turn) => {
  turn(() => queue.put(text("first"), 5));
  turn(() => {
    queue.use("mail");
    queue.put(text("delayed"), 1, 900);
    queue.put(text(""), 2);
  });
  turn(() => {
    queue.reserve(1);
    queue.bury(1, 7);
    queue.reserve(3);
    queue.bury(3, 8);
  });
  turn(() => queue.put(new Uint8Array([0, 255, 13, 10, 0, 13, 10]), 4294967295, 0, 4294967295));
  turn(() => queue.kick(1));
};

const secondLife: Life = (queue, turn) => {
  turn(() => queue.delete(3));
  turn(() => {
    queue.reserve(1);
    queue.release(1, 99, 0);
  });
  turn(() => {
    queue.use("second-life");
    queue.put(text("b".repeat(100)), 3, 0, 1);
  });
};

const thirdLife: Life = (queue, turn) => {
  turn(() => {
    queue.reserve(4);
    queue.release(4, 0, 4_000_000);
  });
  turn(() => queue.put(text("sixth")));
  turn(() => {
    queue.reserve(5);
    queue.bury(5, 1);
  });
  turn(() => queue.delete(1));
  turn(() => queue.put(text("seventh"), 11, 12, 13));
  turn(() => queue.requeue(5, "mail", text("another body")));
  turn(() => {
    queue.put(text("truncated"));
    queue.reserve(6);
    queue.truncate("default", 1 << READY);
  });
};

export const text = (body: string): Uint8Array => new TextEncoder().encode(`${body}\r\n`);

/** The segments' names, oldest first. */
export function segmentsOf(contents: ReadonlyMap<string, Uint8Array>): string[] {
  const names: string[] = [];
  for (let number = 1; names.length < 3 && number < 10; number++) {
    if (contents.has(segmentName(number))) names.push(segmentName(number));
  }
  return names;
}

function withFewZeros(contents: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const shortened = new Map<string, Uint8Array>();
  for (const [name, bytes] of contents) {
    const used = bytes.findLastIndex((byte) => byte !== 0) + 1;
    shortened.set(name, bytes.slice(0, Math.min(bytes.length, used + ZERO_BYTES)));
  }
  return shortened;
}

/** All frames, found by their lengths alone. */
function framesOf(contents: ReadonlyMap<string, Uint8Array>): FramePlace[] {
  const frames: FramePlace[] = [];
  for (const file of segmentsOf(contents)) {
    const bytes = contents.get(file)!;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = HEADER_BYTES;
    // Zeros are not a frame: its checksum would be 0, and it would promise nothing.
    while (at + FRAME_HEAD_BYTES <= bytes.length && view.getUint32(at, true) !== 0) {
      const to = at + FRAME_HEAD_BYTES + view.getUint32(at + 4, true);
      frames.push({ file, from: at, to });
      at = to;
    }
  }
  return frames;
}
