// Finds the bytes of a request's body and its end: by a length, or in chunks. A chunked body is read strictly, since what
// two readers of it understand differently can hide a request from one of them.

import type { Input } from "./input.ts";
import type { BodyFraming } from "./request_head.ts";

/** Longest line with the size of a chunk and its extensions, in bytes. */
const MAX_SIZE_LINE = 256;
/** All trailers together, in bytes. They are not looked at. */
const MAX_TRAILER_BYTES = 4096;
const CR = 13;
const LF = 10;

/** Bytes that were read; "more" when others must arrive first, "end" after the last one, "fault" when they are malformed. */
export type Decoded = number | "more" | "end" | "fault";

export interface BodyDecoder {
  /** Reads body bytes of the input into the target, from `at` to its end at most. */
  read(input: Input, target: Uint8Array, at: number): Decoded;
  /** Bytes until the end of the body, when that is known. */
  readonly left: number | null;
}

export function decoderFor(framing: BodyFraming): BodyDecoder {
  return framing.kind === "chunked"
    ? new ChunkedDecoder()
    : new LengthDecoder(framing.kind === "length" ? framing.bytes : 0);
}

class LengthDecoder implements BodyDecoder {
  left: number;

  constructor(bytes: number) {
    this.left = bytes;
  }

  read(input: Input, target: Uint8Array, at: number): Decoded {
    if (this.left === 0) return "end";
    const count = input.takeInto(target, at, this.left);
    this.left -= count;
    return count === 0 ? "more" : count;
  }
}

class ChunkedDecoder implements BodyDecoder {
  readonly left = null;
  #state: "size" | "data" | "data end" | "trailers" | "end" | "fault" = "size";
  #inChunk = 0;
  #trailerBytes = 0;

  read(input: Input, target: Uint8Array, at: number): Decoded {
    for (;;) {
      switch (this.#state) {
        case "size": {
          const size = sizeOf(input);
          if (size === undefined) return "more";
          if (size === null) return this.#fail();
          this.#inChunk = size;
          this.#state = size === 0 ? "trailers" : "data";
          break;
        }
        case "data": {
          const count = input.takeInto(target, at, this.#inChunk);
          this.#inChunk -= count;
          if (this.#inChunk === 0) this.#state = "data end";
          return count === 0 ? "more" : count;
        }
        case "data end":
          if (input.length < 2) return input.length === 1 && input.at(0) !== CR ? this.#fail() : "more";
          if (input.at(0) !== CR || input.at(1) !== LF) return this.#fail();
          input.skip(2);
          this.#state = "size";
          break;
        case "trailers": {
          const line = lineOf(input, MAX_TRAILER_BYTES - this.#trailerBytes);
          if (line === undefined) return "more";
          if (line === null) return this.#fail();
          this.#trailerBytes += line.length + 2;
          if (line === "") this.#state = "end";
          else if (!line.includes(":")) return this.#fail();
          break;
        }
        default:
          return this.#state;
      }
    }
  }

  #fail(): "fault" {
    this.#state = "fault";
    return "fault";
  }
}

/**
 * Takes the line with the size of a chunk; undefined when its end is not there yet, null when it is malformed. Eight digits are
 * far beyond any body that is taken. Chunks may be tiny, so the usual line is read without making a string.
 */
function sizeOf(input: Input): number | null | undefined {
  let size = 0;
  let length = 0;
  for (let digit = hexadecimal(input.at(0)); digit >= 0; digit = hexadecimal(input.at(length))) {
    size = size * 16 + digit;
    if (++length > 8) return null;
  }
  if (input.at(length) < 0) return undefined;
  if (length === 0) return null;
  if (input.at(length) === CR && input.at(length + 1) === LF) {
    input.skip(length + 2);
    return size;
  }
  const line = lineOf(input, MAX_SIZE_LINE); // with extensions, which are skipped
  if (line === undefined || line === null) return line;
  return /^[0-9A-Fa-f]+[ \t]*;[\t\x20-\x7e]*$/.test(line) ? size : null;
}

/** The value of a digit; -1 when it is none. */
function hexadecimal(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const small = byte | 32;
  return small >= 97 && small <= 102 ? small - 87 : -1;
}

/** Takes a line that CR LF ends; undefined when its end is not there yet, null when it is malformed. */
function lineOf(input: Input, most: number): string | null | undefined {
  let line = "";
  for (let i = 0; i <= most; i++) {
    const byte = input.at(i);
    if (byte < 0) return undefined;
    if (byte === LF) return null;
    if (byte === CR) {
      const next = input.at(i + 1);
      if (next < 0) return undefined;
      if (next !== LF) return null;
      input.skip(i + 2);
      return line;
    }
    line += String.fromCharCode(byte);
  }
  return null;
}
