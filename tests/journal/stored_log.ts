// Builds logs of beanstalkd byte by byte, in both versions that can be imported.
import { Buffer } from "node:buffer";

export const INVALID = 0;
export const READY = 1;
export const RESERVED = 2;
export const BURIED = 3;
export const DELAYED = 4;

export interface StoredRecord {
  readonly id: number | bigint;
  /** Of a full record; without it the record is short. */
  readonly tube?: string;
  /** Stored as it is, so a test can leave out the CR LF. */
  readonly body?: string;
  /** What the record says of the body's size, if that is not the truth. */
  readonly size?: number;
  readonly state?: number;
  readonly pri?: number;
  /** In the version's own unit. */
  readonly delay?: bigint;
  readonly ttr?: bigint;
  readonly createdAt?: bigint;
  readonly deadlineAt?: bigint;
  readonly counts?: readonly number[];
}

export const SECOND: Record<5 | 7, bigint> = { 5: 1_000_000n, 7: 1_000_000_000n };

export function header(version: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(version, 0);
  return bytes;
}

export function record(version: 5 | 7, fields: StoredRecord): Buffer {
  const name = Buffer.from(fields.tube ?? "", "latin1");
  const body = Buffer.from(fields.tube === undefined ? "" : fields.body ?? `job ${fields.id}\r\n`, "latin1");
  const lengthBytes = version === 7 ? 4 : 8;
  const length = Buffer.alloc(lengthBytes);
  length.writeInt32LE(name.length, 0);
  const fixed = Buffer.alloc(version === 7 ? 80 : 77);
  fixed.writeBigUInt64LE(BigInt(fields.id), 0);
  fixed.writeUInt32LE(fields.pri ?? 0, 8);
  fixed.writeBigInt64LE(fields.delay ?? 0n, 16);
  fixed.writeBigInt64LE(fields.ttr ?? 60n * SECOND[version], 24);
  fixed.writeInt32LE(fields.size ?? (body.length || 7), 32);
  fixed.writeBigInt64LE(fields.createdAt ?? 1_700_000_000n * SECOND[version], 40);
  fixed.writeBigInt64LE(fields.deadlineAt ?? 0n, 48);
  (fields.counts ?? []).forEach((count, i) => fixed.writeUInt32LE(count, 56 + 4 * i));
  fixed[76] = fields.state ?? READY;
  return Buffer.concat([length, name, fixed, body]);
}

/** A file: its version, its records, and zeros up to a size. */
export function storedFile(version: 5 | 7, records: readonly StoredRecord[], zeros = 0): Uint8Array {
  const parts = [header(version), ...records.map((fields) => record(version, fields)), Buffer.alloc(zeros)];
  return new Uint8Array(Buffer.concat(parts));
}
