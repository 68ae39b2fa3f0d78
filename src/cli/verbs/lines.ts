// The lines of a stream of bytes, one after the other, whatever pieces it comes in.

import { strictDecoder } from "./job_line.ts";

/** A line must fit one string of each runtime. */
export const MOST_LINE_BYTES = 402_653_184;

const LF = 0x0a;

/** Why a line cannot be read; its message names the line. */
export class LineProblem extends Error {}

export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  let number = 1;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length;) {
      const end = chunk.indexOf(LF, from);
      const piece = chunk.subarray(from, end < 0 ? chunk.length : end);
      from += piece.length + 1;
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > MOST_LINE_BYTES) {
        throw new LineProblem(`line ${number}: it is longer than ${MOST_LINE_BYTES} bytes`);
      }
      if (end < 0) break;
      yield textOf(pieces, bytes, number++);
      pieces = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield textOf(pieces, bytes, number);
}

function textOf(pieces: readonly Uint8Array[], bytes: number, number: number): string {
  let line = pieces[0];
  if (pieces.length > 1) {
    line = new Uint8Array(bytes);
    let at = 0;
    for (const piece of pieces) {
      line.set(piece, at);
      at += piece.length;
    }
  }
  try {
    return strictDecoder().decode(line);
  } catch {
    throw new LineProblem(`line ${number}: it is not UTF-8`);
  }
}
