// Puts jobs together from the entries of a store, which come in the order of their keys: a job, then the pieces of its body.

import { DELAYED } from "../../core/jobs.ts";
import type { Restorer } from "../../ports/journal.ts";
import type { KvEntry, KvKey } from "../../ports/kv.ts";
import { PUT_BYTES } from "../layout.ts";
import { LogProblem } from "../problem.ts";
import { RecordReader } from "../record.ts";
import { decodeHead } from "./job_value.ts";
import { pieceCount, piecesOf, VALUE_HEAD_BYTES } from "./layout.ts";
import type { Truncates } from "./truncate_value.ts";

/** Told of how far the reading is. */
export type ReadProgress = (jobs: number, bytes: number) => void;

// Where record.ts has what is looked at here.
const STATE_AT = VALUE_HEAD_BYTES + 1;
const NAME_BYTES_AT = VALUE_HEAD_BYTES + 2;
const BODY_BYTES_AT = VALUE_HEAD_BYTES + 4;
const MARK_AT = VALUE_HEAD_BYTES + 24;
const DELAY_AT = VALUE_HEAD_BYTES + 36;
const NAME_AT = VALUE_HEAD_BYTES + PUT_BYTES;
const TELL_EVERY = 1000;

export class JobReader {
  jobs = 0;
  lastId = 0;
  lastSequence = 0;
  /** Ids of delayed jobs that have more left than their delay: the machine's clock went back. */
  readonly tooLate: number[] = [];
  private readonly now: number;
  private readonly restorer: Restorer;
  private readonly truncates: Truncates;
  private readonly remove: (key: KvKey) => void;
  private readonly progress: ReadProgress;
  private readonly records = new RecordReader();
  private bytes = 0;
  /** The job whose pieces are being gathered: its put, to be completed, and the pieces that are still to come. */
  private id = 0;
  private file = 0;
  private record: Uint8Array = new Uint8Array(0);
  private filled = 0;
  private nextPiece = 0;

  /** `now` by the machine's clock, in milliseconds; `remove` is told of keys that belong to no living job. */
  constructor(
    now: number,
    restorer: Restorer,
    truncates: Truncates,
    remove: (key: KvKey) => void,
    progress: ReadProgress = () => {},
  ) {
    this.now = now;
    this.restorer = restorer;
    this.truncates = truncates;
    this.remove = remove;
    this.progress = progress;
  }

  take(entry: KvEntry): void {
    this.bytes += entry.value.length;
    const id = entry.key[2];
    if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 1) throw damaged(entry.key);
    if (entry.key.length === 3) this.takeJob(id, entry);
    else this.takePiece(id, entry);
  }

  /** There are no more. */
  end(): void {
    this.complete();
    this.progress(this.jobs, this.bytes);
  }

  private takeJob(id: number, { key, value }: KvEntry): void {
    this.complete();
    const head = decodeHead(value);
    if (head === null) throw damaged(key);
    const view = new DataView(value.buffer, value.byteOffset, value.length);
    const bodyBytes = view.getUint32(BODY_BYTES_AT, true);
    const pieces = piecesOf(head.file);
    const nameEnd = NAME_AT + value[NAME_BYTES_AT];
    if (bodyBytes < 2 || pieces !== pieceCount(bodyBytes)) throw damaged(key);
    this.lastSequence = Math.max(this.lastSequence, head.sequence);
    const tube = value.subarray(NAME_AT, nameEnd);
    const [state, mark] = [value[STATE_AT], view.getFloat64(MARK_AT, true)];
    if (this.truncates.concern({ id, tube, state, mark, sequence: head.sequence })) return this.remove(key);
    const delay = view.getUint32(DELAY_AT, true);
    if (state === DELAYED && delay > 0 && !(mark <= this.now + 1000 * delay)) this.tooLate.push(id);
    this.id = id;
    this.file = head.file;
    this.nextPiece = 0;
    if (pieces === 0) {
      if (value.length !== nameEnd + bodyBytes) throw damaged(key);
      return this.restore(key, value, VALUE_HEAD_BYTES, value.length);
    }
    if (value.length !== nameEnd) throw damaged(key);
    this.record = new Uint8Array(nameEnd - VALUE_HEAD_BYTES + bodyBytes);
    this.record.set(value.subarray(VALUE_HEAD_BYTES));
    this.filled = nameEnd - VALUE_HEAD_BYTES;
  }

  private takePiece(id: number, { key, value }: KvEntry): void {
    if (id !== this.id || key[3] !== this.file) return this.remove(key);
    if (key[4] !== this.nextPiece || this.filled + value.length > this.record.length - 2) throw damaged(key);
    this.record.set(value, this.filled);
    this.filled += value.length;
    this.nextPiece++;
    if (this.nextPiece === piecesOf(this.file)) this.complete();
  }

  /** The job whose pieces came has all of them, or the store is damaged. */
  private complete(): void {
    const { record } = this;
    if (record.length === 0) return;
    if (this.filled !== record.length - 2) throw damaged([this.id]);
    record[this.filled] = 13;
    record[this.filled + 1] = 10;
    this.record = new Uint8Array(0);
    this.restore([this.id], record, 0, record.length);
  }

  private restore(key: KvKey, bytes: Uint8Array, from: number, to: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const isWhole = this.records.read(bytes, view, from, to, this.file, this.restorer);
    if (!isWhole || this.records.lastId !== this.id) throw damaged(key);
    this.lastId = this.id;
    this.jobs++;
    if (this.jobs % TELL_EVERY === 0) this.progress(this.jobs, this.bytes);
  }
}

function damaged(key: KvKey): LogProblem {
  return new LogProblem(
    "damaged",
    `the job under ${
      JSON.stringify(key)
    } is not as this version of Runnerbean writes it; nothing of it was changed`,
  );
}
