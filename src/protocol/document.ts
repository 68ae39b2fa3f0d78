// A YAML document being written, as bytes: `key: value` lines and `- item` lines. Used again for each one, so that even a
// client that asks for statistics without end costs little.

import { LONGEST_DECIMAL, writeDecimal } from "./decimal.ts";
import { needsQuotes } from "./yaml_name.ts";

const LF = 10;

export class YamlDocument {
  length = 0;
  private buffer = new Uint8Array(2048);
  /** Names are written as the reference does: as values between quotes, as items as they are. */
  private readonly isStrict: boolean;

  constructor(isStrict: boolean = false) {
    this.isStrict = isStrict;
  }

  /** The buffer in which the document stands, from 0 to `length`. */
  get bytes(): Uint8Array {
    return this.buffer;
  }

  begin(): void {
    this.length = 0;
    this.text("---\n");
  }

  field(key: string, value: number): void {
    this.key(key);
    this.number(value);
    this.buffer[this.length++] = LF;
  }

  /** A value in words, as it is. */
  word(key: string, value: string): void {
    this.key(key);
    this.text(value);
    this.text("\n");
  }

  /** A value between quotes. */
  quoted(key: string, value: string): void {
    this.word(key, `"${value}"`);
  }

  /** A tube's name. */
  name(key: string, name: Uint8Array): void {
    this.key(key);
    this.nameText(name, this.isStrict || needsQuotes(name));
  }

  /** A line as it is. */
  line(text: string): void {
    this.text(text);
    this.text("\n");
  }

  /** A tube's name, or a word, in a list. */
  item(name: Uint8Array): void {
    this.text("- ");
    this.nameText(name, !this.isStrict && needsQuotes(name));
  }

  private nameText(name: Uint8Array, isQuoted: boolean): void {
    if (isQuoted) this.text('"');
    this.raw(name);
    this.text(isQuoted ? '"\n' : "\n");
  }

  private key(key: string): void {
    this.text(key);
    this.text(": ");
  }

  private text(ascii: string): void {
    this.reserve(ascii.length);
    for (let i = 0; i < ascii.length; i++) this.buffer[this.length++] = ascii.charCodeAt(i);
  }

  private raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** A whole number; room for a line's end is left behind it. */
  private number(value: number): void {
    this.reserve(LONGEST_DECIMAL + 1);
    this.length += writeDecimal(this.buffer, this.length, value);
  }

  private reserve(count: number): void {
    if (this.length + count <= this.buffer.length) return;
    const bigger = new Uint8Array(Math.max(2 * this.buffer.length, this.length + count));
    bigger.set(this.buffer.subarray(0, this.length));
    this.buffer = bigger;
  }
}
