// Reads a directory of beanstalkd's log, file after file, and hands over what the records say. A place that cannot be a
// record ends its file, since nothing tells where the next record begins; the next file is read nevertheless.

import type { Files } from "../../ports/files.ts";
import { numberIn } from "../layout.ts";
import { layoutOf, nameLength, StoredFields, VERSION_BYTES } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { Window } from "./window.ts";

/** Takes the records in the order in which they were written. */
export interface RecordSink {
  /** A whole job: its tube's name, and its body `bytes[bodyFrom, bodyTo)` as it is stored, CR LF included. */
  full(fields: StoredFields, name: Uint8Array, bytes: Uint8Array, bodyFrom: number, bodyTo: number): void;
  /** A record of a job's later state. */
  short(fields: StoredFields): void;
}

/** A place that is no record, or a file that is not understood. */
export interface UnreadablePlace {
  readonly file: string;
  readonly offset: number;
  readonly reason: string;
  /** Bytes from there to the end of what the file holds: none of them is read. */
  readonly bytes: number;
}

export interface StoredLog {
  readonly files: number;
  /** Bytes of all records. */
  readonly bytes: number;
  readonly records: number;
  /** The highest id seen, also of jobs that were deleted. */
  readonly lastId: number;
  readonly unreadable: readonly UnreadablePlace[];
  /** Numbers that are missing between files: such files were lost, or removed by hand. */
  readonly missing: readonly number[];
}

/** Where a file stops to be read. */
interface Stop {
  readonly offset: number;
  readonly reason: string;
}

export class StoredLogReader {
  private readonly files: Files;
  private readonly sink: RecordSink;
  private readonly fields = new StoredFields();
  private readonly unreadable: UnreadablePlace[] = [];
  private name: Uint8Array = new Uint8Array(0);
  private records = 0;
  private bytes = 0;
  private lastId = 0;

  constructor(files: Files, sink: RecordSink) {
    this.files = files;
    this.sink = sink;
  }

  read(): StoredLog {
    const numbers = this.files.list().map((name) => numberIn(name, "binlog")).filter((number) => number > 0);
    numbers.sort((a, b) => a - b);
    for (const number of numbers) this.readFile(`binlog.${number}`);
    const { records, bytes, lastId, unreadable } = this;
    return { files: numbers.length, bytes, records, lastId, unreadable, missing: gapsIn(numbers) };
  }

  private readFile(name: string): void {
    const file = this.files.open(name, "read");
    try {
      const window = new Window(file);
      const stop = this.readContent(window);
      const end = window.endOfContent(stop.offset);
      if (end > stop.offset) this.unreadable.push({ file: name, ...stop, bytes: end - stop.offset });
    } finally {
      file.close();
    }
  }

  /** Reads records until there are no more. A file that was created and never begun holds only zeros. */
  private readContent(window: Window): Stop {
    const at = window.reach(0, VERSION_BYTES);
    if (at < 0) return { offset: 0, reason: "it is too short for a version" };
    const version = window.view.getInt32(at, true);
    const layout = layoutOf(version);
    if (layout === null) {
      return { offset: 0, reason: `it has version ${version}; versions 5 and 7 can be read` };
    }
    let offset = VERSION_BYTES;
    for (;;) {
      const next = this.readRecord(window, layout, offset);
      if (typeof next === "string") return { offset, reason: next };
      this.bytes += next - offset;
      offset = next;
    }
  }

  /** Reads one record. Answers the offset behind it, or why there is none. */
  private readRecord(window: Window, layout: Layout, offset: number): number | string {
    const { fields } = this;
    const cutOff = "the file ends amid a record";
    const start = window.reach(offset, layout.lengthBytes);
    if (start < 0) return cutOff;
    const nameBytes = nameLength(layout, window.view, start);
    if (nameBytes < 0) return "no tube's name has such a length";
    const head = layout.lengthBytes + nameBytes + layout.fixedBytes;
    let at = window.reach(offset, head);
    if (at < 0) return cutOff;
    const fault = fields.read(layout, window.view, at + layout.lengthBytes + nameBytes);
    if (fault !== null) return fault;
    if (fields.id === 0) {
      return nameBytes > 0 ? "no job has the id 0" : "zeros lie there, with something behind them";
    }
    const total = head + (nameBytes > 0 ? fields.bodyBytes : 0);
    at = window.reach(offset, total);
    if (at < 0) return cutOff;
    if (nameBytes > 0) {
      if (!this.takeName(window.bytes, at + layout.lengthBytes, nameBytes)) {
        return "no tube can have such a name";
      }
      this.sink.full(fields, this.name, window.bytes, at + head, at + total);
    } else this.sink.short(fields);
    this.records++;
    this.lastId = Math.max(this.lastId, fields.id);
    return offset + total;
  }

  /** Makes the name an array of its own, the same one for neighbours in the same tube. False: it is no name. */
  private takeName(bytes: Uint8Array, from: number, length: number): boolean {
    const { name } = this;
    if (name.length === length && name.every((byte, i) => byte === bytes[from + i])) return true;
    if (!isTubeName(bytes.subarray(from, from + length))) return false;
    this.name = bytes.slice(from, from + length);
    return true;
  }
}

const NAME = /^[A-Za-z0-9+/;.$_()][-A-Za-z0-9+/;.$_()]*$/;

/** Whether the protocol lets a tube have this name. */
function isTubeName(bytes: Uint8Array): boolean {
  return NAME.test(String.fromCharCode(...bytes));
}

function gapsIn(numbers: readonly number[]): number[] {
  const gaps: number[] = [];
  for (let i = 1; i < numbers.length && gaps.length < 100; i++) {
    for (let n = numbers[i - 1] + 1; n < numbers[i] && gaps.length < 100; n++) gaps.push(n);
  }
  return gaps;
}
