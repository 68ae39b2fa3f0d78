// Job bodies that break clients or servers which treat a body as text or look for line ends inside it.
import { Buffer } from "node:buffer";

/** The default limit on a body, in bytes; one more is JOB_TOO_BIG. */
export const DEFAULT_MAX_JOB_BYTES = 65_535;

export const ONE_MIB: number = 1024 * 1024;

/** All 256 byte values, twice; between them what could be taken for the end of the body and for a further command. */
export function binaryBody(): Buffer {
  const everyByte = Uint8Array.from({ length: 256 }, (_, value) => value);
  return Buffer.concat([everyByte, Buffer.from("\r\n\r\ndelete 1\r\n\0\r\r\n\n", "latin1"), everyByte]);
}

/** So many bytes, without a period that a buffer size could hide. */
export function longBody(bytes: number): Buffer {
  const body = Buffer.alloc(bytes);
  let state = 1;
  for (let i = 0; i < bytes; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    body[i] = state >>> 16;
  }
  return body;
}
