// What comes on standard input, whole or line by line, in bounded memory where it can be.

import process from "node:process";
import { Buffer } from "node:buffer";

/** Everything, up to a limit of bytes; null when there is more. */
export async function readAll(limit: number): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of process.stdin) {
    parts.push(part);
    bytes += part.length;
    if (bytes > limit) return null;
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** Lines without their ends, in batches as they arrive. A line longer than the limit ends it with an error. */
export async function* readLines(limit: number): AsyncGenerator<Uint8Array[]> {
  let rest: Uint8Array = new Uint8Array(0);
  for await (const part of process.stdin) {
    const bytes: Uint8Array = rest.length === 0 ? part : Buffer.concat([rest, part]);
    const lines: Uint8Array[] = [];
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      lines.push(bytes.slice(from, end > from && bytes[end - 1] === 13 ? end - 1 : end));
      from = end + 1;
    }
    rest = bytes.slice(from);
    if (rest.length > limit) throw new RangeError(`a line of stdin has more than ${limit} bytes`);
    if (lines.length > 0) yield lines;
  }
  if (rest.length > 0) yield [rest];
}
