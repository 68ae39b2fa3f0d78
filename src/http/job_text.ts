// Bodies in JSON: bytes as text, hex or base64, and back.

import { Buffer } from "node:buffer";
import type { BodyText, Encoding } from "./model.ts";
import { badField } from "./problem.ts";

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A body as a request gives it: one of the four. */
export interface BodyInput {
  readonly body?: string;
  readonly json?: unknown;
  readonly base64?: string;
  readonly hex?: string;
}

const WAYS = ["body", "json", "base64", "hex"] as const;

/** The bytes of a body, or undefined when none is given. */
export function bytesOfInput(input: BodyInput): Uint8Array | undefined {
  const given = WAYS.filter((way) => input[way] !== undefined);
  if (given.length > 1) throw badField(given[1], `${given[0]} is given too: only one of ${WAYS.join(", ")}`);
  const [way] = given;
  switch (way) {
    case undefined:
      return undefined;
    case "body":
      return encoder.encode(input.body);
    case "json":
      return encoder.encode(JSON.stringify(input.json));
    default:
      return decoded(input[way]!, way);
  }
}

function decoded(text: string, way: "hex" | "base64"): Uint8Array {
  const isGood = way === "hex" ? /^(?:[\da-f]{2})*$/i.test(text) : isBase64(text);
  if (!isGood) throw badField(way, `${way} is expected`);
  return new Uint8Array(Buffer.from(text, way));
}

/** With its padding, as it is mostly written; the alphabet of URLs is taken too. */
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/_-]*={0,2}$/.test(text);
}

/** `isWhole`: the bytes are all of the body, and not its beginning. */
export function bodyTextOf(bytes: Uint8Array, encoding: Encoding, isWhole: boolean): BodyText {
  if (encoding === "hex" || encoding === "base64") {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return { encoding, text: buffer.toString(encoding), isWhole };
  }
  const text = utf8(isWhole ? bytes : withoutBrokenEnd(bytes));
  if (text === null) return bodyTextOf(bytes, "base64", isWhole);
  const actual = encoding === "json" && isWhole && isJsonText(text) ? "json" : "text";
  return { encoding: actual, text, isWhole };
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return null;
  }
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A beginning that was cut inside a character loses its first bytes. */
function withoutBrokenEnd(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if ((byte & 0xc0) === 0x80) continue; // in the middle of a character
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}
