// The value of a job: which writing of its body belongs to it, when it was recorded, and its put as the binlog has it.

import type { JobState, LiveJob } from "../../ports/journal.ts";
import { PUT_BYTES, putBytes } from "../layout.ts";
import { encodePut } from "../record.ts";
import type { BodyCopy } from "./body_pieces.ts";
import { KV_FORMAT_VERSION, piecesOf, VALUE_HEAD_BYTES } from "./layout.ts";

/** `wall` is added to the server's instants: the machine's wall clock is what is recorded. */
export function encodeJob(job: LiveJob, sequence: number, body: BodyCopy, wall: number): Uint8Array {
  const { tube, file } = job;
  const hasBody = piecesOf(file) === 0;
  const value = new Uint8Array(VALUE_HEAD_BYTES + putBytes(tube.length, hasBody ? job.bodyBytes : 0));
  const view = new DataView(value.buffer);
  view.setUint32(0, KV_FORMAT_VERSION, true);
  view.setUint32(4, file, true);
  view.setFloat64(8, sequence, true);
  encodePut(view, VALUE_HEAD_BYTES, job as JobState, tube.length, wall);
  const nameAt = VALUE_HEAD_BYTES + PUT_BYTES;
  value.set(tube, nameAt);
  if (hasBody) body.write(job, value, nameAt + tube.length);
  return value;
}

export interface JobHead {
  readonly file: number;
  readonly sequence: number;
}

/** Null: this is no value of a job, or one of a later version. */
export function decodeHead(value: Uint8Array): JobHead | null {
  if (value.length < VALUE_HEAD_BYTES + PUT_BYTES) return null;
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  if (view.getUint32(0, true) !== KV_FORMAT_VERSION) return null;
  return { file: view.getUint32(4, true), sequence: view.getFloat64(8, true) };
}
